"""What the logic needs of the storage layer and of other functions; tests put memory in place."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from functions.api.exchange_gateway import AccountTest, Holdings
from pairtrader.model.account import Balance, Credentials, ExchangeAccount
from pairtrader.model.bot import Bot, BotConfig, BotState
from pairtrader.model.market import Market
from pairtrader.model.records import Records
from pairtrader.storage.bots import Guard
from pairtrader.storage.claims import Claim
from pairtrader.storage.cursor import Page
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.transactions import TransactionPart
from pairtrader.storage.users import User


class UserStore(Protocol):
    """Users."""

    def get(self, user_id: str) -> User | None:
        """Return the user of this id."""

    def find(self, login: str) -> User | None:
        """Return the user of this name or e-mail address, whatever its case."""

    def add(self, user: User) -> None:
        """Store a new user, or raise `AlreadyExists` naming what is taken."""

    def replace(self, old: User, new: User) -> None:
        """Write what the user has become, or raise `AlreadyExists` or `Superseded`."""


class FamilyStore(Protocol):
    """Families of refresh tokens."""

    def get(self, family_id: str) -> TokenFamily | None:
        """Return the family."""

    def add(self, family: TokenFamily) -> None:
        """Store a new family."""

    def rotate(self, old: TokenFamily, new: TokenFamily) -> None:
        """Move the family on, or raise `Superseded`."""

    def revoke(self, family_id: str) -> None:
        """End the family."""


class AccountStore(Protocol):
    """Exchange accounts."""

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        """Return the user's account."""

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ExchangeAccount]:
        """Return the user's accounts."""

    def add(self, account: ExchangeAccount) -> None:
        """Store a new account, or raise `AlreadyExists`."""

    def update(self, old: ExchangeAccount, new: ExchangeAccount) -> None:
        """Replace the account, or raise `Superseded`."""

    def identify(self, old: ExchangeAccount, new: ExchangeAccount) -> None:
        """Replace the account and its identity, or raise `AlreadyExists` or `Superseded`."""

    def delete(self, user_id: str, account_id: str) -> None:
        """Remove the account."""


class Vault(Protocol):
    """Keys: written and deleted here, never read."""

    def store(self, account_id: str, credentials: Credentials) -> str:
        """Store the keys and return the secret's ARN."""

    def delete(self, secret_arn: str) -> None:
        """Delete the keys."""


class Exchanges(Protocol):
    """The exchange function; every method raises `ExchangeFailure`."""

    def test(self, account: ExchangeAccount) -> AccountTest:
        """Return who the account is and what its key may do."""

    def markets(self, account: ExchangeAccount, symbols: Sequence[str]) -> tuple[Market, ...]:
        """Return these markets in this order."""

    def search(self, account: ExchangeAccount, query: str, limit: int) -> tuple[Market, ...]:
        """Return markets whose symbol holds `query`."""

    def balance(self, account: ExchangeAccount) -> Balance:
        """Return the money in the account."""

    def holdings(self, account: ExchangeAccount, symbols: Sequence[str]) -> Holdings:
        """Return what the account holds and has ordered of these symbols."""

    def start_price(self, account: ExchangeAccount, symbol: str, at: int) -> Decimal:
        """Return the open of the 1-minute candle at `at` (ms UTC)."""


class BotStore(Protocol):
    """Bots; every change is conditional and raises `Superseded`."""

    def load(self, bot_id: str) -> Bot | None:
        """Return the bot, strongly consistent."""

    def list_by_user(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the user's bots."""

    def create(self, config: BotConfig, state: BotState) -> None:
        """Store a new bot."""

    def reconfigure(
        self,
        config: BotConfig,
        old: BotState,
        new: BotState,
        *,
        extra: TransactionPart | None = None,
    ) -> None:
        """Replace the configuration and change the state with it and writes of other tables."""

    def with_markets(self, old: BotConfig, new: BotConfig) -> TransactionPart:
        """Return the write that puts `new`, with other markets, in place of `old`."""

    def without_rows(self, records: Records) -> TransactionPart:
        """Return the writes that remove rows of positions and cycles."""

    def delete(self, state: BotState) -> None:
        """Remove the bot."""

    def commit(
        self,
        old: BotState,
        new: BotState,
        guard: Guard,
        *,
        records: Records = ...,
        extra: TransactionPart | None = None,
    ) -> None:
        """Write a change of state with history rows and writes of other tables."""


class ClaimStore(Protocol):
    """A bot's claims on its symbols."""

    def take(self, config: BotConfig) -> TransactionPart:
        """Return the writes that claim both symbols."""

    def give_up(self, config: BotConfig) -> TransactionPart:
        """Return the writes that release both symbols."""

    def holders(self, config: BotConfig) -> tuple[Claim, ...]:
        """Return the claims that exist on the bot's symbols."""


class CapacityStore(Protocol):
    """What all bots ask of the exchanges."""

    def take(self, config: BotConfig) -> TransactionPart:
        """Return the writes that count the bot's load, or raise `CapacityReached`."""

    def give_up(self, config: BotConfig) -> TransactionPart:
        """Return the writes that take the bot's load out."""


class ScheduleStore(Protocol):
    """Schedules; both methods raise `SchedulesUnavailable`."""

    def create(self, bot_id: str, generation: int, first_at: datetime) -> None:
        """Tick the bot once a minute from `first_at` on."""

    def delete(self, bot_id: str, generation: int) -> None:
        """Delete the schedule."""


class Ticks(Protocol):
    """The tick function, woken without waiting for it."""

    def first_tick(self, bot_id: str, generation: int, at: int) -> None:
        """Tick as the schedule would at `at` (ms UTC)."""

    def tick(self, bot_id: str) -> None:
        """Tick now."""
