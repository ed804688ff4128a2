"""What users prefer to see."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from functions.api.bots.retries import until_written
from functions.api.identifiers import is_id
from functions.api.ports import AccountStore, PreferenceStore
from functions.api.web.problems import FieldError, Problem, conflict, field_errors, invalid
from pairtrader.model.preferences import Preferences
from pairtrader.storage.preferences import StoredPreferences


class UserPreferences:
    """Shows and changes the preferences of users."""

    def __init__(
        self, store: PreferenceStore, accounts: AccountStore, now: Callable[[], int]
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._now = now

    def get(self, user_id: str) -> StoredPreferences:
        """Return the user's preferences, defaults for what was never set."""
        return self._store.get(user_id)

    def change(
        self, user_id: str, changes: Mapping[str, Any], version: int | None
    ) -> StoredPreferences:
        """Set the preferences named in `changes`, the others stay.

        Args:
            user_id: whose they are.
            changes: whole values by name.
            version: that the changes were made from; None overwrites whatever is stored.

        Raises:
            Problem: 409 ``changed_meanwhile`` where another version is stored, 404
                ``exchange_account_not_found``.
        """
        account_id = changes.get("default_exchange_account_id")
        if account_id is not None:
            self._require_account(user_id, account_id)
        return until_written(lambda: self._change(user_id, changes, version))

    def _change(
        self, user_id: str, changes: Mapping[str, Any], version: int | None
    ) -> StoredPreferences:
        old = self._store.get(user_id)
        if version is not None and version != old.version:
            raise conflict(
                "changed_meanwhile", "The settings were changed elsewhere: read them again."
            )
        try:
            wanted = Preferences.model_validate({**dict(old.preferences), **changes})
        except ValidationError as error:
            raise invalid(field_errors(error.errors())) from error
        if wanted == old.preferences:
            return old
        new = StoredPreferences(wanted, old.version + 1, self._now())
        self._store.replace(user_id, old, new)
        return new

    def _require_account(self, user_id: str, account_id: str) -> None:
        found = self._accounts.get(user_id, account_id) if is_id(account_id) else None
        if found is None:
            raise Problem(
                404,
                "exchange_account_not_found",
                "There is no such exchange account.",
                [FieldError(field="default_exchange_account_id", message="is no account of yours")],
            )
