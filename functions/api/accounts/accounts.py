"""Exchange accounts: keys are tried before an account is accepted, and kept in the vault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.accounts.exchange_gateway import AccountTest
from functions.api.identifiers import is_id, new_id
from functions.api.ports import AccountStore, BotStore, Exchanges, Vault
from functions.api.schemas.accounts import AccountCreate, AccountUpdate
from functions.api.web.problems import FieldError, conflict, invalid, not_found
from pairtrader.model.account import (
    AccountMode,
    Credentials,
    ExchangeAccount,
    ExchangeName,
    Simulation,
)
from pairtrader.model.bot import Bot, Status
from pairtrader.storage.cursor import Page
from pairtrader.storage.errors import AlreadyExists

_PAGE = 100
KEY_FIELDS = ("api_key", "api_secret", "passphrase")


class Accounts:
    """A user's exchange accounts."""

    def __init__(
        self,
        accounts: AccountStore,
        vault: Vault,
        exchanges: Exchanges,
        bots: BotStore,
        now: Callable[[], int],
    ) -> None:
        self._accounts = accounts
        self._vault = vault
        self._exchanges = exchanges
        self._bots = bots
        self._now = now

    def get(self, user_id: str, account_id: str) -> ExchangeAccount:
        """Return the user's account.

        Raises:
            Problem: 404 ``exchange_account_not_found``.
        """
        account = self._accounts.get(user_id, account_id) if is_id(account_id) else None
        if account is None:
            raise not_found("exchange account")
        return account

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ExchangeAccount]:
        """Return the user's accounts, oldest first."""
        return self._accounts.list(user_id, limit, cursor)

    def add(self, user_id: str, request: AccountCreate) -> tuple[ExchangeAccount, tuple[str, ...]]:
        """Store a new account; return it with the exchange's warnings about its key.

        Nothing is left behind when the keys do not work.

        Raises:
            Problem: 422 naming the fields, or 409 ``account_exists``.
            ExchangeFailure: the exchange does not accept the keys.
        """
        refuse(_creation_errors(request))
        account = _new_account(user_id, request, self._now())
        credentials = credentials_of(request)
        if credentials is None:
            self._accounts.add(account)
            return account, ()
        with self._on_trial(replace(account, is_active=False), credentials) as trial:
            test = self._try(trial)
            accepted = replace(
                trial, uid=test.uid, is_active=request.is_active, updated_at=self._now()
            )
            self._identify(trial, accepted)
        return accepted, test.warnings

    def update(
        self, user_id: str, account_id: str, request: AccountUpdate
    ) -> tuple[ExchangeAccount, tuple[str, ...]]:
        """Change label, activity or keys; return the account and warnings about new keys.

        Raises:
            Problem: 404; 409 ``account_in_use`` when a bot that is not stopped needs the account;
                422 naming the fields.
            ExchangeFailure: the exchange does not accept the new keys.
        """
        account = self.get(user_id, account_id)
        refuse(_update_errors(account, request))
        if request.is_active is False and account.is_active:
            self._require_unused(account, lambda bot: bot.state.status is not Status.STOPPED)
        changed = replace(account, updated_at=self._now())
        if request.label is not None:
            changed = replace(changed, label=request.label)
        if request.is_active is not None:
            changed = replace(changed, is_active=request.is_active)
        credentials = credentials_of(request)
        if credentials is None:
            self._accounts.update(account, changed)
            return changed, ()
        return self._replace_keys(account, changed, credentials)

    def delete(self, user_id: str, account_id: str) -> None:
        """Remove the account and its keys.

        Raises:
            Problem: 404; 409 ``account_in_use`` while a bot is set to it.
        """
        account = self.get(user_id, account_id)
        self._require_unused(account, lambda _: True)
        self._accounts.delete(user_id, account_id)
        if account.secret_arn:
            self._vault.delete(account.secret_arn)

    def _replace_keys(
        self, account: ExchangeAccount, changed: ExchangeAccount, credentials: Credentials
    ) -> tuple[ExchangeAccount, tuple[str, ...]]:
        """Try new keys beside the old ones, which nobody here can read, then change over."""
        new = new_id()
        trial = replace(account, account_id=new, uid=new, is_active=False, secret_arn="")
        with self._on_trial(trial, credentials) as stored:
            test = self._try(stored)
            if test.uid != account.uid:
                message = "is the key of another exchange account"
                raise invalid(
                    [FieldError(field="api_key", message=message)], "key_of_other_account"
                )
            changed = replace(changed, secret_arn=stored.secret_arn)
            self._accounts.update(account, changed)
        self._accounts.delete(stored.user_id, stored.account_id)
        self._vault.delete(account.secret_arn)
        return changed, test.warnings

    @contextmanager
    def _on_trial(
        self, account: ExchangeAccount, credentials: Credentials
    ) -> Iterator[ExchangeAccount]:
        """Store account and keys; remove both again when the body raises."""
        secret_arn = self._vault.store(account.account_id, credentials)
        stored = replace(account, secret_arn=secret_arn)
        try:
            self._accounts.add(stored)
            yield stored
        except BaseException:
            self._accounts.delete(stored.user_id, stored.account_id)
            self._vault.delete(secret_arn)
            raise

    def _try(self, account: ExchangeAccount) -> AccountTest:
        try:
            test = self._exchanges.test(account)
        except ExchangeFailure as error:
            if error.code != "keys_refused":
                raise
            message = f"is not accepted with its secret: {error.message}"
            errors = [FieldError(field="api_key", message=message)]
            raise invalid(errors, "keys_refused") from error
        if test.can_withdraw:
            message = "may withdraw: make a key that can trade but not withdraw"
            raise invalid([FieldError(field="api_key", message=message)], "key_can_withdraw")
        if not test.can_trade:
            message = "may not trade: allow it to trade perpetual swaps"
            raise invalid([FieldError(field="api_key", message=message)], "key_cannot_trade")
        return test

    def _identify(self, trial: ExchangeAccount, accepted: ExchangeAccount) -> None:
        try:
            self._accounts.identify(trial, accepted)
        except AlreadyExists as error:
            raise conflict("account_exists", "This exchange account is here already.") from error

    def _require_unused(self, account: ExchangeAccount, counts: Callable[[Bot], bool]) -> None:
        cursor: str | None = None
        while True:
            page = self._bots.list_by_user(account.user_id, _PAGE, cursor)
            for bot in page.items:
                settings = bot.config.settings
                if settings.exchange_account_id == account.account_id and counts(bot):
                    detail = f"The bot {settings.bot_name} ({bot.config.bot_id}) uses this account."
                    raise conflict("account_in_use", detail)
            if page.cursor is None:
                return
            cursor = page.cursor


def refuse(errors: list[FieldError]) -> None:
    """Refuse the request when there are errors.

    Raises:
        Problem: 422 naming the fields.
    """
    if errors:
        raise invalid(errors)


def credentials_of(request: AccountCreate | AccountUpdate) -> Credentials | None:
    """Return the keys in the request, None if there are none."""
    if request.api_key is None or request.api_secret is None:
        return None
    return Credentials(
        request.api_key.get_secret_value(),
        request.api_secret.get_secret_value(),
        request.passphrase.get_secret_value() if request.passphrase else "",
    )


def _new_account(user_id: str, request: AccountCreate, now: int) -> ExchangeAccount:
    account_id = new_id()
    simulation = request.simulation
    if request.mode is AccountMode.PAPER and simulation is None:
        simulation = Simulation()
    return ExchangeAccount(
        account_id=account_id,
        user_id=user_id,
        exchange_name=request.exchange_name,
        mode=request.mode,
        label=request.label or request.exchange_name,
        is_active=request.is_active,
        created_at=now,
        updated_at=now,
        uid=account_id,
        simulation=simulation,
    )


def _creation_errors(request: AccountCreate) -> list[FieldError]:
    errors = []
    simulated = request.exchange_name is ExchangeName.SIMULATED
    if simulated and request.mode is not AccountMode.PAPER:
        errors.append(FieldError(field="mode", message="the simulated exchange has paper only"))
    if request.mode is AccountMode.PAPER:
        errors += _keys_given(request)
        errors += _simulation_errors(request)
    else:
        errors += _keys_missing(request.exchange_name, request)
        if request.simulation is not None:
            message = "is for the mode paper only"
            errors.append(FieldError(field="simulation", message=message))
    return errors


def _simulation_errors(request: AccountCreate) -> list[FieldError]:
    simulation = request.simulation
    if simulation is None or simulation.source != "replay":
        return []
    if request.exchange_name is not ExchangeName.SIMULATED:
        message = "only the simulated exchange replays; paper accounts follow real prices"
        return [FieldError(field="simulation.source", message=message)]
    if simulation.dataset is None:
        return [FieldError(field="simulation.dataset", message="a replay needs a data set")]
    return []


def _update_errors(account: ExchangeAccount, request: AccountUpdate) -> list[FieldError]:
    if not account.has_keys:
        return _keys_given(request)
    if all(getattr(request, field) is None for field in KEY_FIELDS):
        return []
    return _keys_missing(account.exchange_name, request)


def _keys_given(request: AccountCreate | AccountUpdate) -> list[FieldError]:
    return [
        FieldError(field=field, message="a paper account takes no keys")
        for field in KEY_FIELDS
        if getattr(request, field) is not None
    ]


def _keys_missing(
    exchange: ExchangeName, request: AccountCreate | AccountUpdate
) -> list[FieldError]:
    needed = KEY_FIELDS if exchange is ExchangeName.OKX else KEY_FIELDS[:2]
    return [
        FieldError(field=field, message="is needed for this exchange and mode")
        for field in needed
        if getattr(request, field) is None
    ]
