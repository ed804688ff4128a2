"""Guessing: counted before each try, per account and per address; and where requests come from."""

from typing import Any

import pytest
from starlette.requests import Request

from functions.api.identity import logins, second_factor
from functions.api.identity.throttling import LIMITS, Subject, Throttle
from functions.api.web.client_address import VIEWER, client_address, network_of
from tests.fakes.api_world import BOOTSTRAP_TOKEN, NOW, PASSWORD, ApiWorld, Caller
from tests.fakes.memory_logins import MemoryAttempts

LOGIN = LIMITS[Subject.LOGIN]
ADDRESS = LIMITS[Subject.ADDRESS]


def log_in(world: ApiWorld, name: str = "ada", password: str = "wrong password") -> Any:
    form = {"username": name, "password": password}
    return world.client.post("/api/v1/auth/login", data=form)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords are compared at once; the list tells how often."""
    compared: list[str] = []

    def matches(password: str, stored: str | None) -> bool:
        compared.append(password)
        return stored is not None and password == PASSWORD

    monkeypatch.setattr(logins, "password_matches", matches)
    monkeypatch.setattr(second_factor, "password_matches", matches)
    return compared


@pytest.mark.parametrize("name", ["ada", "nobody", "nobody@example.com", "x" * 500, "é\x00"])
def test_an_account_has_so_many_guesses_whether_it_exists_or_not(
    world: ApiWorld, ada: Caller, fast: list[str], name: str
) -> None:
    for _ in range(LOGIN.attempts):
        assert log_in(world, name).json()["code"] == "invalid_credentials"
    refused = log_in(world, name.upper())
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert int(refused.headers["Retry-After"]) == LOGIN.seconds
    assert len(fast) == LOGIN.attempts, "what is refused costs no hash"


def test_the_right_password_is_not_heard_either_until_the_window_ends(
    world: ApiWorld, ada: Caller, fast: list[str]
) -> None:
    for _ in range(LOGIN.attempts):
        log_in(world)
    world.clock.advance(LOGIN.seconds - 1)
    refused = log_in(world, password=PASSWORD)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    world.clock.advance(1)
    assert log_in(world, password=PASSWORD).status_code == 200


def test_a_login_makes_the_wrong_ones_forgotten(
    world: ApiWorld, ada: Caller, fast: list[str]
) -> None:
    for _ in range(3):
        for _ in range(LOGIN.attempts - 1):
            assert log_in(world).status_code == 401
        assert log_in(world, password=PASSWORD).status_code == 200


def test_an_address_has_so_many_guesses_over_all_accounts(
    world: ApiWorld, ada: Caller, fast: list[str]
) -> None:
    for number in range(ADDRESS.attempts):
        assert log_in(world, f"user{number}").status_code == 401
    assert log_in(world, "ada", PASSWORD).status_code == 429


def test_what_succeeds_does_not_count_against_the_address(
    world: ApiWorld, ada: Caller, fast: list[str]
) -> None:
    for _ in range(ADDRESS.attempts + 5):
        assert log_in(world, password=PASSWORD).status_code == 200


def test_a_session_guesses_at_the_password_as_seldom(
    world: ApiWorld, ada: Caller, fast: list[str]
) -> None:
    body = {"current_password": "wrong", "new_password": "another good password"}
    for _ in range(LIMITS[Subject.PASSWORD].attempts):
        assert ada("POST", "/auth/password", body).status_code == 403
    assert ada("POST", "/auth/password", body).status_code == 429
    assert ada("POST", "/auth/totp", {"password": PASSWORD}).status_code == 429
    assert log_in(world, password=PASSWORD).status_code == 200, "the login is counted apart"


def test_codes_are_guessed_at_seldom(world: ApiWorld, ada: Caller, fast: list[str]) -> None:
    user = world.users.find("ada")
    assert user is not None
    mfa_token = world.tokens.issue_mfa(user.id, user.epoch, NOW)
    body = {"mfa_token": mfa_token, "code": "000000"}
    for _ in range(LIMITS[Subject.SECOND_FACTOR].attempts):
        answer = world.client.post("/api/v1/auth/login/totp", json=body)
        assert answer.json()["code"] == "invalid_mfa_code"
    answer = world.client.post("/api/v1/auth/login/totp", json=body)
    assert answer.status_code == 429
    assert log_in(world, password=PASSWORD).status_code == 200


def test_registrations_and_bootstraps_are_counted_by_address(world: ApiWorld) -> None:
    taken = {"username": "ada", "email": "ada@example.com", "password": "no"}
    limit = LIMITS[Subject.REGISTRATION].attempts
    world.attempts.counts.clear()
    for _ in range(limit):
        world.app.state.services.throttle.registration("testclient")
    body = {**taken, "password": PASSWORD}
    assert world.client.post("/api/v1/auth/register", json=body).status_code == 429
    for _ in range(ADDRESS.attempts):
        wrong = {**body, "token": "wrong"}
        assert world.client.post("/api/v1/auth/bootstrap", json=wrong).status_code == 403
    right = {**body, "token": BOOTSTRAP_TOKEN}
    assert world.client.post("/api/v1/auth/bootstrap", json=right).status_code == 429


def requests(world: ApiWorld, ada: Caller) -> dict[str, Any]:
    user = world.users.find("ada")
    assert user is not None
    new = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}
    mfa_token = world.tokens.issue_mfa(user.id, user.epoch, NOW)
    change = {"current_password": PASSWORD, "new_password": "another good password"}
    post = world.client.post
    return {
        "login": lambda: log_in(world, password=PASSWORD),
        "second half": lambda: post(
            "/api/v1/auth/login/totp", json={"mfa_token": mfa_token, "code": "000000"}
        ),
        "password": lambda: ada("POST", "/auth/password", change),
        "enrol": lambda: ada("POST", "/auth/totp", {"password": PASSWORD}),
        "register": lambda: post("/api/v1/auth/register", json=new),
        "bootstrap": lambda: post("/api/v1/auth/bootstrap", json={**new, "token": BOOTSTRAP_TOKEN}),
    }


@pytest.mark.parametrize(
    "what", ["login", "second half", "password", "enrol", "register", "bootstrap"]
)
def test_nobody_gets_through_while_attempts_cannot_be_counted(
    world: ApiWorld, ada: Caller, fast: list[str], what: str
) -> None:
    world.attempts.fails = True
    answer = requests(world, ada)[what]()
    assert (answer.status_code, answer.json()["code"]) == (503, "attempts_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert not fast
    assert ada("GET", "/users/me").status_code == 200, "who is in stays in"


def test_a_right_password_is_right_even_if_the_count_cannot_be_taken_back() -> None:
    attempts = MemoryAttempts()
    attempt = Throttle(attempts, lambda: NOW).attempt(Subject.LOGIN, "ada", "192.0.2.1")
    attempts.fails = True
    attempt.succeeded()
    attempts.fails = False
    assert sorted(attempts.counts.values()) == [1, 1]


def test_counts_do_not_tell_names_and_addresses() -> None:
    attempts = MemoryAttempts()
    Throttle(attempts, lambda: NOW).attempt(Subject.LOGIN, "ada", "192.0.2.1")
    told = str(attempts.counts)
    assert "ada" not in told
    assert "192.0.2.1" not in told


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_whole_line_of_ipv6_addresses_counts_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("viewer", "through_edge", "address"),
    [
        ("203.0.113.9", False, "192.0.2.1"),
        ("203.0.113.9", True, "203.0.113.9"),
        ("2001:db8::9", True, "2001:db8::9"),
        ("nonsense", True, "192.0.2.1"),
        ("", True, "192.0.2.1"),
        (None, True, "192.0.2.1"),
    ],
)
def test_the_viewer_s_header_is_believed_through_our_own_edge_alone(
    viewer: str | None, through_edge: bool, address: str
) -> None:
    headers = [] if viewer is None else [(VIEWER.lower().encode(), viewer.encode())]
    scope = {
        "type": "http",
        "headers": headers,
        "client": ("10.0.0.1", 0),
        "aws.event": {"requestContext": {"http": {"sourceIp": "192.0.2.1"}}},
        "state": {"through_edge": through_edge},
    }
    assert client_address(Request(scope)) == address
