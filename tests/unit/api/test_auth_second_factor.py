"""The second factor: on, asked for, each code once, off."""

from dataclasses import replace
from typing import Any

import pyotp
import pytest

from functions.api.identity.access_tokens import AccessTokens
from pairtrader.storage.users import User, ended
from tests.fakes.api_world import NOW, PASSWORD, ApiWorld, Caller, FixedKeys


def stored(world: ApiWorld) -> User:
    user = world.users.find("ada")
    assert user is not None
    return user


def enrol(ada: Caller, password: str = PASSWORD) -> Any:
    return ada("POST", "/auth/totp", {"password": password})


class App:
    """An authenticator app over the world's clock."""

    def __init__(self, world: ApiWorld, secret: str) -> None:
        self._world = world
        self._totp = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        return self._totp.generate_otp(self._world.clock.now() // 30_000 + steps)


@pytest.fixture
def app(world: ApiWorld, ada: Caller) -> App:
    """The second factor is on; the code of this moment is used up."""
    app = App(world, enrol(ada).json()["secret"])
    assert ada("POST", "/auth/totp/verify", {"code": app.code()}).status_code == 200
    world.clock.advance(30)
    return app


def first_half(world: ApiWorld) -> Any:
    form = {"username": "ada", "password": PASSWORD}
    return world.client.post("/api/v1/auth/login", data=form)


def finish(world: ApiWorld, mfa_token: str, code: str) -> Any:
    body = {"mfa_token": mfa_token, "code": code}
    return world.client.post("/api/v1/auth/login/totp", json=body)


def recovery_codes(world: ApiWorld, ada: Caller, app: App) -> list[str]:
    body = {"password": PASSWORD, "code": app.code()}
    answer = ada("POST", "/auth/totp/recovery-codes", body)
    assert answer.status_code == 200, answer.text
    world.clock.advance(30)
    codes: list[str] = answer.json()["recovery_codes"]
    return codes


def test_enrolling_tells_an_app_everything_and_changes_no_login_yet(
    world: ApiWorld, ada: Caller
) -> None:
    answer = enrol(ada).json()
    uri = pyotp.parse_uri(answer["otpauth_uri"])
    assert isinstance(uri, pyotp.TOTP)
    assert (uri.secret, uri.issuer, uri.name) == (answer["secret"], "pairtrader", "ada")
    assert answer["secret"] not in stored(world).totp_secret
    assert first_half(world).status_code == 200
    assert ada("GET", "/users/me").json()["totp_enabled"] is False


def test_the_first_right_code_turns_it_on_and_hands_out_recovery_codes(
    world: ApiWorld, ada: Caller
) -> None:
    app = App(world, enrol(ada).json()["secret"])
    answer = ada("POST", "/auth/totp/verify", {"code": app.code()})
    codes = answer.json()["recovery_codes"]
    assert len(set(codes)) == 10
    me = ada("GET", "/users/me").json()
    assert (me["totp_enabled"], me["recovery_codes_left"]) == (True, 10)
    assert not set(codes) & set(stored(world).recovery_digests)


@pytest.mark.parametrize("path", ["", "/verify"])
def test_what_is_on_is_not_turned_on_again(ada: Caller, app: App, path: str) -> None:
    body = {"code": app.code()} if path else {"password": PASSWORD}
    answer = ada("POST", f"/auth/totp{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "totp_enabled")


def test_verifying_needs_an_enrolment_and_enrolling_the_password(ada: Caller) -> None:
    answer = ada("POST", "/auth/totp/verify", {"code": "123456"})
    assert (answer.status_code, answer.json()["code"]) == (409, "totp_not_enrolled")
    answer = enrol(ada, "wrong password")
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")


def test_a_wrong_code_does_not_turn_it_on(world: ApiWorld, ada: Caller) -> None:
    app = App(world, enrol(ada).json()["secret"])
    answer = ada("POST", "/auth/totp/verify", {"code": app.code(5)})
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_totp_code")
    assert not stored(world).totp_enabled


def test_a_login_takes_both_factors(world: ApiWorld, app: App) -> None:
    half = first_half(world)
    assert (half.status_code, half.json()["code"]) == (401, "totp_required")
    assert "access_token" not in half.json()
    whole = finish(world, half.json()["mfa_token"], app.code())
    assert whole.status_code == 200
    me = Caller(world.client, whole.json()["access_token"])("GET", "/users/me")
    assert me.json()["username"] == "ada"


def test_a_wrong_password_is_not_told_of_the_second_factor(world: ApiWorld, app: App) -> None:
    form = {"username": "ada", "password": "wrong password"}
    answer = world.client.post("/api/v1/auth/login", data=form)
    assert answer.json()["code"] == "invalid_credentials"
    assert "mfa_token" not in answer.json()


def test_a_browser_s_second_half_gives_the_cookie_alone(world: ApiWorld, app: App) -> None:
    body = {"mfa_token": first_half(world).json()["mfa_token"], "code": app.code()}
    headers = {"X-Refresh-Token": "cookie"}
    answer = world.client.post("/api/v1/auth/login/totp", json=body, headers=headers)
    assert answer.json()["refresh_token"] is None
    assert "HttpOnly" in answer.headers["set-cookie"]


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 401), (0, 200), (1, 200), (2, 401)])
def test_codes_are_good_one_step_around_and_after_the_last_one_used(
    world: ApiWorld, app: App, steps: int, status: int
) -> None:
    """The code of the step before is the one that verified: used up."""
    mfa_token = first_half(world).json()["mfa_token"]
    assert finish(world, mfa_token, app.code(steps)).status_code == status


def test_a_code_of_the_step_before_is_good_if_no_later_one_was_used(
    world: ApiWorld, app: App
) -> None:
    world.clock.advance(60)
    mfa_token = first_half(world).json()["mfa_token"]
    assert finish(world, mfa_token, app.code(-1)).status_code == 200


def test_a_code_never_works_twice(world: ApiWorld, app: App) -> None:
    mfa_token, code = first_half(world).json()["mfa_token"], app.code()
    assert finish(world, mfa_token, code).status_code == 200
    replayed = finish(world, first_half(world).json()["mfa_token"], code)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "invalid_mfa_code")


def test_of_two_who_use_a_code_at_once_one_gets_through(world: ApiWorld, app: App) -> None:
    mfa_token, code = first_half(world).json()["mfa_token"], app.code()
    overtaking: list[int] = []
    world.users.before_replace = lambda: overtaking.append(
        finish(world, mfa_token, code).status_code
    )
    assert finish(world, mfa_token, code).status_code == 401
    assert overtaking == [200]


def test_recovery_codes_work_once_each_however_they_are_typed(
    world: ApiWorld, ada: Caller, app: App
) -> None:
    codes = recovery_codes(world, ada, app)
    typed = f" {codes[0].upper().replace('-', ' ')} "
    assert finish(world, first_half(world).json()["mfa_token"], typed).status_code == 200
    assert ada("GET", "/users/me").json()["recovery_codes_left"] == 9
    assert finish(world, first_half(world).json()["mfa_token"], codes[0]).status_code == 401
    assert finish(world, first_half(world).json()["mfa_token"], codes[1]).status_code == 200


def test_new_recovery_codes_end_the_old_ones(world: ApiWorld, ada: Caller, app: App) -> None:
    old = recovery_codes(world, ada, app)
    recovery_codes(world, ada, app)
    assert finish(world, first_half(world).json()["mfa_token"], old[0]).status_code == 401


@pytest.mark.parametrize(
    ("password", "code", "problem"),
    [("wrong password", None, "wrong_password"), (PASSWORD, "000000x", "wrong_totp_code")],
)
@pytest.mark.parametrize("path", ["recovery-codes", "disable"])
def test_password_and_code_are_both_needed(
    ada: Caller, app: App, path: str, password: str, code: str | None, problem: str
) -> None:
    body = {"password": password, "code": code or app.code()}
    answer = ada("POST", f"/auth/totp/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (403, problem)


@pytest.mark.parametrize("path", ["recovery-codes", "disable"])
def test_what_is_off_has_no_codes(ada: Caller, path: str) -> None:
    answer = ada("POST", f"/auth/totp/{path}", {"password": PASSWORD, "code": "123456"})
    assert (answer.status_code, answer.json()["code"]) == (409, "totp_not_enabled")


def test_a_recovery_code_makes_no_new_ones(world: ApiWorld, ada: Caller, app: App) -> None:
    code = recovery_codes(world, ada, app)[0]
    answer = ada("POST", "/auth/totp/recovery-codes", {"password": PASSWORD, "code": code})
    assert answer.json()["code"] == "wrong_totp_code"


@pytest.mark.parametrize("by", ["app", "recovery code"])
def test_it_is_turned_off_by_app_or_recovery_code(
    world: ApiWorld, ada: Caller, app: App, by: str
) -> None:
    codes = recovery_codes(world, ada, app)
    code = app.code() if by == "app" else codes[0]
    answer = ada("POST", "/auth/totp/disable", {"password": PASSWORD, "code": code})
    assert answer.status_code == 204
    assert first_half(world).status_code == 200
    user = stored(world)
    assert (user.totp_secret, user.recovery_digests) == ("", ())


def test_the_token_between_the_factors_is_no_access_token(world: ApiWorld, app: App) -> None:
    mfa_token = first_half(world).json()["mfa_token"]
    answer = Caller(world.client, mfa_token)("GET", "/users/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_an_access_token_does_not_stand_for_the_password(
    world: ApiWorld, ada: Caller, app: App
) -> None:
    access_token = ada.headers["Authorization"].removeprefix("Bearer ")
    answer = finish(world, access_token, app.code())
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_mfa_token")


@pytest.mark.parametrize("token", ["x", "a.b.c", "é\x00", "0" * 1024])
def test_what_is_no_token_is_refused(world: ApiWorld, app: App, token: str) -> None:
    assert finish(world, token, app.code()).json()["code"] == "invalid_mfa_token"


def test_the_second_half_has_five_minutes(world: ApiWorld, app: App) -> None:
    mfa_token = first_half(world).json()["mfa_token"]
    world.clock.advance(300)
    assert finish(world, mfa_token, app.code()).json()["code"] == "invalid_mfa_token"


@pytest.mark.parametrize("change", ["epoch", "disabled", "turned off"])
def test_the_second_half_is_for_who_the_user_was_then(
    world: ApiWorld, app: App, change: str
) -> None:
    mfa_token, user = first_half(world).json()["mfa_token"], stored(world)
    world.users.users[user.id] = {
        "epoch": ended(user, NOW),
        "disabled": replace(user, is_active=False),
        "turned off": replace(user, totp_enabled=False),
    }[change]
    assert finish(world, mfa_token, app.code()).json()["code"] == "invalid_mfa_code"


def test_a_token_of_somebody_unknown_is_refused(world: ApiWorld) -> None:
    mfa_token = AccessTokens(FixedKeys(), "test").issue_mfa("nobody", 0, NOW)
    assert finish(world, mfa_token, "123456").json()["code"] == "invalid_mfa_code"


def test_a_secret_that_cannot_be_opened_leaves_the_recovery_codes(
    world: ApiWorld, ada: Caller, app: App
) -> None:
    codes, user = recovery_codes(world, ada, app), stored(world)
    world.users.users[user.id] = replace(user, totp_secret="1.broken")
    mfa_token = first_half(world).json()["mfa_token"]
    assert finish(world, mfa_token, app.code()).status_code == 401
    assert finish(world, mfa_token, codes[0]).status_code == 200


def test_no_secret_shows_in_logs_or_representations(
    world: ApiWorld, ada: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = enrol(ada).json()["secret"]
    code = App(world, secret).code()
    codes = ada("POST", "/auth/totp/verify", {"code": code}).json()["recovery_codes"]
    mfa_token = first_half(world).json()["mfa_token"]
    finish(world, mfa_token, codes[0])
    told = capsys.readouterr().out + repr(stored(world))
    for text in (secret, code, codes[0], mfa_token, stored(world).totp_secret, PASSWORD):
        assert text not in told
