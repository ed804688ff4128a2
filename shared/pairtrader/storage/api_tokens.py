"""API tokens of scripts: what they are good for, and digests of their secrets."""

from contextlib import suppress
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.table import TableMeta, table_name


@dataclass(frozen=True, slots=True)
class ApiToken:
    """One token; its secret is known to its owner alone."""

    id: str
    user_id: str
    name: str
    scope: str
    """``read`` or ``trade``."""
    digest: str
    """SHA-256 of the secret."""
    epoch: int
    """The user's token epoch when it was made; the token is over in any other."""
    created_at: int
    """ms UTC."""
    expires_at: int | None = None
    """Seconds UTC: the table's TTL; None: never."""
    last_used_at: int | None = None
    """ms UTC, to the hour; None: never."""

    def __repr__(self) -> str:
        return f"ApiToken({self.id!r}, {self.user_id!r}, {self.scope!r})"


class TokensByUser(GlobalSecondaryIndex["ApiTokenItem"]):  # type: ignore[no-untyped-call]
    """The tokens of a user, oldest first."""

    class Meta:
        index_name = "by_user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class ApiTokenItem(Model):
    """One token."""

    class Meta(TableMeta):
        table_name = table_name("api-tokens")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()
    name = UnicodeAttribute()
    scope = UnicodeAttribute()
    digest = UnicodeAttribute()
    epoch = NumberAttribute()
    created_at = NumberAttribute()
    expires_at = NumberAttribute(null=True)
    last_used_at = NumberAttribute(null=True)
    by_user = TokensByUser()


def _item(token: ApiToken) -> ApiTokenItem:
    return ApiTokenItem(
        token.id,
        user_id=token.user_id,
        name=token.name,
        scope=token.scope,
        digest=token.digest,
        epoch=token.epoch,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )


def _token(item: ApiTokenItem) -> ApiToken:
    return ApiToken(
        id=item.id,
        user_id=item.user_id,
        name=item.name,
        scope=item.scope,
        digest=item.digest,
        epoch=int(item.epoch),
        created_at=int(item.created_at),
        expires_at=int(item.expires_at) if item.expires_at is not None else None,
        last_used_at=int(item.last_used_at) if item.last_used_at is not None else None,
    )


class ApiTokenRepository:
    """Reads and writes tokens."""

    def get(self, token_id: str) -> ApiToken | None:
        """Return the token, strongly consistent; expired ones may still be there."""
        try:
            return _token(ApiTokenItem.get(token_id, consistent_read=True))
        except DoesNotExist:
            return None

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ApiToken]:
        """Return the user's tokens, oldest first; deleted ones may still be there for a moment.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id id", user_id=user_id)
        found = ApiTokenItem.by_user.query(user_id, limit=limit, last_evaluated_key=start)
        tokens = [_token(item) for item in found]
        return Page(tokens, encode_cursor(found.last_evaluated_key))

    def add(self, token: ApiToken) -> None:
        """Store a new token."""
        _item(token).save(condition=ApiTokenItem.id.does_not_exist())

    def delete(self, token_id: str) -> None:
        """End the token; one that is gone already is success."""
        ApiTokenItem(token_id).delete()

    def note_use(self, token: ApiToken, at: int) -> None:
        """Write down that the token was used at `at` (ms UTC); what can't be written is dropped."""
        unchanged: Condition = ApiTokenItem.last_used_at == token.last_used_at
        if token.last_used_at is None:
            unchanged = ApiTokenItem.last_used_at.does_not_exist()
        with suppress(PynamoDBException):
            ApiTokenItem(token.id).update(
                actions=[ApiTokenItem.last_used_at.set(at)],
                condition=ApiTokenItem.id.exists() & unchanged,
            )
