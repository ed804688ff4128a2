"""Exchange accounts without their keys."""

from dataclasses import replace

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.model.account import ExchangeAccount
from pairtrader.storage.claims import account_key, claim, release
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import AlreadyExists, Superseded
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name
from pairtrader.storage.transactions import failed_conditions, open_connection


class AccountItem(Model):
    """One account of one user."""

    class Meta(TableMeta):
        table_name = table_name("accounts")

    user_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(range_key=True)
    body = ValueAttribute[ExchangeAccount](ExchangeAccount)
    updated_at = NumberAttribute()


def _item(account: ExchangeAccount) -> AccountItem:
    return AccountItem(
        account.user_id, account.account_id, body=account, updated_at=account.updated_at
    )


class AccountRepository:
    """Reads and writes accounts; one exchange-side account is stored once, whoever adds it."""

    def __init__(self) -> None:
        self._connection = open_connection()

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        """Return the user's account, strongly consistent; None if the user has none of this id."""
        try:
            return AccountItem.get(user_id, account_id, consistent_read=True).body
        except DoesNotExist:
            return None

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ExchangeAccount]:
        """Return the user's accounts, oldest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id account_id", user_id=user_id)
        found = AccountItem.query(
            user_id, limit=limit, last_evaluated_key=start, consistent_read=True
        )
        items = [item.body for item in found]
        return Page(items, encode_cursor(found.last_evaluated_key))

    def add(self, account: ExchangeAccount) -> None:
        """Store a new account and claim the exchange-side account behind it.

        Raises:
            AlreadyExists: that exchange-side account is stored already, or the id is taken.
        """
        try:
            with TransactWrite(connection=self._connection) as write:
                claim(
                    account_key(account), account.account_id, account.user_id, account.created_at
                )(write)
                write.save(_item(account), condition=AccountItem.account_id.does_not_exist())
        except TransactWriteError as error:
            raise AlreadyExists(*failed_conditions(error, ("uid", "account_id"))) from error

    def update(self, old: ExchangeAccount, new: ExchangeAccount) -> None:
        """Replace `old` by `new`; the identity on the exchange stays.

        Raises:
            Superseded: the account was changed or deleted since `old` was read.
        """
        unchanged = AccountItem.updated_at == old.updated_at
        try:
            _item(replace(new, uid=old.uid)).save(condition=unchanged)
        except PutError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                raise Superseded(old.account_id) from error
            raise

    def identify(self, old: ExchangeAccount, new: ExchangeAccount) -> None:
        """Replace `old` by `new`, whose identity on the exchange has become known.

        Raises:
            AlreadyExists: that exchange-side account is stored already.
            Superseded: the account was changed or deleted since `old` was read.
        """
        try:
            with TransactWrite(connection=self._connection) as write:
                release(account_key(old), old.account_id)(write)
                claim(account_key(new), new.account_id, new.user_id, new.updated_at)(write)
                write.save(_item(new), condition=AccountItem.updated_at == old.updated_at)
        except TransactWriteError as error:
            if "uid" in failed_conditions(error, ("", "uid", "account_id")):
                raise AlreadyExists("uid") from error
            raise Superseded(old.account_id) from error

    def delete(self, user_id: str, account_id: str) -> None:
        """Remove the account and its claim; one that is gone already is success."""
        account = self.get(user_id, account_id)
        if account is None:
            return
        with TransactWrite(connection=self._connection) as write:
            release(account_key(account), account_id)(write)
            write.delete(_item(account))
