"""What logins are stored in, and the fakes that stand in for it, keep the same promises."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pynamodb.exceptions import PynamoDBConnectionError
from pynamodb.models import Model

from functions.api.identifiers import new_id
from pairtrader.storage.api_tokens import ApiToken, ApiTokenRepository
from pairtrader.storage.errors import AlreadyExists, BadCursor, Superseded
from pairtrader.storage.login_attempts import AttemptRepository, AttemptsUnknown
from pairtrader.storage.refresh_tokens import RefreshTokenRepository, TokenFamily
from pairtrader.storage.users import Role, User, UserRepository, amended, ended
from tests.fakes.memory_api_stores import MemoryFamilies, MemoryUsers
from tests.fakes.memory_logins import MemoryApiTokens, MemoryAttempts

LATER = 9_999_999_999


@pytest.fixture(params=["memory", "table"])
def kind(request: pytest.FixtureRequest, tables: str) -> str:
    return str(request.param)


@pytest.fixture
def users(kind: str) -> Any:
    return MemoryUsers() if kind == "memory" else UserRepository()


@pytest.fixture
def families(kind: str) -> Any:
    return MemoryFamilies() if kind == "memory" else RefreshTokenRepository()


@pytest.fixture
def attempts(kind: str) -> Any:
    return MemoryAttempts() if kind == "memory" else AttemptRepository()


@pytest.fixture
def tokens(kind: str) -> Any:
    return MemoryApiTokens() if kind == "memory" else ApiTokenRepository()


def user() -> User:
    name = new_id()
    return User(
        id=new_id(),
        username=f"User-{name}",
        email=f"Mail-{name}@example.com",
        password_hash="hash",
        role=Role.USER,
        is_active=True,
        created_at=1,
        updated_at=1,
        epoch=3,
        token_epoch=2,
        totp_secret="1.sealed",
        totp_enabled=True,
        totp_step=7,
        recovery_digests=("a", "b"),
    )


def token(user_id: str, **changes: Any) -> ApiToken:
    fields = {
        "id": new_id(),
        "user_id": user_id,
        "name": "script",
        "scope": "read",
        "digest": "digest",
        "epoch": 0,
        "created_at": 1,
        "expires_at": LATER,
    }
    return ApiToken(**{**fields, **changes})


def family(user_id: str, **changes: Any) -> TokenFamily:
    fields = {
        "family_id": new_id(),
        "user_id": user_id,
        "current_hash": "1",
        "previous_hash": "",
        "rotated_at": 1,
        "created_at": 1,
        "expires_at": LATER,
        "epoch": 2,
        "device": "Firefox on Linux",
        "address": "192.0.2.1",
    }
    return TokenFamily(**{**fields, **changes})


def all_pages(store: Any, user_id: str) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = store.list(user_id, 2, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


def test_what_secures_the_login_comes_back(users: Any) -> None:
    ada = user()
    users.add(ada)
    assert users.get(ada.id) == ada
    bare = amended(ada, 2, totp_secret="", totp_enabled=False, totp_step=0, recovery_digests=())
    users.replace(ada, bare)
    assert users.get(ada.id) == bare


def test_of_two_changes_within_a_millisecond_one_gets_through(users: Any) -> None:
    ada = user()
    users.add(ada)
    first, second = amended(ada, 1, totp_step=8), ended(ada, 1)
    users.replace(ada, first)
    with pytest.raises(Superseded):
        users.replace(ada, second)
    assert users.get(ada.id) == first


def test_what_is_done_once_is_not_done_again(users: Any) -> None:
    once, first, second = f"once-{new_id()}", user(), user()
    assert not users.is_done(once)
    users.add(first, once)
    assert users.is_done(once)
    with pytest.raises(AlreadyExists) as refused:
        users.add(second, once)
    assert refused.value.args == (once,)
    assert users.get(second.id) is None
    assert users.find(second.username) is None


def test_of_many_who_do_it_at_once_one_gets_through(tables: str) -> None:
    once = f"once-{new_id()}"

    def attempt(_: int) -> bool:
        try:
            UserRepository().add(user(), once)
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1


def test_sessions_are_listed_by_user_page_by_page(families: Any) -> None:
    ada, bob = new_id(), new_id()
    theirs = [family(ada) for _ in range(5)]
    for each in [*theirs, family(bob)]:
        families.add(each)
    assert all_pages(families, ada) == theirs
    families.revoke(theirs[0].family_id)
    assert theirs[0] not in all_pages(families, ada)
    cursor = families.list(bob, 1, None).cursor or families.list(ada, 1, None).cursor
    with pytest.raises(BadCursor):
        families.list(new_id(), 1, cursor)


def test_api_tokens_are_kept_and_listed(tokens: Any) -> None:
    ada = new_id()
    theirs = [token(ada), token(ada, expires_at=None), token(ada, scope="trade")]
    for each in [*theirs, token(new_id())]:
        tokens.add(each)
    assert all_pages(tokens, ada) == theirs
    assert tokens.get(theirs[1].id) == theirs[1]
    tokens.delete(theirs[1].id)
    tokens.delete(theirs[1].id)
    assert tokens.get(theirs[1].id) is None


def test_the_use_of_a_token_is_noted_once_and_never_brings_one_back(tokens: Any) -> None:
    used = token(new_id())
    tokens.add(used)
    tokens.note_use(used, 5)
    tokens.note_use(used, 6)
    assert tokens.get(used.id).last_used_at == 5
    tokens.note_use(tokens.get(used.id), 7)
    assert tokens.get(used.id).last_used_at == 7
    known = tokens.get(used.id)
    tokens.delete(used.id)
    tokens.note_use(known, 8)
    assert tokens.get(used.id) is None


def test_attempts_are_counted_up_to_the_limit_and_forgotten(attempts: Any) -> None:
    subject = f"login#{new_id()}"
    assert [attempts.count(subject, 3, LATER) for _ in range(5)] == [True] * 3 + [False] * 2
    attempts.take_back(subject)
    assert [attempts.count(subject, 3, LATER) for _ in range(2)] == [True, False]
    attempts.forget(subject)
    attempts.take_back(subject)
    assert attempts.count(subject, 1, LATER)


def test_of_many_attempts_at_once_no_more_get_through_than_may(tables: str) -> None:
    subject, store = f"login#{new_id()}", AttemptRepository()
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda _: store.count(subject, 5, LATER), range(24)))
    assert sum(counted) == 5


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No table answers."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise PynamoDBConnectionError("no answer")

    for method in ("update", "delete"):
        monkeypatch.setattr(Model, method, refuse)


@pytest.mark.usefixtures("unreachable")
def test_a_table_that_does_not_answer_counts_nothing_and_says_so() -> None:
    store = AttemptRepository()
    for ask in (
        lambda: store.count("login#x", 1, LATER),
        lambda: store.take_back("login#x"),
        lambda: store.forget("login#x"),
    ):
        with pytest.raises(AttemptsUnknown):
            ask()


@pytest.mark.usefixtures("unreachable")
def test_a_use_that_cannot_be_noted_is_dropped() -> None:
    ApiTokenRepository().note_use(token(new_id()), 5)
