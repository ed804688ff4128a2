"""Families of refresh tokens: each login starts one, each refresh moves it on."""

from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
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
    """ms UTC; also when the session was used last, to a quarter of an hour."""
    created_at: int
    expires_at: int
    """Seconds UTC: the table's TTL."""
    epoch: int = 0
    """The user's when the session began; the session is over in any other."""
    device: str = ""
    """What it was begun on, such as ``Firefox on Linux``."""
    address: str = ""
    """Network address that it was begun from."""


class FamiliesByUser(GlobalSecondaryIndex["FamilyItem"]):  # type: ignore[no-untyped-call]
    """The sessions of a user, oldest first."""

    class Meta:
        index_name = "by_user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)
    family_id = UnicodeAttribute(range_key=True)


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
    epoch = NumberAttribute(null=True)
    device = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    by_user = FamiliesByUser()


def _item(family: TokenFamily) -> FamilyItem:
    return FamilyItem(
        family.family_id,
        user_id=family.user_id,
        current_hash=family.current_hash,
        previous_hash=family.previous_hash or None,
        rotated_at=family.rotated_at,
        created_at=family.created_at,
        expires_at=family.expires_at,
        epoch=family.epoch,
        device=family.device or None,
        address=family.address or None,
    )


def _family(item: FamilyItem) -> TokenFamily:
    return TokenFamily(
        family_id=item.family_id,
        user_id=item.user_id,
        current_hash=item.current_hash,
        previous_hash=item.previous_hash or "",
        rotated_at=int(item.rotated_at),
        created_at=int(item.created_at),
        expires_at=int(item.expires_at),
        epoch=int(item.epoch or 0),
        device=item.device or "",
        address=item.address or "",
    )


class RefreshTokenRepository:
    """Reads and writes families."""

    def get(self, family_id: str) -> TokenFamily | None:
        """Return the family, strongly consistent; expired ones may still be there."""
        try:
            return _family(FamilyItem.get(family_id, consistent_read=True))
        except DoesNotExist:
            return None

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[TokenFamily]:
        """Return the user's families, oldest first; ended ones may still be there for a moment.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id family_id", user_id=user_id)
        found = FamilyItem.by_user.query(user_id, limit=limit, last_evaluated_key=start)
        families = [_family(item) for item in found]
        return Page(families, encode_cursor(found.last_evaluated_key))

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
