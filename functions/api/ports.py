"""What the logic needs of the storage layer and of other functions; tests put memory in place."""

# These are types alone: whoever needs one of them does not wait for all that they mention.
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from functions.api.accounts.exchange_gateway import AccountTest, Holdings, PairPrices
    from pairtrader.model.account import AccountMode, Balance, Credentials, ExchangeAccount
    from pairtrader.model.bot import Bot, BotConfig, BotState
    from pairtrader.model.market import Market
    from pairtrader.model.notification import Channel, Notification, Quota
    from pairtrader.model.records import CycleRecord, OrderRecord, Records
    from pairtrader.model.research import Job
    from pairtrader.storage.audit_log import AuditEntry, AuditFilter, AuditRecord, Outcome
    from pairtrader.storage.bots import Guard
    from pairtrader.storage.claims import Claim
    from pairtrader.storage.connections import Holder
    from pairtrader.storage.cursor import Page
    from pairtrader.storage.idempotency import Attempt, Earlier, KeptAnswer
    from pairtrader.storage.paging import Window
    from pairtrader.storage.preferences import StoredPreferences
    from pairtrader.storage.refresh_tokens import TokenFamily
    from pairtrader.storage.research_jobs import Quota as JobQuota
    from pairtrader.storage.transactions import TransactionPart
    from pairtrader.storage.users import ListedUser, User, UserFilter


class UserStore(Protocol):
    """Users."""

    def get(self, user_id: str) -> User | None:
        """Return the user of this id."""

    def find(self, login: str) -> User | None:
        """Return the user of this name or e-mail address, whatever its case."""

    def add(self, user: User, once: str = "") -> None:
        """Store a new user, or raise `AlreadyExists` naming what is taken or was done before."""

    def is_done(self, once: str) -> bool:
        """Whether a user was stored with this `once`."""

    def replace(self, old: User, new: User) -> None:
        """Write what the user has become, or raise `AlreadyExists` or `Superseded`."""


class AdministeredUsers(UserStore, Protocol):
    """Users in the hands of administrators."""

    def list(self, wanted: UserFilter, limit: int, cursor: str | None) -> Page[ListedUser]:
        """Return users by name; a page may be short."""

    def administer(self, old: User, new: User, admin_id: str) -> None:
        """Write what an administrator has made of a user: `NoLongerAdmin` or `Superseded`."""


class AuditStore(Protocol):
    """The audit log."""

    def add(self, entry: AuditEntry) -> None:
        """Write down what is about to be done, or raise `AuditUnavailable`."""

    def conclude(self, entry: AuditEntry, outcome: Outcome) -> None:
        """Add the outcome, once, or raise `AuditUnavailable`."""

    def of_user(
        self, user_id: str, wanted: AuditFilter, limit: int, cursor: str | None
    ) -> Page[AuditRecord]:
        """Return what concerns the user, newest first; a page may be short."""

    def of_all(self, wanted: AuditFilter, limit: int, cursor: str | None) -> Page[AuditRecord]:
        """Return what concerns anybody, newest first; a page may be short."""


class FamilyStore(Protocol):
    """Families of refresh tokens."""

    def get(self, family_id: str) -> TokenFamily | None:
        """Return the family."""

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[TokenFamily]:
        """Return the user's families, oldest first."""

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

    def pair_prices(
        self, account: ExchangeAccount, symbols: tuple[str, str], since: int, most: int
    ) -> PairPrices:
        """Return up to `most` prices of both markets from `since` (ms UTC) to now."""


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

    def load_deleted(self, bot_id: str) -> Bot | None:
        """Return a bot that was deleted, as it was then."""

    def list_deleted(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the bots that the user has deleted."""

    def delete(self, bot: Bot, deleted_at: int) -> None:
        """Remove the bot and its limits at `deleted_at` (ms UTC)."""

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


class OrderLedger(Protocol):
    """Orders of all bots, newest first; both methods raise `BadCursor`."""

    def of_user(
        self,
        user_id: str,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[OrderRecord], bool] | None = None,
    ) -> Page[OrderRecord]:
        """Return the user's orders within `window` that `keep` takes; a page may be short."""

    def of_bot(
        self,
        bot_id: str,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[OrderRecord], bool] | None = None,
    ) -> Page[OrderRecord]:
        """Return the bot's orders within `window` that `keep` takes; a page may be short."""


class CycleLedger(Protocol):
    """Closed cycles of all bots."""

    def closed(
        self,
        user_id: str,
        mode: AccountMode,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[CycleRecord], bool] | None = None,
    ) -> Page[CycleRecord]:
        """Return the user's cycles that closed within `window`, newest first; may be short."""


class BotNames(Protocol):
    """What bots are called."""

    def of(self, bot_ids: Collection[str]) -> Mapping[str, str]:
        """Return the names that are known, by bot id."""


class PreferenceStore(Protocol):
    """What users prefer."""

    def get(self, user_id: str) -> StoredPreferences:
        """Return the user's preferences; of one who never stored any, version 0."""

    def replace(self, user_id: str, old: StoredPreferences, new: StoredPreferences) -> None:
        """Write `new` in place of `old`, or raise `Superseded`."""


class IdempotencyStore(Protocol):
    """Keys that were used; every method raises `IdempotencyUnknown`."""

    def begin(self, attempt: Attempt) -> Earlier | None:
        """Let `attempt` go ahead and return None, or return what forbids it."""

    def finish(self, attempt: Attempt, answer: KeptAnswer) -> None:
        """Keep the answer."""

    def release(self, attempt: Attempt) -> None:
        """Make the key free again."""


class UserDirectory(Protocol):
    """Who there is."""

    def get(self, user_id: str) -> User | None:
        """Return the user of this id."""

    def list(self, wanted: UserFilter, limit: int, cursor: str | None) -> Page[ListedUser]:
        """Return the users that are wanted, page by page; raises `BadCursor`."""


class TicketStore(Protocol):
    """Tickets for live push."""

    def add_ticket(self, digest: str, holder: Holder, expires_at: int) -> None:
        """Store a ticket by its digest, good until `expires_at` (seconds UTC)."""


class ChannelStore(Protocol):
    """Channels of notifications; every change raises `Superseded` when somebody wrote before."""

    def get(self, user_id: str, channel_id: str) -> Channel | None:
        """Return the user's channel."""

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[Channel]:
        """Return the user's channels."""

    def quota(self, user_id: str) -> Quota:
        """Return what the user's channels have used up."""

    def add(self, channel: Channel, old: Quota, new: Quota) -> None:
        """Store a new channel and the quota with it."""

    def replace(self, old: Channel, new: Channel) -> None:
        """Write what the channel has become."""

    def replace_counted(
        self, old: Channel, new: Channel, old_quota: Quota, new_quota: Quota
    ) -> None:
        """Write what the channel has become and the quota with it."""

    def delete(self, channel: Channel, old: Quota, new: Quota) -> None:
        """Remove the channel and write the quota with it."""


class Sealer(Protocol):
    """Seals what must not lie open in a table."""

    def close(self, text: str, owner: str) -> str:
        """Return `text` sealed for `owner`."""


class Outbox(Protocol):
    """The queue of messages to traders."""

    def send(self, notification: Notification) -> None:
        """Queue one message, or raise `NotQueued`."""


class JobStore(Protocol):
    """Backtests and analyses; every change raises `Superseded` when somebody wrote before."""

    def get(self, user_id: str, job_id: str) -> Job | None:
        """Return the user's job, strongly consistent."""

    def list(
        self, user_id: str, limit: int, cursor: str | None, keep: Callable[[Job], bool]
    ) -> Page[Job]:
        """Return those of the user's jobs that `keep` takes, newest first."""

    def all_of(self, user_id: str) -> Collection[Job]:
        """Return all of the user's jobs, strongly consistent."""

    def quota(self, user_id: str) -> JobQuota:
        """Return what the user has begun."""

    def add(self, job: Job, old: JobQuota, new: JobQuota) -> None:
        """Store a new job and what its user has begun with it."""

    def rename(self, job: Job, name: str) -> None:
        """Give the job another name."""

    def cancel_waiting(self, job: Job, at: int) -> None:
        """End a job that waits, at `at` (ms UTC)."""

    def request_cancel(self, job: Job) -> None:
        """Ask a running job to stop."""

    def delete(self, job: Job) -> None:
        """Remove the job if it still stands as `job` does."""


class JobResults(Protocol):
    """Stored results; may raise `ResultNotStored`."""

    def address(self, user_id: str, job_id: str, seconds: int) -> str:
        """Return an address at which the result can be read for so long."""

    def delete(self, user_id: str, job_id: str) -> None:
        """Remove a result; one that is not there is success."""


class Researchers(Protocol):
    """Whoever works on jobs."""

    def begin(self, job: Job) -> None:
        """Have the job worked on, or raise `Problem` 503."""
