"""Who has done what: the audit log through the API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant

from functions.api.web.audited import Audited, Noted
from functions.api.web.openapi import METHODS, endpoints
from pairtrader.storage.audit_log import AuditEntry, Outcome
from pairtrader.storage.users import Role
from tests.fakes.api_world import BOOTSTRAP_TOKEN, NOW, PASSWORD, ApiWorld, Caller, bot_body

EXEMPT = {
    "refresh": "goes on with a session every few minutes; the login that began it is audited",
    "logout": "ends the session of whoever holds its token, and asks nobody's name",
    "preview_bot": "only reckons",
    "create_ticket": "opens a connection that only reads",
    "update_settings": "what a user likes to see moves nothing",
}


@pytest.fixture
def root(world: ApiWorld) -> Caller:
    return world.user("root", Role.ADMIN)


@pytest.fixture
def bot_id(world: ApiWorld, ada: Caller) -> str:
    bot_id = ada.bot(ada.account())
    world.audit.records.clear()
    return bot_id


def id_of(world: ApiWorld, name: str) -> str:
    user = world.users.find(name)
    assert user is not None
    return user.id


def log_in(world: ApiWorld, name: str, password: str = PASSWORD) -> Any:
    form = {"username": name, "password": password}
    return world.client.post("/api/v1/auth/login", data=form, headers={"User-Agent": "Ada's"})


def last(world: ApiWorld) -> tuple[AuditEntry, Outcome | None]:
    record = world.audit.last()
    return record.entry, record.outcome


def actions(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["action"] for item in answer.json()["items"]]


# Every way to change something


def calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from calls(each)


def changing(app: FastAPI) -> Iterator[tuple[str, Dependant]]:
    for context in endpoints(app.routes):
        if set(context.methods or ()) & {m.upper() for m in METHODS} - {"GET"}:
            yield context.name, context.dependant


def test_whatever_changes_something_is_audited_or_says_why_not(world: ApiWorld) -> None:
    audited = {
        name: [call for call in calls(dependant) if isinstance(call, Audited | Noted)]
        for name, dependant in changing(world.app)
    }
    assert len(audited) > 20
    unaudited = {name for name, found in audited.items() if not found}
    assert unaudited == set(EXEMPT)
    assert all(len(found) <= 1 for found in audited.values())


def test_an_audited_object_is_one_of_the_path(world: ApiWorld) -> None:
    for context in endpoints(world.app.routes):
        for call in calls(context.dependant):
            if isinstance(call, Audited) and call.object_param:
                assert f"{{{call.object_param}}}" in context.path_format, context.name


# What is written down


def test_an_action_is_written_down_with_its_outcome(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada.headers["User-Agent"] = "a script\x7f"
    answer = ada("PUT", f"/bots/{bot_id}", {"profit_ratio": 2.5, "bot_name": "secret plan"})
    assert answer.status_code == 200
    entry, outcome = last(world)
    assert (entry.action, entry.object_kind, entry.object_id) == ("bot.change", "bot", bot_id)
    assert (entry.at, entry.user_id) == (NOW, id_of(world, "ada"))
    assert (entry.actor.user_id, entry.actor.name) == (id_of(world, "ada"), "ada")
    assert (entry.actor.credential, entry.actor.address) == ("session", "testclient")
    assert entry.actor.user_agent == "a script?"
    assert entry.details == {"fields": "bot_name, profit_ratio"}
    assert entry.request_id == answer.headers["X-Request-Id"]
    assert outcome == Outcome(200, "", NOW)


def test_what_was_made_is_named(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    entry, outcome = last(world)
    assert entry.action == "account.add"
    assert outcome == Outcome(201, "", NOW, account_id)
    bot_id = ada.bot(account_id)
    assert world.audit.last().outcome == Outcome(201, "", NOW, bot_id)
    [made, _] = ada("GET", "/audit").json()["items"]
    assert (made["object_id"], made["made_id"]) == ("", bot_id)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/bots/nothing/start", None, 404, "bot_not_found"),
        ("POST", "/bots/{}/close", None, 409, "invalid_transition"),
        ("PUT", "/bots/{}", {"leverage": "much"}, 422, "invalid_request"),
        ("POST", "/bots/{}/resolve", {"action": "hope"}, 422, "invalid_request"),
        ("PUT", "/risk/stack", {"halted": True}, 403, "admin_required"),
    ],
)
def test_a_refusal_of_somebody_known_is_written_down(
    world: ApiWorld, ada: Caller, bot_id: str, method: str, path: str, body: Any, status: int,
    code: str,
) -> None:  # fmt: skip
    assert ada(method, path.format(bot_id), body).status_code == status
    _, outcome = last(world)
    assert outcome == Outcome(status, code, NOW)


def test_nobody_known_writes_nothing(world: ApiWorld, bot_id: str) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    assert world.client.post(f"/api/v1/bots/{bot_id}/start").status_code == 401
    assert world.client.post(f"/api/v1/bots/{bot_id}/start", headers=headers).status_code == 401
    assert world.audit.records == {}


def test_looking_writes_nothing(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    for path in ("/bots", f"/bots/{bot_id}", "/risk", "/audit", "/users/me"):
        assert ada("GET", path).status_code == 200
    assert world.audit.records == {}


def test_an_api_token_is_told_from_a_session(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    made = ada("POST", "/auth/tokens", {"name": "script", "scope": "trade"}).json()
    script = Caller(world.client, made["token"])
    script("POST", f"/bots/{bot_id}/pause")
    actor = world.audit.last().entry.actor
    assert (actor.credential, actor.credential_id) == ("api_token", made["id"])


def test_what_an_administrator_does_stands_with_whom_it_concerns(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": False, "role": "read_only"})
    entry, _ = last(world)
    assert (entry.user_id, entry.object_id) == (id_of(world, "ada"), id_of(world, "ada"))
    assert entry.actor.name == "root"
    assert entry.details == {
        "is_active": "false", "role": "read_only", "fields": "is_active, role",
    }  # fmt: skip


def test_nobody_else_s_log_is_written_to_by_naming_them(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    bob = world.user("bob")
    bob("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": False})
    assert world.audit.last().entry.user_id == id_of(world, "bob")


def test_a_crash_is_an_outcome(
    world: ApiWorld, ada: Caller, bot_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.bots, "load", lambda _: 1 / 0)
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 500
    assert world.audit.last().outcome == Outcome(500, "internal_error", NOW)


# Secrets


SECRETS = ("my-api-key-0123", "my-api-secret-0123", "my-passphrase-0123", PASSWORD, "pt_")


def test_no_secret_gets_into_the_log(world: ApiWorld, ada: Caller, root: Caller) -> None:
    key, secret, passphrase, *_ = SECRETS
    keys = {"api_key": key, "api_secret": secret, "passphrase": passphrase}
    ada("POST", "/exchanges", {"exchange_name": "okx", "mode": "live", "label": "real", **keys})
    token = ada("POST", "/auth/tokens", {"name": "script", "scope": "read"}).json()["token"]
    ada("POST", "/auth/totp", {"password": PASSWORD})
    ada("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "not this either"})
    log_in(world, "ada", "a wrong password that is long")
    reset = root("POST", f"/users/{id_of(world, 'ada')}/reset", {}).json()["reset_token"]
    world.client.post("/api/v1/auth/reset", json={"token": reset, "new_password": "nor this one!"})
    written = repr(world.audit.records)
    assert len(world.audit.records) == 7
    hidden = (
        *SECRETS, token, reset.split(".")[1], "not this either", "a wrong password", "nor this",
    )  # fmt: skip
    assert [text for text in hidden if text in written] == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"halted": True, "halted_reason": "my password is x"}, "halted=true"),
        ({"halted": "a text with blanks"}, ""),
        ({"halted": ["x"]}, ""),
        ({"Strange Name": 1, "x" * 50: 2, "\x00": 3}, ""),
        ([1, 2], ""),
        ("text", ""),
    ],
)
def test_of_a_body_only_harmless_words_are_told(
    world: ApiWorld, ada: Caller, body: Any, told: str
) -> None:
    ada("PUT", "/risk", body)
    details = dict(world.audit.last().entry.details)
    fields = details.pop("fields", "")
    assert ",".join(f"{name}={value}" for name, value in details.items()) == told
    assert fields in ("", "halted", "halted, halted_reason")


# Before anything is done


def test_the_entry_is_there_before_the_action(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    seen: list[Any] = []
    world.audit.after_add = lambda _: seen.append(world.bots.peek(bot_id).config.settings.bot_name)
    ada("PUT", f"/bots/{bot_id}", {"bot_name": "another"})
    assert seen == ["gala against chz"]
    assert world.bots.peek(bot_id).config.settings.bot_name == "another"


def test_what_cannot_be_written_down_is_not_done(
    world: ApiWorld, ada: Caller, root: Caller, bot_id: str
) -> None:
    world.audit.unreachable = True
    user_id = id_of(world, "ada")
    before = (world.users.users.copy(), world.families.families.copy(), world.bots.peek(bot_id))
    for answer in (
        ada("PUT", f"/bots/{bot_id}", {"bot_name": "another"}),
        ada("POST", f"/bots/{bot_id}/start"),
        ada("DELETE", f"/bots/{bot_id}"),
        ada("PUT", "/risk", {"halted": False}),
        ada("POST", "/bots", bot_body("x")),
        root("PATCH", f"/users/{user_id}", {"is_active": False}),
        root("POST", f"/users/{user_id}/reset", {}),
        log_in(world, "ada"),
        log_in(world, "nobody"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
        assert answer.headers["Retry-After"] == "5"
    after = (world.users.users, world.families.families, world.bots.peek(bot_id))
    assert after == before
    assert world.risk.limits == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/bots/{}/close", None),
        ("/bots/{}/stop", {"position": "close"}),
        ("/bots/{}/kill", None),
        ("/kill", {"scope": "mine", "position": "close"}),
    ],
)
def test_nobody_is_kept_in_a_position_by_a_log(
    world: ApiWorld, ada: Caller, bot_id: str, path: str, body: Any
) -> None:
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200
    world.open_cycle(bot_id)
    world.audit.unreachable = True
    assert ada("POST", path.format(bot_id), body).status_code == 202
    assert world.bots.peek(bot_id).state.command is not None


def test_a_lost_outcome_is_unknown_and_breaks_nothing(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.audit.loses_outcomes = True
    assert ada("PUT", "/risk", {"halted": True}).status_code == 200
    [shown] = ada("GET", "/audit").json()["items"]
    assert (shown["result"], shown["status"], shown["concluded_at"]) == ("under_way", None, None)
    world.clock.advance(30)
    assert ada("GET", "/audit").json()["items"][0]["result"] == "unknown"


# Logins


def test_logins_stand_with_the_user_whether_they_succeed_or_not(
    world: ApiWorld, ada: Caller
) -> None:
    assert log_in(world, "ada", "wrong password").status_code == 401
    assert log_in(world, "ADA@example.com").status_code == 200
    failed, succeeded = world.audit.records.values()
    for record in (failed, succeeded):
        assert (record.entry.action, record.entry.user_id) == ("auth.login", id_of(world, "ada"))
        assert (record.entry.actor.user_id, record.entry.actor.user_agent) == ("", "Ada's")
    assert failed.outcome == Outcome(401, "invalid_credentials", NOW)
    assert succeeded.outcome == Outcome(200, "", NOW)
    assert [item["actor"]["address"] for item in ada("GET", "/audit").json()["items"]] == [
        "testclient"
    ] * 2


def test_a_login_by_a_name_that_nobody_has_is_nobody_s(world: ApiWorld, root: Caller) -> None:
    log_in(world, "my-password-by-mistake")
    entry, outcome = last(world)
    assert (entry.user_id, entry.actor.name) == ("", "")
    assert outcome is not None
    assert outcome.code == "invalid_credentials"
    assert "by-mistake" not in repr(world.audit.records)
    assert actions(root("GET", "/audit?everybody=true")) == ["auth.login"]


def test_logins_refused_unread_are_not_written_down(world: ApiWorld, ada: Caller) -> None:
    for _ in range(12):
        log_in(world, "ada", "wrong password")
    assert len(world.audit.records) == 10


def test_new_users_are_written_down(world: ApiWorld) -> None:
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    made = world.client.post("/api/v1/auth/register", json=body).json()
    assert world.audit.last().entry.action == "user.register"
    assert world.audit.last().outcome == Outcome(201, "", NOW, made["id"])
    first = {**body, "username": "root", "email": "r@example.com", "token": BOOTSTRAP_TOKEN}
    assert world.client.post("/api/v1/auth/bootstrap", json=first).status_code == 201
    assert world.audit.last().entry.action == "user.bootstrap"
    assert BOOTSTRAP_TOKEN not in repr(world.audit.records)


# Reading


@pytest.fixture
def two_users(world: ApiWorld, ada: Caller, root: Caller) -> Caller:
    bob = world.user("bob")
    world.audit.records.clear()
    ada("PUT", "/risk", {"halted": True})
    bob("PUT", "/risk", {"halted": True})
    root("PATCH", f"/users/{id_of(world, 'ada')}", {"role": "read_only"})
    return bob


def test_users_see_what_concerns_them(world: ApiWorld, ada: Caller, two_users: Caller) -> None:
    assert actions(ada("GET", "/audit")) == ["user.change", "risk.change"]
    assert actions(ada("GET", f"/audit?user_id={id_of(world, 'ada')}")) == [
        "user.change", "risk.change",
    ]  # fmt: skip
    assert actions(two_users("GET", "/audit")) == ["risk.change"]


@pytest.mark.parametrize("query", ["everybody=true", "user_id={}", "user_id=x", "user_id=%00"])
def test_users_do_not_see_what_concerns_others(
    world: ApiWorld, ada: Caller, two_users: Caller, query: str
) -> None:
    answer = two_users("GET", f"/audit?{query.format(id_of(world, 'ada'))}")
    assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")


def test_administrators_see_everything(
    world: ApiWorld, ada: Caller, root: Caller, two_users: Caller
) -> None:
    assert actions(root("GET", "/audit")) == []
    assert actions(root("GET", "/audit?everybody=true")) == [
        "user.change", "risk.change", "risk.change",
    ]  # fmt: skip
    assert actions(root("GET", f"/audit?user_id={id_of(world, 'bob')}")) == ["risk.change"]
    assert actions(root("GET", "/audit?user_id=%00")) == []


def test_of_others_only_the_name_is_shown(
    world: ApiWorld, ada: Caller, root: Caller, two_users: Caller
) -> None:
    theirs, own = (item["actor"] for item in ada("GET", "/audit").json()["items"])
    assert theirs == {
        "user_id": id_of(world, "root"), "name": "root", "credential": "session",
        "credential_id": "", "address": "", "user_agent": "",
    }  # fmt: skip
    assert own["address"] == "testclient"
    seen = root("GET", "/audit?everybody=true").json()["items"][2]["actor"]
    assert seen["address"] == "testclient"


def test_the_log_is_read_page_by_page(world: ApiWorld, ada: Caller) -> None:
    for number in range(3):
        ada("PUT", "/risk", {"halted": bool(number % 2)})
    first = ada("GET", "/audit?limit=2").json()
    rest = ada("GET", f"/audit?limit=2&cursor={first['cursor']}").json()
    assert [len(first["items"]), len(rest["items"]), rest["cursor"]] == [2, 1, None]
    assert ada("GET", "/audit?cursor=nonsense").json()["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("action=risk.", ["risk.change"]),
        ("action=risk.change", ["risk.change"]),
        ("action=bot.", []),
        ("since=2026-06-01T12:00:00Z", ["user.change", "risk.change"]),
        ("since=2026-06-01T12:00:01Z", []),
        ("until=2026-06-01T12:00:00Z", []),
        ("until=2026-06-01T14:00:01%2B02:00", ["user.change", "risk.change"]),
        ("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", ["user.change", "risk.change"]),
    ],
)
def test_the_log_is_filtered(ada: Caller, two_users: Caller, query: str, found: list[str]) -> None:
    assert actions(ada("GET", f"/audit?{query}")) == found


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-06-01T12:00:00", "until=yesterday", "action=BOT", "action=%00", "limit=0",
        "everybody=2",
    ],
)  # fmt: skip
def test_questions_that_make_no_sense_are_named(ada: Caller, query: str) -> None:
    answer = ada("GET", f"/audit?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


def test_by_default_a_year_is_shown(world: ApiWorld, ada: Caller) -> None:
    ada("PUT", "/risk", {"halted": True})
    year = round(datetime(2027, 6, 1, 11, tzinfo=UTC).timestamp() * 1000) - NOW
    world.clock.advance(year / 1000)
    fresh = Caller(world.client, log_in(world, "ada").json()["access_token"])
    assert actions(fresh("GET", "/audit")) == ["auth.login", "risk.change"]
    world.clock.advance(7200)
    again = Caller(world.client, log_in(world, "ada").json()["access_token"])
    assert actions(again("GET", "/audit")) == ["auth.login", "auth.login"]
