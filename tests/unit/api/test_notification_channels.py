"""Channels of notifications through the API."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from pairtrader.model.events import EventKind
from pairtrader.model.notification import (
    Channel,
    ChannelKind,
    DeliveryRecord,
    MessageKind,
    channel_owner,
    code_owner,
)
from pairtrader.storage.users import Role
from tests.fakes.api_world import NOW, ApiWorld, Caller
from tests.fakes.memory_logins import a_seal

CHANNELS = "/notifications/channels"
TOKEN = "123456789:AAE3-abcdefghijklmnopqrstuvwxyz12345"
WEBHOOK = {"kind": "webhook", "url": "https://example.com/hooks/s3cret-path"}
TELEGRAM = {"kind": "telegram", "bot_token": TOKEN, "chat_id": "-100123"}
EMAIL = {"kind": "email"}


def add(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = caller("POST", CHANNELS, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def stored(world: ApiWorld, channel_id: str) -> Channel:
    [channel] = [each for each in world.channels.channels.values() if each.id == channel_id]
    return channel


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def sent_code(world: ApiWorld) -> str:
    message = world.outbox.sent[-1]
    assert message.kind is MessageKind.CODE
    return a_seal().open(message.sealed_code, code_owner(message.channel_id))


def test_a_webhook_is_told_its_key_once_and_shows_no_path(world: ApiWorld, ada: Caller) -> None:
    made = add(ada, {**WEBHOOK, "label": " ops ", "events": ["fill", "close"], "language": "zh-CN"})

    secret = made.pop("signing_secret")
    assert secret.startswith("whsec_")
    assert made["target"] == "https://example.com/…path"
    assert made["secret_hint"] == f"…{secret[-4:]}"
    assert (made["status"], made["label"], made["events"]) == ("active", "ops", ["fill", "close"])
    shown = ada("GET", f"{CHANNELS}/{made['id']}").json()
    assert shown == made
    channel = stored(world, made["id"])
    owner = channel_owner(channel.id)
    assert a_seal().open(channel.sealed_secret, owner) == secret
    assert a_seal().open(channel.sealed_url, owner) == WEBHOOK["url"]
    assert secret not in str(asdict(channel))
    assert "s3cret" not in str(asdict(channel))


def test_a_telegram_token_never_comes_back(world: ApiWorld, ada: Caller) -> None:
    answer = ada("POST", CHANNELS, TELEGRAM)
    made = answer.json()
    assert (made["target"], made["secret_hint"]) == ("-100123", "…2345")
    assert made["signing_secret"] is None
    assert TOKEN not in answer.text
    channel = stored(world, made["id"])
    assert a_seal().open(channel.sealed_secret, channel_owner(channel.id)) == TOKEN


def test_without_a_choice_all_events_are_sent(ada: Caller) -> None:
    assert add(ada, WEBHOOK)["events"] == [kind.value for kind in EventKind]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"kind": "webhook"}, ["url"]),
        ({"kind": "telegram", "chat_id": "1"}, ["bot_token"]),
        ({"kind": "telegram"}, ["bot_token", "chat_id"]),
        ({"kind": "email", "url": "https://example.com"}, ["url"]),
        ({**TELEGRAM, "url": "https://example.com"}, ["url"]),
        ({**WEBHOOK, "chat_id": "5"}, ["chat_id"]),
        ({**TELEGRAM, "bot_token": "nonsense"}, ["bot_token"]),
        ({**TELEGRAM, "chat_id": "a b"}, ["chat_id"]),
        ({**WEBHOOK, "events": []}, ["events"]),
        ({**WEBHOOK, "events": ["fill", "fill"]}, ["events"]),
        ({**WEBHOOK, "events": ["nothing"]}, ["events.0"]),
        ({**WEBHOOK, "label": "a\x00b"}, ["label"]),
        ({**WEBHOOK, "language": "fr"}, ["language"]),
        ({"kind": "pigeon"}, ["kind"]),
        ({**WEBHOOK, "secret": "mine"}, ["secret"]),
        ({"kind": "email", "email": "other@example.com"}, ["email"]),
    ],
)
def test_what_is_wrong_is_named(
    world: ApiWorld, ada: Caller, body: dict[str, Any], fields: list[str]
) -> None:
    answer = ada("POST", CHANNELS, body)
    assert told(answer) == (422, "invalid_request")
    assert sorted(error["field"] for error in answer.json()["errors"]) == fields
    assert world.channels.channels == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://example.com:8080/hook",
        "https://ada:pw@example.com/hook",
        "https://127.0.0.1/hook",
        "https://127.1/hook",
        "https://2130706433/hook",
        "https://0x7f000001/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://localhost/hook",
        "https://db.internal/hook",
        "https://intranet/hook",
        "ftp://example.com/hook",
        "https:///hook",
        "https://exämple.com/hook",
        "https://example.com/a b",
        "https://example.com:99999/",
        "\x00",
    ],
)
def test_a_webhook_that_may_not_be_reached_is_refused_at_once(
    world: ApiWorld, ada: Caller, url: str
) -> None:
    answer = ada("POST", CHANNELS, {"kind": "webhook", "url": url})
    assert told(answer) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == ["url"]
    assert world.channels.channels == {}


def test_an_eleventh_channel_is_refused_until_one_is_gone(world: ApiWorld, ada: Caller) -> None:
    ids = [add(ada, WEBHOOK)["id"] for _ in range(10)]
    assert told(ada("POST", CHANNELS, WEBHOOK)) == (409, "too_many_channels")
    assert ada("DELETE", f"{CHANNELS}/{ids[0]}").status_code == 204
    assert ada("GET", f"{CHANNELS}/{ids[0]}").status_code == 404
    add(ada, WEBHOOK)
    add(world.user("bob"), WEBHOOK)


def test_two_channels_added_at_once_can_t_pass_the_limit(world: ApiWorld, ada: Caller) -> None:
    add(ada, WEBHOOK)
    [(user_id, quota)] = world.channels.quotas.items()
    stale = replace(quota, channels=0, revision=quota.revision - 1)
    world.channels.quota = lambda _: stale  # type: ignore[method-assign]
    assert told(ada("POST", CHANNELS, WEBHOOK)) == (409, "changed_meanwhile")
    assert world.channels.quotas == {user_id: quota}
    assert len(world.channels.channels) == 1


def test_channels_are_listed_page_by_page(ada: Caller) -> None:
    ids = sorted(add(ada, WEBHOOK)["id"] for _ in range(3))
    first = ada("GET", CHANNELS, params={"limit": 2}).json()
    rest = ada("GET", CHANNELS, params={"limit": 2, "cursor": first["cursor"]}).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == ids
    assert rest["cursor"] is None
    assert told(ada("GET", CHANNELS, params={"cursor": "nonsense"})) == (400, "bad_cursor")


def test_others_channels_are_not_there(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, WEBHOOK)["id"]
    bob = world.user("bob")
    for wrong in (channel_id, "nothing", "%00", "a" * 200, "#quota"):
        path = f"{CHANNELS}/{wrong.replace('#', '%23')}"
        for method, where, body in (
            ("GET", path, None),
            ("PATCH", path, {"label": "mine"}),
            ("DELETE", path, None),
            ("POST", f"{path}/test", None),
            ("POST", f"{path}/verification", None),
            ("POST", f"{path}/verify", {"code": "12345678"}),
            ("POST", f"{path}/secret", None),
        ):
            expected = (404, "notification_channel_not_found")
            assert told(bob(method, where, body)) == expected, (method, where)
    assert ada("GET", f"{CHANNELS}/{channel_id}").status_code == 200
    assert bob("GET", CHANNELS).json()["items"] == []


def test_who_may_only_look_changes_nothing(world: ApiWorld, ada: Caller) -> None:
    reader = world.user("rita", Role.READ_ONLY)
    assert reader("GET", CHANNELS).status_code == 200
    assert told(reader("POST", CHANNELS, WEBHOOK)) == (403, "read_only")


def test_a_channel_is_changed_without_touching_the_rest(world: ApiWorld, ada: Caller) -> None:
    made = add(ada, WEBHOOK)
    before = stored(world, made["id"])

    answer = ada("PATCH", f"{CHANNELS}/{made['id']}", {"label": "new", "is_enabled": False})

    shown = answer.json()
    assert (shown["label"], shown["status"]) == ("new", "disabled")
    after = stored(world, made["id"])
    assert (after.sealed_url, after.sealed_secret) == (before.sealed_url, before.sealed_secret)
    assert after.revision == before.revision + 1
    moved = ada("PATCH", f"{CHANNELS}/{made['id']}", {"url": "https://example.org:8443/x/abcd"})
    assert moved.json()["target"] == "https://example.org:8443/…abcd"
    assert ada("PATCH", f"{CHANNELS}/{made['id']}", {}).status_code == 200


@pytest.mark.parametrize(
    ("made", "body", "field"),
    [
        (WEBHOOK, {"chat_id": "1"}, "chat_id"),
        (TELEGRAM, {"url": "https://example.com/"}, "url"),
        (WEBHOOK, {"url": "https://10.0.0.1/"}, "url"),
        (WEBHOOK, {"kind": "email"}, "kind"),
    ],
)
def test_a_channel_stays_of_its_kind(
    ada: Caller, made: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    answer = ada("PATCH", f"{CHANNELS}/{add(ada, made)['id']}", body)
    assert told(answer) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_channel_switched_off_is_taken_up_again(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, WEBHOOK)["id"]
    channel = stored(world, channel_id)
    for number in range(5):
        world.channels.note_failure(channel.user_id, channel_id, number, "the server answered 404")
    shown = ada("GET", f"{CHANNELS}/{channel_id}").json()
    assert (shown["status"], shown["failures"]) == ("switched_off", 5)
    assert shown["last_error"] == "the server answered 404"

    again = ada("PATCH", f"{CHANNELS}/{channel_id}", {"is_enabled": True}).json()

    assert (again["status"], again["failures"], again["last_error"]) == ("active", 0, "")
    assert stored(world, channel_id).record == DeliveryRecord()


def test_a_new_key_replaces_the_old_one(world: ApiWorld, ada: Caller) -> None:
    made = add(ada, WEBHOOK)
    renewed = ada("POST", f"{CHANNELS}/{made['id']}/secret").json()
    assert renewed["signing_secret"] != made["signing_secret"]
    channel = stored(world, made["id"])
    kept = a_seal().open(channel.sealed_secret, channel_owner(channel.id))
    assert kept == renewed["signing_secret"]
    other = add(ada, TELEGRAM)["id"]
    assert told(ada("POST", f"{CHANNELS}/{other}/secret")) == (409, "no_signing_secret")


def test_a_test_message_is_queued_and_not_twice_in_a_row(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, WEBHOOK)["id"]
    assert ada("POST", f"{CHANNELS}/{channel_id}/test").status_code == 202
    [message] = world.outbox.sent
    assert (message.kind, message.channel_id) == (MessageKind.TEST, channel_id)
    early = ada("POST", f"{CHANNELS}/{channel_id}/test")
    assert told(early) == (429, "too_soon")
    assert early.headers["Retry-After"] == "10"
    world.clock.advance(10)
    assert ada("POST", f"{CHANNELS}/{channel_id}/test").status_code == 202


def test_a_queue_that_does_not_answer_is_told(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, WEBHOOK)["id"]
    world.outbox.is_down = True
    answer = ada("POST", f"{CHANNELS}/{channel_id}/test")
    assert told(answer) == (503, "notifications_unavailable")
    assert answer.headers["Retry-After"] == "60"


# Proof of addresses


def test_an_address_is_proven_by_the_code_sent_there(world: ApiWorld, ada: Caller) -> None:
    made = add(ada, EMAIL)
    assert (made["target"], made["status"]) == ("ada@example.com", "unverified")
    code = sent_code(world)
    assert code not in str(asdict(stored(world, made["id"])))
    assert code not in str(asdict(world.outbox.sent[-1]))

    proven = ada("POST", f"{CHANNELS}/{made['id']}/verify", {"code": code})

    assert (proven.status_code, proven.json()["status"]) == (200, "active")
    again = ada("POST", f"{CHANNELS}/{made['id']}/verify", {"code": code})
    assert told(again) == (409, "already_verified")
    assert told(ada("POST", f"{CHANNELS}/{made['id']}/verification")) == (409, "already_verified")


def test_nothing_but_codes_goes_to_an_unproven_address(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, EMAIL)["id"]
    assert told(ada("POST", f"{CHANNELS}/{channel_id}/test")) == (409, "channel_unverified")
    assert not stored(world, channel_id).is_active


def test_five_wrong_codes_use_a_code_up(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, EMAIL)["id"]
    code = sent_code(world)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(5):
        answer = ada("POST", f"{CHANNELS}/{channel_id}/verify", {"code": wrong})
        assert told(answer) == (422, "wrong_code")
    answer = ada("POST", f"{CHANNELS}/{channel_id}/verify", {"code": code})
    assert told(answer) == (409, "code_used_up")
    world.clock.advance(60)
    assert ada("POST", f"{CHANNELS}/{channel_id}/verification").status_code == 202
    right = ada("POST", f"{CHANNELS}/{channel_id}/verify", {"code": sent_code(world)})
    assert right.status_code == 200


def test_a_code_grows_old(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, EMAIL)["id"]
    code = sent_code(world)
    channel = stored(world, channel_id)
    assert channel.proof is not None
    assert channel.proof.expires_at == NOW + 15 * 60_000
    late = replace(channel.proof, expires_at=NOW)
    world.channels.channels[channel.user_id, channel_id] = replace(channel, proof=late)
    answer = ada("POST", f"{CHANNELS}/{channel_id}/verify", {"code": code})
    assert told(answer) == (409, "code_expired")


@pytest.mark.parametrize("code", ["1234567", "123456789", "12345abc", "\uff11" * 8, ""])
def test_what_is_no_code_costs_no_try(world: ApiWorld, ada: Caller, code: str) -> None:
    channel_id = add(ada, EMAIL)["id"]
    answer = ada("POST", f"{CHANNELS}/{channel_id}/verify", {"code": code})
    assert told(answer) == (422, "invalid_request")
    proof = stored(world, channel_id).proof
    assert proof is not None
    assert proof.tries == 0


def test_codes_are_sent_a_few_times_a_day_however_they_are_asked_for(
    world: ApiWorld, ada: Caller
) -> None:
    channel_id = add(ada, EMAIL)["id"]
    early = ada("POST", f"{CHANNELS}/{channel_id}/verification")
    assert told(early) == (429, "too_soon")
    for _ in range(2):
        world.clock.advance(60)
        assert ada("POST", f"{CHANNELS}/{channel_id}/verification").status_code == 202
    for _ in range(2):  # a channel made anew is no way around
        ada("DELETE", f"{CHANNELS}/{channel_id}")
        channel_id = add(ada, EMAIL)["id"]
    world.clock.advance(60)
    refused = ada("POST", f"{CHANNELS}/{channel_id}/verification")
    assert told(refused) == (429, "too_many_codes")
    assert int(refused.headers["Retry-After"]) > 3600
    ada("DELETE", f"{CHANNELS}/{channel_id}")
    assert told(ada("POST", CHANNELS, EMAIL)) == (429, "too_many_codes")
    [(user_id, quota)] = world.channels.quotas.items()
    world.channels.quotas[user_id] = replace(quota, codes_on="2026-05-31")
    assert add(ada, EMAIL)["status"] == "unverified"
    assert world.channels.quotas[user_id].codes == 1


def test_without_mail_an_e_mail_channel_is_refused(world: ApiWorld, ada: Caller) -> None:
    services = world.app.state.services
    channels = services.channels
    channels._has_mail = False
    assert told(ada("POST", CHANNELS, EMAIL)) == (409, "no_mail")
    assert world.channels.channels == {}


def test_a_channel_changed_meanwhile_is_left_alone(world: ApiWorld, ada: Caller) -> None:
    channel_id = add(ada, WEBHOOK)["id"]
    read = world.channels.get

    def get_then_change(user_id: str, wanted: str) -> Channel | None:
        found = read(user_id, wanted)
        if found is not None:
            key = (user_id, wanted)
            world.channels.channels[key] = replace(found, revision=found.revision + 1)
        return found

    world.channels.get = get_then_change  # type: ignore[method-assign]
    answer = ada("PATCH", f"{CHANNELS}/{channel_id}", {"label": "x"})
    assert told(answer) == (409, "changed_meanwhile")


def test_a_channel_does_not_tell_its_secrets_when_it_is_printed(
    world: ApiWorld, ada: Caller
) -> None:
    channel_id = add(ada, WEBHOOK)["id"]
    text = repr(stored(world, channel_id))
    assert text == f"Channel({channel_id!r}, {ChannelKind.WEBHOOK!r})"
