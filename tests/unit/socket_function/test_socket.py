"""Connections: who may open one, what they may ask for, and when they end."""

import hashlib
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from functions.socket import handler as entry
from functions.socket.connections import (
    LEASE_SECONDS,
    LIFETIME_SECONDS,
    MAX_SUBSCRIPTIONS,
    Connections,
)
from functions.socket.credentials import Credentials
from pairtrader.storage.api_tokens import ApiToken
from pairtrader.storage.connections import Holder, bot_topic, jobs_topic, user_topic
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.sockets import ConnectionGone, NotDelivered
from pairtrader.storage.users import Role, User
from tests.fakes.memory_connections import MemoryConnections
from tests.fakes.trading_desk import BOT, USER, TradingDesk
from tests.fakes.watched_bots import FakeWatchedBots

NOW = 1_767_225_600
TICKET = "a ticket"
SESSION = Holder(USER, "family", "session")
TOKEN = Holder(USER, "token", "read")


class FakeSockets:
    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.closed: list[str] = []
        self.error: Exception | None = None

    def send(self, connection_id: str, frame: str) -> None:
        if self.error is not None:
            raise self.error
        self.told.append((connection_id, json.loads(frame)))

    def close(self, connection_id: str) -> None:
        self.closed.append(connection_id)


class SocketDesk:
    """The WebSocket function over memory: a user with a bot, a login and an API token."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.store, self.bots, self.sockets = MemoryConnections(), FakeWatchedBots(), FakeSockets()
        bot = TradingDesk().bot
        other = replace(bot, config=replace(bot.config, bot_id="other", user_id="somebody"))
        self.bots.bots = {BOT: bot, "other": other}
        self.user = User(USER, "ada", "ada@example.com", "", Role.READ_ONLY, True, 0, 0)
        self.family = TokenFamily("family", USER, "", "", 0, 0, NOW + 86_400)
        self.token = ApiToken("token", USER, "script", "read", "", 0, 0)
        judge = Credentials(
            SimpleNamespace(get=lambda key: self.user if key == USER else None),
            SimpleNamespace(get=lambda key: self.family if key == "family" else None),
            SimpleNamespace(get=lambda key: self.token if key == "token" else None),
        )
        connections = Connections(self.store, self.bots, self.bots, judge, lambda: self.now)
        monkeypatch.setattr(entry, "connections", lambda: connections)
        monkeypatch.setattr(entry, "sockets", lambda: self.sockets)

    def event(self, kind: str, connection_id: str, **rest: Any) -> int:
        event = {"requestContext": {"eventType": kind, "connectionId": connection_id}, **rest}
        status: int = entry.handler(event, Context)["statusCode"]
        return status

    def ticket(self, text: str = TICKET, holder: Holder = SESSION) -> None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.store.add_ticket(digest, holder, self.now + 30)

    def connect(self, connection_id: str = "c1", ticket: str = TICKET) -> int:
        query = {"queryStringParameters": {"ticket": ticket}}
        return self.event("CONNECT", connection_id, **query)

    def opened(self, connection_id: str = "c1", holder: Holder = SESSION) -> None:
        self.ticket(holder=holder)
        assert self.connect(connection_id) == 200

    def say(self, text: str, connection_id: str = "c1") -> Any:
        """Send a frame and return the answer."""
        assert self.event("MESSAGE", connection_id, body=text) == 200
        return self.sockets.told[-1][1] if self.sockets.told else None

    def ask(self, connection_id: str = "c1", **values: Any) -> Any:
        return self.say(json.dumps(values), connection_id)

    def end_session(self) -> None:
        self.family = replace(self.family, epoch=self.user.epoch + 1)


Context: Any = SimpleNamespace(
    function_name="socket", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r"
)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> SocketDesk:
    return SocketDesk(monkeypatch)


# Opening


@pytest.mark.parametrize("holder", [SESSION, TOKEN], ids=["a login", "an API token"])
def test_a_ticket_opens_one_connection(desk: SocketDesk, holder: Holder) -> None:
    desk.ticket(holder=holder)
    assert desk.connect("c1") == 200
    assert desk.connect("c2") == 401
    assert desk.store.connections == {"c1": (holder, NOW + LIFETIME_SECONDS)}


@pytest.mark.parametrize("query", [None, {}, {"ticket": ""}, {"ticket": "guessed"}])
def test_no_connection_without_a_ticket(desk: SocketDesk, query: dict[str, str] | None) -> None:
    desk.ticket()
    assert desk.event("CONNECT", "c1", queryStringParameters=query) == 401
    assert desk.store.connections == {}


def test_a_ticket_lasts_thirty_seconds(desk: SocketDesk) -> None:
    desk.ticket()
    desk.now += 30
    assert desk.connect() == 401


def test_a_ticket_of_a_login_that_has_ended_meanwhile_opens_nothing(desk: SocketDesk) -> None:
    desk.ticket()
    desk.end_session()
    assert desk.connect() == 401


def test_the_ticket_is_never_logged(desk: SocketDesk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.connect(ticket="very-secret-ticket")
    assert "very-secret-ticket" not in capsys.readouterr().out


# Subscribing


def test_a_subscriber_is_told_the_number_to_go_on_from(desk: SocketDesk) -> None:
    desk.opened()
    desk.store.numbers(bot_topic(BOT), 7, NOW)
    answer = desk.ask(action="subscribe", bot_id=BOT)
    assert answer == {"type": "subscribed", "bot_id": BOT, "seq": 7}
    assert desk.store.members == {bot_topic(BOT): {"c1": NOW + LEASE_SECONDS}}
    assert desk.bots.marks == {BOT: "mark1"}


def test_every_subscription_sets_another_mark(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    desk.ask(action="subscribe", bot_id=BOT)
    assert desk.bots.marks == {BOT: "mark2"}


def test_the_subscription_is_there_before_the_mark(desk: SocketDesk) -> None:
    desk.opened()
    seen: list[dict[str, dict[str, int]]] = []
    desk.bots.before_mark = lambda: seen.append(json.loads(json.dumps(desk.store.members)))
    desk.ask(action="subscribe", bot_id=BOT)
    assert seen == [{bot_topic(BOT): {"c1": NOW + LEASE_SECONDS}}]


@pytest.mark.parametrize("bot_id", ["other", "nobody", "CONFIG"])
def test_somebody_elses_bot_looks_like_none(desk: SocketDesk, bot_id: str) -> None:
    desk.opened()
    answer = desk.ask(action="subscribe", bot_id=bot_id)
    assert (answer["type"], answer["code"], answer["bot_id"]) == ("error", "bot_not_found", bot_id)
    assert (desk.store.members, desk.bots.marks) == ({}, {})


def test_a_bot_deleted_meanwhile_leaves_no_subscription(desk: SocketDesk) -> None:
    desk.opened()
    desk.bots.before_mark = desk.bots.bots.clear
    assert desk.ask(action="subscribe", bot_id=BOT)["code"] == "bot_not_found"
    assert desk.store.members == {bot_topic(BOT): {}}


def test_all_bots_are_the_user_s_own(desk: SocketDesk) -> None:
    desk.opened()
    answer = desk.ask(action="subscribe", bot_id="*")
    assert answer == {"type": "subscribed", "bot_id": "*", "seq": 0}
    assert desk.store.members == {user_topic(USER): {"c1": NOW + LEASE_SECONDS}}
    assert set(desk.bots.marks) == {BOT}


def test_subscriptions_of_a_connection_are_bounded(desk: SocketDesk) -> None:
    desk.opened()
    for number in range(MAX_SUBSCRIPTIONS - 1):
        desk.store.subscribe("c1", bot_topic(f"b{number}"), NOW + 60)
    assert desk.ask(action="subscribe", bot_id=BOT)["type"] == "subscribed"
    assert desk.ask(action="subscribe", bot_id="*")["code"] == "too_many_subscriptions"
    assert desk.ask(action="subscribe", bot_id=BOT)["type"] == "subscribed"
    desk.ask(action="unsubscribe", bot_id=BOT)
    assert desk.ask(action="subscribe", bot_id="*")["type"] == "subscribed"


def test_who_unsubscribes_hears_no_more(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    answer = desk.ask(action="unsubscribe", bot_id=BOT)
    assert answer == {"type": "unsubscribed", "bot_id": BOT}
    assert desk.store.members == {bot_topic(BOT): {}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        '{"action": 1}',
        '{"action": "dance"}',
        '{"action": "subscribe"}',
        '{"action": "subscribe", "bot_id": 7}',
        '{"action": "subscribe", "bot_id": ""}',
        '{"action": "subscribe", "topic": "bots"}',
        '{"action": "subscribe", "topic": "backtests", "bot_id": "*"}',
        '{"action": "unsubscribe", "topic": null}',
        '{"action": "subscribe", "bot_id": "a#b"}',
        '{"action": "subscribe", "bot_id": "a\\u0000"}',
        json.dumps({"action": "ping", "more": "x" * 5_000}),
    ],
)
def test_what_is_not_understood_is_answered_and_harms_nothing(desk: SocketDesk, text: str) -> None:
    desk.opened()
    answer = desk.say(text)
    assert (answer["type"], answer["code"]) == ("error", "bad_frame")
    assert (desk.store.members, desk.sockets.closed) == ({}, [])


# Backtests and analyses


def test_a_user_hears_of_his_own_backtests_and_nothing_is_marked(desk: SocketDesk) -> None:
    desk.opened()
    desk.store.numbers(jobs_topic(USER), 7, NOW)
    answer = desk.ask(action="subscribe", topic="backtests")
    assert answer == {"type": "subscribed", "topic": "backtests", "seq": 7}
    assert desk.store.members == {jobs_topic(USER): {"c1": NOW + LEASE_SECONDS}}
    assert desk.bots.marks == {}


def test_a_ping_prolongs_a_subscription_to_backtests(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", topic="backtests")
    desk.now += LEASE_SECONDS
    assert desk.ask(action="ping") == {"type": "pong", "bot_ids": [], "topics": ["backtests"]}
    assert desk.store.members == {jobs_topic(USER): {"c1": desk.now + LEASE_SECONDS}}
    assert desk.bots.marks == {}


def test_a_subscription_to_backtests_ends(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", topic="backtests")
    answer = desk.ask(action="unsubscribe", topic="backtests")
    assert answer == {"type": "unsubscribed", "topic": "backtests"}
    assert not any(desk.store.members.values())


# Staying


def test_a_ping_prolongs_all_subscriptions(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    desk.ask(action="subscribe", bot_id="*")
    marks = dict(desk.bots.marks)
    desk.now += 300
    assert desk.ask(action="ping") == {"type": "pong", "bot_ids": ["*", BOT], "topics": []}
    until = {"c1": NOW + 300 + LEASE_SECONDS}
    assert desk.store.members == {bot_topic(BOT): until, user_topic(USER): until}
    assert desk.bots.marks == marks


def test_a_ping_after_the_lease_marks_the_bot_anew(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    desk.now += LEASE_SECONDS
    desk.bots.marks.clear()  # the push function has found nobody
    desk.ask(action="ping")
    assert desk.bots.marks == {BOT: "mark2"}


@pytest.mark.parametrize("frame", ['{"action": "ping"}', "hello"])
@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("disabled", {"user": {"is_active": False}}),
        ("logged out everywhere", {"user": {"epoch": 1}}),
        ("logged out", {"family": None}),
        ("the login ran out", {"family": {"expires_at": NOW}}),
        ("another user's login", {"family": {"user_id": "somebody"}}),
    ],
)
def test_a_login_that_has_ended_ends_its_connections(
    desk: SocketDesk, frame: str, story: str, change: dict[str, Any]
) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    for name, changes in change.items():
        setattr(desk, name, changes and replace(getattr(desk, name), **changes))
    assert desk.say(frame)["code"] == "session_ended", story
    assert desk.sockets.closed == ["c1"]
    assert (desk.store.connections, desk.store.members) == ({}, {bot_topic(BOT): {}})


@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("disabled", {"user": {"is_active": False}}),
        ("another token epoch", {"user": {"token_epoch": 1}}),
        ("deleted", {"token": None}),
        ("run out", {"token": {"expires_at": NOW}}),
        ("somebody else's", {"token": {"user_id": "somebody"}}),
    ],
)
def test_a_token_that_has_ended_ends_its_connections(
    desk: SocketDesk, story: str, change: dict[str, Any]
) -> None:
    desk.opened(holder=TOKEN)
    for name, changes in change.items():
        setattr(desk, name, changes and replace(getattr(desk, name), **changes))
    assert desk.ask(action="ping")["code"] == "session_ended", story


def test_an_api_token_outlives_its_users_logins(desk: SocketDesk) -> None:
    desk.opened(holder=TOKEN)
    desk.user = replace(desk.user, epoch=1)
    desk.token = replace(desk.token, expires_at=NOW + 1)
    assert desk.ask(action="ping")["type"] == "pong"


def test_a_connection_that_is_not_known_is_closed(desk: SocketDesk) -> None:
    assert desk.ask("c9", action="ping")["code"] == "session_ended"
    assert desk.sockets.closed == ["c9"]


def test_a_connection_that_ends_leaves_nothing(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    assert desk.event("DISCONNECT", "c1") == 200
    assert (desk.store.connections, desk.store.members) == ({}, {bot_topic(BOT): {}})


def test_a_client_gone_before_its_answer_is_forgotten(desk: SocketDesk) -> None:
    desk.opened()
    desk.ask(action="subscribe", bot_id=BOT)
    desk.sockets.error = ConnectionGone("c1")
    desk.ask(action="ping")
    assert (desk.store.connections, desk.store.members) == ({}, {bot_topic(BOT): {}})


def test_an_answer_not_delivered_ends_nothing(desk: SocketDesk) -> None:
    desk.opened()
    desk.sockets.error = NotDelivered("c1")
    desk.ask(action="subscribe", bot_id=BOT)
    assert desk.store.members == {bot_topic(BOT): {"c1": NOW + LEASE_SECONDS}}
