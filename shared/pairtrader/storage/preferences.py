"""What users prefer, beside them in the users table under a key that is no user's."""

from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from pairtrader.model.preferences import Preferences
from pairtrader.storage.errors import Superseded
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name

_OVERTAKEN = ("ConditionalCheckFailedException", "TransactionConflictException")


@dataclass(frozen=True, slots=True)
class StoredPreferences:
    """Preferences as they are stored."""

    preferences: Preferences
    version: int = 0
    """Counts the writes; 0: never written."""
    updated_at: int = 0
    """ms UTC; 0: never."""


class PreferencesItem(Model):
    """Preferences of one user: ``settings#<user id>``."""

    class Meta(TableMeta):
        table_name = table_name("users")

    id = UnicodeAttribute(hash_key=True)
    version = NumberAttribute()
    updated_at = NumberAttribute()
    body = ValueAttribute[Preferences](Preferences)


class PreferenceRepository:
    """Reads and writes preferences."""

    def get(self, user_id: str) -> StoredPreferences:
        """Return the user's preferences; of one who never stored any, version 0."""
        try:
            item = PreferencesItem.get(_key(user_id), consistent_read=True)
        except DoesNotExist:
            return StoredPreferences(Preferences())
        return StoredPreferences(item.body, int(item.version), int(item.updated_at))

    def replace(self, user_id: str, old: StoredPreferences, new: StoredPreferences) -> None:
        """Write `new` in place of `old`.

        Raises:
            Superseded: they were written since `old` was read.
        """
        unchanged: Condition = PreferencesItem.version == old.version
        if not old.version:
            unchanged = PreferencesItem.id.does_not_exist()
        item = PreferencesItem(
            _key(user_id), version=new.version, updated_at=new.updated_at, body=new.preferences
        )
        try:
            item.save(condition=unchanged)
        except PutError as error:
            if error.cause_response_code in _OVERTAKEN:
                raise Superseded(user_id) from error
            raise


def _key(user_id: str) -> str:
    return f"settings#{user_id}"
