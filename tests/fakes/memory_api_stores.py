"""What the API stores, in memory, under the same promises as the tables."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from pairtrader.model.account import Credentials, ExchangeAccount
from pairtrader.model.bot import Bot, BotConfig, BotState
from pairtrader.model.capacity import capacity_of, load_of
from pairtrader.model.cycle import Intent
from pairtrader.model.records import Records, SpreadPoint
from pairtrader.storage.bots import NO_RECORDS, Guard
from pairtrader.storage.capacity import CapacityReached
from pairtrader.storage.claims import Claim, account_key, symbol_keys
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import AlreadyExists, Superseded
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.users import ListedUser, NoLongerAdmin, Role, User, UserFilter
from tests.fakes.memory_bot_store import MemoryBotStore

T = TypeVar("T")
Step = Callable[[], None]


class MemoryTransaction:
    """Checks first, writes then: all or nothing."""

    def __init__(self) -> None:
        self._checks: list[Step] = []
        self._writes: list[Step] = []

    def add(self, check: Step, write: Step) -> None:
        self._checks.append(check)
        self._writes.append(write)

    def commit(self) -> None:
        for step in (*self._checks, *self._writes):
            step()


def part(check: Step, write: Step) -> Callable[[Any], object]:
    """A part of a transaction; called with none it is done at once."""

    def add(transaction: MemoryTransaction | None) -> None:
        if transaction is not None:
            transaction.add(check, write)
            return
        check()
        write()

    return add


def nothing() -> None:
    """A check that always holds."""


def page_of(
    rows: Sequence[tuple[str, T]], owner: dict[str, str], limit: int, cursor: str | None
) -> Page[T]:
    """One page of rows sorted by their key, with the cursors that the tables make."""
    start = decode_cursor(cursor, " ".join([*owner, "key"]), **owner)
    rest = [row for row in rows if start is None or row[0] > start["key"]["S"]]
    more = len(rest) > limit
    key = {name: {"S": value} for name, value in owner.items()}
    last = encode_cursor({**key, "key": {"S": rest[limit - 1][0]}}) if more else None
    return Page([row for _, row in rest[:limit]], last)


class MemoryUsers:
    """`UserRepository` in a dictionary."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.done: set[str] = set()
        self.before_replace: Callable[[], None] | None = None

    def get(self, user_id: str) -> User | None:
        return self.users.get(user_id)

    def find(self, login: str) -> User | None:
        wanted = login.casefold()
        names = {user.username.casefold(): user for user in self.users.values()}
        addresses = {user.email.casefold(): user for user in self.users.values()}
        return (addresses if "@" in login else names).get(wanted)

    def add(self, user: User, once: str = "") -> None:
        taken = []
        if self.find(user.username):
            taken.append("username")
        if self.find(user.email):
            taken.append("email")
        if once in self.done:
            taken.append(once)
        if taken:
            raise AlreadyExists(*taken)
        self.users[user.id] = user
        self.done |= {once} - {""}

    def is_done(self, once: str) -> bool:
        return once in self.done

    def replace(self, old: User, new: User) -> None:
        if self.before_replace is not None:
            first, self.before_replace = self.before_replace, None
            first()
        if self.users.get(old.id) != old:
            raise Superseded(old.id)
        owner = self.find(new.email)
        if owner is not None and owner.id != new.id:
            raise AlreadyExists("email")
        self.users[new.id] = new

    def administer(self, old: User, new: User, admin_id: str) -> None:
        if self.before_replace is not None:
            first, self.before_replace = self.before_replace, None
            first()
        admin = self.users.get(admin_id)
        if admin is None or admin.role is not Role.ADMIN or not admin.is_active:
            raise NoLongerAdmin(admin_id)
        self.replace(old, new)

    def list(self, wanted: UserFilter, limit: int, cursor: str | None) -> Page[ListedUser]:
        listed = [
            ListedUser(
                u.id, u.username, u.email, u.role, u.is_active, u.totp_enabled, u.created_at,
                u.updated_at,
            )
            for u in self.users.values()
        ]  # fmt: skip
        rows = sorted(
            (user.username.casefold(), user)
            for user in listed
            if wanted.wants(user) and user.username.casefold().startswith(wanted.prefix.casefold())
        )
        return page_of(rows, {"listing": "user"}, limit, cursor)

    def ids(self, limit: int, cursor: str | None) -> Page[str]:
        page = self.list(UserFilter(), limit, cursor)
        return Page([user.id for user in page.items], page.cursor)


class MemoryFamilies:
    """`RefreshTokenRepository` in a dictionary."""

    def __init__(self) -> None:
        self.families: dict[str, TokenFamily] = {}
        self.before_rotate: Callable[[], None] | None = None

    def get(self, family_id: str) -> TokenFamily | None:
        return self.families.get(family_id)

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[TokenFamily]:
        rows = [(key, f) for key, f in sorted(self.families.items()) if f.user_id == user_id]
        return page_of(rows, {"user_id": user_id}, limit, cursor)

    def add(self, family: TokenFamily) -> None:
        self.families[family.family_id] = family

    def rotate(self, old: TokenFamily, new: TokenFamily) -> None:
        if self.before_rotate is not None:
            first, self.before_rotate = self.before_rotate, None
            first()
        stored = self.families.get(old.family_id)
        if stored is None or stored.current_hash != old.current_hash:
            raise Superseded(old.family_id)
        self.families[new.family_id] = new

    def revoke(self, family_id: str) -> None:
        self.families.pop(family_id, None)


class MemoryAccounts:
    """`AccountRepository` in a dictionary."""

    def __init__(self) -> None:
        self.accounts: dict[tuple[str, str], ExchangeAccount] = {}
        self.claims: dict[str, str] = {}

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        return self.accounts.get((user_id, account_id))

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ExchangeAccount]:
        rows = [(key[1], a) for key, a in sorted(self.accounts.items()) if key[0] == user_id]
        return page_of(rows, {"user_id": user_id}, limit, cursor)

    def add(self, account: ExchangeAccount) -> None:
        self._claim(account)
        self.accounts[account.user_id, account.account_id] = account

    def update(self, old: ExchangeAccount, new: ExchangeAccount) -> None:
        if self.get(old.user_id, old.account_id) != old:
            raise Superseded(old.account_id)
        self.accounts[new.user_id, new.account_id] = replace(new, uid=old.uid)

    def identify(self, old: ExchangeAccount, new: ExchangeAccount) -> None:
        self._claim(new)
        self.claims.pop(account_key(old), None)
        self.accounts[new.user_id, new.account_id] = new

    def delete(self, user_id: str, account_id: str) -> None:
        account = self.accounts.pop((user_id, account_id), None)
        if account is not None and self.claims.get(account_key(account)) == account_id:
            del self.claims[account_key(account)]

    def _claim(self, account: ExchangeAccount) -> None:
        if self.claims.setdefault(account_key(account), account.account_id) != account.account_id:
            raise AlreadyExists("uid")


class MemoryVault:
    """`KeyVault` in a dictionary."""

    def __init__(self) -> None:
        self.secrets: dict[str, Credentials] = {}

    def store(self, account_id: str, credentials: Credentials) -> str:
        self.secrets[f"arn:{account_id}"] = credentials
        return f"arn:{account_id}"

    def delete(self, secret_arn: str) -> None:
        self.secrets.pop(secret_arn, None)


class MemoryClaims:
    """`ClaimRepository` in a dictionary."""

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}

    def take(self, config: BotConfig) -> Callable[[Any], object]:
        def check() -> None:
            if any(claim.owner != config.bot_id for claim in self.holders(config)):
                raise Superseded(config.bot_id)

        def write() -> None:
            for key in symbol_keys(config):
                self.claims[key] = Claim(key, config.bot_id, config.user_id)

        return part(check, write)

    def give_up(self, config: BotConfig) -> Callable[[Any], object]:
        def write() -> None:
            for claim in self.holders(config):
                assert claim.owner == config.bot_id
                del self.claims[claim.key]

        return part(nothing, write)

    def holders(self, config: BotConfig) -> tuple[Claim, ...]:
        return tuple(self.claims[key] for key in symbol_keys(config) if key in self.claims)


class MemoryCapacity:
    """`CapacityRepository` in a dictionary."""

    def __init__(self) -> None:
        self.by_exchange: dict[str, dict[str, int]] = {}
        self.versions: dict[str, int] = {}
        self.after_read: Callable[[], None] | None = None

    def loads(self, exchange: str) -> dict[str, int]:
        return self.by_exchange.setdefault(exchange, {})

    def take(self, config: BotConfig) -> Callable[[Any], object]:
        exchange, interval = config.exchange_name, config.settings.tick_interval_seconds
        load, capacity = load_of(exchange, interval), capacity_of(exchange)
        loads, version = self.loads(exchange), self.versions.get(exchange, 0)
        before, total = loads.get(config.bot_id, 0), sum(loads.values())
        if self.after_read is not None:
            first, self.after_read = self.after_read, None
            first()
        if capacity is None or load == before:
            return part(nothing, nothing)
        if load > before and total - before + load > capacity:
            raise CapacityReached(exchange, interval)

        def check() -> None:
            if self.versions.get(exchange, 0) != version:
                raise Superseded(config.bot_id)

        return part(check, lambda: self._set(exchange, config.bot_id, load))

    def give_up(self, config: BotConfig) -> Callable[[Any], object]:
        exchange, bot_id = config.exchange_name, config.bot_id
        if bot_id not in self.loads(exchange):
            return part(nothing, nothing)
        return part(nothing, lambda: self._set(exchange, bot_id, None))

    def _set(self, exchange: str, bot_id: str, load: int | None) -> None:
        if load is None:
            self.loads(exchange).pop(bot_id, None)
        else:
            self.loads(exchange)[bot_id] = load
        self.versions[exchange] = self.versions.get(exchange, 0) + 1


class MemoryBots(MemoryBotStore):
    """The bots table as the API uses it."""

    def __init__(self) -> None:
        super().__init__()
        self.before_commit: Callable[[], None] | None = None
        self.deleted: dict[str, Bot] = {}
        self.on_delete: Callable[[str], object] = lambda _: None
        """What goes with a bot: its items in the table of risk."""

    def list_by_user(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        rows = [(k, bot) for k, bot in sorted(self.bots.items()) if bot.config.user_id == user_id]
        return page_of(rows, {"user_id": user_id}, limit, cursor)

    def create(self, config: BotConfig, state: BotState) -> None:
        if config.bot_id in self.bots:
            raise AlreadyExists(config.bot_id)
        self.bots[config.bot_id] = Bot(config, state)

    def config(self, bot_id: str) -> BotConfig | None:
        bot = self.bots.get(bot_id)
        return bot.config if bot is not None else None

    def reconfigure(
        self,
        config: BotConfig,
        old: BotState,
        new: BotState,
        *,
        extra: Callable[[Any], object] | None = None,
    ) -> None:
        self._together(old, extra)
        self._apply(old, new, Guard.REVISION)
        self.bots[config.bot_id] = replace(self.bots[config.bot_id], config=config)

    def with_markets(self, old: BotConfig, new: BotConfig) -> Callable[[Any], object]:
        def check() -> None:
            stored = self.config(old.bot_id)
            if stored is None or stored.updated_at != old.updated_at:
                raise Superseded(old.bot_id)

        def write() -> None:
            self.bots[old.bot_id] = replace(self.bots[old.bot_id], config=new)

        return part(check, write)

    def refresh_markets(self, old: BotConfig, new: BotConfig) -> None:
        self.with_markets(old, new)(None)

    def without_rows(self, records: Records) -> Callable[[Any], object]:
        def write() -> None:
            for row in records.positions:
                self.positions.pop((row.bot_id, row.cycle_number, row.leg), None)
            for cycle in records.cycles:
                self.cycles.pop((cycle.bot_id, cycle.cycle_number), None)

        return part(nothing, write)

    def load_deleted(self, bot_id: str) -> Bot | None:
        return self.deleted.get(bot_id)

    def list_deleted(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        own = {k: bot for k, bot in self.deleted.items() if bot.config.user_id == user_id}
        return page_of(sorted(own.items()), {"user_id": f"deleted#{user_id}"}, limit, cursor)

    def delete(self, bot: Bot, deleted_at: int) -> None:
        bot_id, state = bot.config.bot_id, bot.state
        if bot_id not in self.bots or self.bots[bot_id].state.revision != state.revision:
            raise Superseded(bot_id)
        del self.bots[bot_id]
        left = BotState(
            bot_id,
            current_cycle=state.current_cycle,
            total_profit=state.total_profit,
            total_trades=state.total_trades,
        )
        self.deleted[bot_id] = Bot(bot.config, left, deleted_at=deleted_at)
        self.on_delete(bot_id)

    def commit(
        self,
        old: BotState,
        new: BotState,
        guard: Guard,
        *,
        put_intents: Sequence[Intent] = (),
        delete_intents: Sequence[Intent] = (),
        records: Records = NO_RECORDS,
        extra: Callable[[Any], object] | None = None,
    ) -> None:
        if self.before_commit is not None:
            first, self.before_commit = self.before_commit, None
            first()
        self._together(old, extra)
        super().commit(
            old, new, guard, put_intents=put_intents, delete_intents=delete_intents, records=records
        )

    def _together(self, old: BotState, extra: Callable[[Any], object] | None) -> None:
        """Write `extra` if the state is as it was read and all of `extra` may be written."""
        if self.bots[old.bot_id].state.revision != old.revision:
            raise Superseded(old.bot_id)
        if extra is not None:
            transaction = MemoryTransaction()
            extra(transaction)
            transaction.commit()


class MemoryRows(Generic[T]):
    """A history table: rows by bot, newest first."""

    def __init__(self) -> None:
        self.rows: list[T] = []

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[T]:
        own = [row for row in reversed(self.rows) if row.bot_id == bot_id]  # type: ignore[attr-defined]
        return page_of(
            [(f"{i:04d}", row) for i, row in enumerate(own)], {"bot_id": bot_id}, limit, cursor
        )


class MemoryPoints:
    """The spread history."""

    def __init__(self) -> None:
        self.points: list[SpreadPoint] = []

    def list(
        self, bot_id: str, resolution: str, since: int, until: int, limit: int, cursor: str | None
    ) -> Page[SpreadPoint]:
        rows = [
            (f"{point.recorded_at:013d}", point)
            for point in self.points
            if since <= point.recorded_at < until
        ]
        return page_of(rows, {"bot_id": bot_id}, limit, cursor)
