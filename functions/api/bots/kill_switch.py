"""Killing bots: no more entries first, then every bot closes what it holds and stops."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from pydantic import TypeAdapter

from functions.api.bots.bot_commands import BotCommands
from functions.api.bots.bots import Bots
from functions.api.bots.risk import RiskStore
from functions.api.identifiers import is_id
from functions.api.ports import UserDirectory
from functions.api.web.problems import not_found, to_problem
from pairtrader.model.bot import Bot
from pairtrader.observability import logger
from pairtrader.storage.cursor import Page
from pairtrader.storage.errors import BadCursor
from pairtrader.storage.risk import STACK, RiskUnknown, bot_owner, user_owner
from pairtrader.storage.users import ListedUser, User, UserFilter

BUDGET_MS = 15_000
"""After this no further page of bots is begun: the function may run for 29 s."""
BOTS_AT_ONCE = 10
USERS_AT_ONCE = 25


class LineOutcome(StrEnum):
    """What has become of one bot."""

    COMMANDED = "commanded"
    STOPPED = "stopped"
    ALREADY_STOPPED = "already_stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class KillLine:
    """What has become of one bot; `code` says why it failed."""

    bot_id: str
    user_id: str
    outcome: LineOutcome
    code: str = ""


@dataclass(frozen=True, slots=True)
class Kill:
    """What a kill has done so far; `cursor` asks for the rest, None at the end."""

    halted: bool
    """Whether it is certain that entries are held back."""
    lines: Sequence[KillLine]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where among all users' bots a kill goes on."""

    users: str | None = None
    """Cursor of the page of users."""
    user_id: str = ""
    """Whose turn it is on that page; empty for the first."""
    bots: str | None = None
    """Cursor among that user's bots."""


_PLACE: TypeAdapter[tuple[str | None, str, str | None]] = TypeAdapter(
    tuple[str | None, str, str | None]
)


class KillSwitch:
    """Kills one bot, all of a user, or all there are.

    Entries are held back first, so that none happens meanwhile. Where that can't be stored the
    bots are killed all the same: a switch must never keep anybody in a position.
    """

    def __init__(
        self,
        bots: Bots,
        commands: BotCommands,
        directory: UserDirectory,
        risk: RiskStore,
        now: Callable[[], int],
    ) -> None:
        self._bots = bots
        self._commands = commands
        self._directory = directory
        self._risk = risk
        self._now = now

    def bot(self, user_id: str, bot_id: str, reason: str) -> Kill:
        """Kill one bot of the user.

        Raises:
            Problem: 404 ``bot_not_found``.
        """
        self._bots.get(user_id, bot_id)
        halted = self._halt(bot_owner(bot_id), reason)
        return Kill(halted, [self._line(user_id, bot_id, reason)])

    def user_of(self, user_id: str) -> User:
        """Return the user of this id.

        Raises:
            Problem: 404 ``user_not_found``.
        """
        user = self._directory.get(user_id) if is_id(user_id) else None
        if user is None:
            raise not_found("user")
        return user

    def user(self, user_id: str, reason: str, cursor: str | None) -> Kill:
        """Kill all bots of the user, from `cursor` on.

        Raises:
            BadCursor: the cursor is not of this kill.
        """
        began, lines = self._now(), list[KillLine]()
        pages = self._pages(user_id, self._bots.list(user_id, BOTS_AT_ONCE, cursor))
        halted = self._halt(user_owner(user_id), reason)
        for page in pages:
            lines += self._lines(page, reason)
            if page.cursor is not None and self._is_over(began):
                return Kill(halted, lines, page.cursor)
        return Kill(halted, lines)

    def everybody(self, reason: str, cursor: str | None) -> Kill:
        """Kill the bots of all users, from `cursor` on.

        Raises:
            BadCursor: the cursor is not of this kill.
        """
        began, lines = self._now(), list[KillLine]()
        place = _place(cursor)
        users = self._directory.list(UserFilter(), USERS_AT_ONCE, place.users)
        halted = self._halt(STACK, reason)
        for page, after in self._walk(place, users):
            lines += self._lines(page, reason)
            if after is not None and self._is_over(began):
                return Kill(halted, lines, _cursor(after))
        return Kill(halted, lines)

    def _walk(
        self, place: _Place, users: Page[ListedUser]
    ) -> Iterator[tuple[Page[Bot], _Place | None]]:
        """Return every page of everybody's bots from `place` on, each with the place after it."""
        while True:
            waiting = _from([user.id for user in users.items], place.user_id)
            for user_id, following in zip_longest(waiting, waiting[1:]):
                start = place.bots if user_id == place.user_id else None
                after = _Place(place.users, following) if following is not None else None
                if after is None and users.cursor is not None:
                    after = _Place(users.cursor)
                for page in self._pages(user_id, self._bots.list(user_id, BOTS_AT_ONCE, start)):
                    rest = page.cursor
                    yield page, after if rest is None else _Place(place.users, user_id, rest)
            if users.cursor is None:
                return
            place = _Place(users.cursor)
            users = self._directory.list(UserFilter(), USERS_AT_ONCE, place.users)

    def _pages(self, user_id: str, page: Page[Bot]) -> Iterator[Page[Bot]]:
        """Return `page` and all pages of the user's bots after it."""
        yield page
        while page.cursor is not None:
            page = self._bots.list(user_id, BOTS_AT_ONCE, page.cursor)
            yield page

    def _halt(self, owner: str, reason: str) -> bool:
        text = f"killed: {reason}" if reason else "killed"
        try:
            self._risk.change_limits(owner, {"halted": True, "halted_reason": text})
        except RiskUnknown:
            logger.exception("a kill could not hold entries back", owner=owner)
            return False
        return True

    def _lines(self, page: Page[Bot], reason: str) -> list[KillLine]:
        return [self._line(b.config.user_id, b.config.bot_id, reason) for b in page.items]

    def _line(self, user_id: str, bot_id: str, reason: str) -> KillLine:
        """Kill one bot; whatever goes wrong with it must not keep the others from being killed."""
        try:
            outcome = self._commands.kill(user_id, bot_id, reason or "no reason given")
        except Exception as error:
            logger.exception("a bot could not be killed", bot_id=bot_id)
            return KillLine(bot_id, user_id, LineOutcome.FAILED, to_problem(error).code)
        return KillLine(bot_id, user_id, LineOutcome(outcome))

    def _is_over(self, began: int) -> bool:
        return self._now() - began >= BUDGET_MS


def _from(users: Sequence[str], user_id: str) -> Sequence[str]:
    """Return `users` from the one named on; all of them where that one is not among them."""
    return users[users.index(user_id) :] if user_id in users else users


def _cursor(place: _Place) -> str:
    raw = json.dumps([place.users, place.user_id, place.bots], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _place(cursor: str | None) -> _Place:
    """Return the place that `cursor` names.

    Raises:
        BadCursor: it names none.
    """
    if cursor is None:
        return _Place()
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return _Place(*_PLACE.validate_json(raw, strict=True))
    except ValueError as error:
        raise BadCursor(cursor) from error
