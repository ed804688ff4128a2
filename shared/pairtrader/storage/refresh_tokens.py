"""Families of refresh tokens: each login starts one, each refresh moves it on."""

from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError
from pynamodb.models import Model

from pairtrader.storage.errors import Superseded
from pairtrader.storage.table import TableMeta, table_name


@dataclass(frozen=True, slots=True)
class TokenFamily:
    """One login and the tokens that came of it; only hashes are kept."""

    family_id: str
    user_id: str
    current_hash: str
    previous_hash: str
    """Of the token before, empty before the first refresh."""
    rotated_at: int
    """ms UTC."""
    created_at: int
    expires_at: int
    """Seconds UTC: the table's TTL."""


class FamilyItem(Model):
    """One family."""

    class Meta(TableMeta):
        table_name = table_name("refresh-tokens")

    family_id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    current_hash = UnicodeAttribute()
    previous_hash = UnicodeAttribute(null=True)
    rotated_at = NumberAttribute()
    created_at = NumberAttribute()
    expires_at = NumberAttribute()


def _item(family: TokenFamily) -> FamilyItem:
    return FamilyItem(
        family.family_id,
        user_id=family.user_id,
        current_hash=family.current_hash,
        previous_hash=family.previous_hash or None,
        rotated_at=family.rotated_at,
        created_at=family.created_at,
        expires_at=family.expires_at,
    )


class RefreshTokenRepository:
    """Reads and writes families."""

    def get(self, family_id: str) -> TokenFamily | None:
        """Return the family, strongly consistent; expired ones may still be there."""
        try:
            item = FamilyItem.get(family_id, consistent_read=True)
        except DoesNotExist:
            return None
        return TokenFamily(
            family_id=item.family_id,
            user_id=item.user_id,
            current_hash=item.current_hash,
            previous_hash=item.previous_hash or "",
            rotated_at=int(item.rotated_at),
            created_at=int(item.created_at),
            expires_at=int(item.expires_at),
        )

    def add(self, family: TokenFamily) -> None:
        """Store a new family."""
        _item(family).save(condition=FamilyItem.family_id.does_not_exist())

    def rotate(self, old: TokenFamily, new: TokenFamily) -> None:
        """Move the family on.

        Raises:
            Superseded: another refresh came first, or the family was revoked.
        """
        try:
            _item(new).save(condition=FamilyItem.current_hash == old.current_hash)
        except PutError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                raise Superseded(old.family_id) from error
            raise

    def revoke(self, family_id: str) -> None:
        """End the family; one that is gone already is success."""
        FamilyItem(family_id).delete()
