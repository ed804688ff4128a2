"""The API's tables and the fakes that stand in for them keep the same promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.api.identifiers import new_id
from pairtrader.model.account import (
    AccountMode,
    Credentials,
    ExchangeAccount,
    ExchangeName,
    Simulation,
)
from pairtrader.storage.accounts import AccountRepository
from pairtrader.storage.errors import AlreadyExists, BadCursor, Superseded
from pairtrader.storage.key_vault import KeysNotFound, KeyVault
from pairtrader.storage.refresh_tokens import RefreshTokenRepository, TokenFamily
from pairtrader.storage.users import Role, User, UserRepository
from tests.fakes.memory_api_stores import MemoryAccounts, MemoryFamilies, MemoryUsers


@pytest.fixture(params=["memory", "table"])
def kind(request: pytest.FixtureRequest, tables: str) -> str:
    return str(request.param)


@pytest.fixture
def users(kind: str) -> Any:
    return MemoryUsers() if kind == "memory" else UserRepository()


@pytest.fixture
def accounts(kind: str) -> Any:
    return MemoryAccounts() if kind == "memory" else AccountRepository()


@pytest.fixture
def families(kind: str) -> Any:
    return MemoryFamilies() if kind == "memory" else RefreshTokenRepository()


def user(**changes: Any) -> User:
    name = new_id()
    fields = {
        "id": new_id(),
        "username": f"User-{name}",
        "email": f"Mail-{name}@example.com",
        "password_hash": "hash",
        "role": Role.USER,
        "is_active": True,
        "created_at": 1,
        "updated_at": 1,
    }
    return User(**{**fields, **changes})


def account(**changes: Any) -> ExchangeAccount:
    account_id = new_id()
    fields = {
        "account_id": account_id,
        "user_id": "owner",
        "exchange_name": ExchangeName.BINANCE,
        "mode": AccountMode.LIVE,
        "label": "main",
        "is_active": True,
        "created_at": 1,
        "updated_at": 1,
        "uid": account_id,
        "secret_arn": "arn",
    }
    return ExchangeAccount(**{**fields, **changes})


def test_users_are_found_whatever_the_case(users: Any) -> None:
    ada = user()
    users.add(ada)
    assert users.get(ada.id) == ada
    for login in (ada.username, ada.username.upper(), ada.email, ada.email.lower()):
        assert users.find(login) == ada
    assert users.find("nobody") is None
    assert users.find("no@body.com") is None
    assert users.get("nobody") is None
    assert users.get(f"username#{ada.username.casefold()}") is None


def test_names_and_addresses_are_taken_once(users: Any) -> None:
    ada = user()
    users.add(ada)
    for changes, fields in (
        ({"username": ada.username.lower()}, ("username",)),
        ({"email": ada.email.upper()}, ("email",)),
        ({"username": ada.username, "email": ada.email}, ("username", "email")),
    ):
        other = user(**changes)
        with pytest.raises(AlreadyExists) as taken:
            users.add(other)
        assert taken.value.args == fields
        assert users.get(other.id) is None


def test_a_new_address_frees_the_old_one(users: Any) -> None:
    ada, bob = user(), user()
    users.add(ada)
    users.add(bob)
    moved = replace(ada, email=f"New-{ada.email}", updated_at=2)
    users.replace(ada, moved)
    assert users.find(ada.email) is None
    assert users.find(moved.email) == moved
    users.add(user(email=ada.email))
    with pytest.raises(AlreadyExists):
        users.replace(moved, replace(moved, email=bob.email, updated_at=3))
    with pytest.raises(Superseded):
        users.replace(ada, replace(ada, role=Role.ADMIN, updated_at=3))
    cased = replace(moved, email=moved.email.upper(), updated_at=4)
    users.replace(moved, cased)
    assert users.find(moved.email) == cased


def test_registrations_at_the_same_time_make_one_user(tables: str) -> None:
    name = new_id()
    attempts = [user(username=name) for _ in range(8)]

    def add(each: User) -> bool:
        try:
            UserRepository().add(each)
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, attempts)) == 1


def test_accounts_come_back_as_they_were(accounts: Any) -> None:
    owner = new_id()
    kept = account(user_id=owner, mode=AccountMode.PAPER, simulation=Simulation(seed=7))
    accounts.add(kept)
    assert accounts.get(owner, kept.account_id) == kept
    assert accounts.get("another", kept.account_id) is None


def test_accounts_are_listed_page_by_page(accounts: Any) -> None:
    owner = new_id()
    made = [account(user_id=owner) for _ in range(3)]
    for each in made:
        accounts.add(each)
    first = accounts.list(owner, 2, None)
    second = accounts.list(owner, 2, first.cursor)
    assert [*first.items, *second.items] == made
    assert second.cursor is None
    for cursor in (first.cursor, "nonsense"):
        with pytest.raises(BadCursor):
            accounts.list("another", 2, cursor)


def test_an_exchange_account_is_stored_once_for_everybody(accounts: Any) -> None:
    uid = new_id()
    trial = account()
    accounts.add(trial)
    known = replace(trial, uid=uid, updated_at=2)
    accounts.identify(trial, known)
    assert accounts.get("owner", trial.account_id) == known
    other = account(user_id="another")
    accounts.add(other)
    with pytest.raises(AlreadyExists):
        accounts.identify(other, replace(other, uid=uid, updated_at=2))
    with pytest.raises(AlreadyExists):
        accounts.add(account(uid=uid))
    accounts.add(account(uid=uid, mode=AccountMode.SANDBOX))
    accounts.delete("owner", trial.account_id)
    accounts.delete("owner", trial.account_id)
    accounts.add(account(uid=uid))


def test_account_changes_that_cross_are_noticed(accounts: Any) -> None:
    first = account(user_id=new_id())
    accounts.add(first)
    accounts.update(first, replace(first, label="one", updated_at=2))
    with pytest.raises(Superseded):
        accounts.update(first, replace(first, label="two", updated_at=3))
    gone = account()
    with pytest.raises(Superseded):
        accounts.update(gone, gone)


def test_a_family_moves_on_once(families: Any) -> None:
    first = TokenFamily(new_id(), "user", "a", "", 1, 1, 2_000_000_000)
    families.add(first)
    assert families.get(first.family_id) == first
    second = replace(first, current_hash="b", previous_hash="a", rotated_at=2)
    families.rotate(first, second)
    with pytest.raises(Superseded):
        families.rotate(first, replace(first, current_hash="c"))
    assert families.get(first.family_id) == second
    families.revoke(first.family_id)
    families.revoke(first.family_id)
    assert families.get(first.family_id) is None
    with pytest.raises(Superseded):
        families.rotate(second, second)


def test_keys_live_in_secrets_of_their_own(tables: str) -> None:
    vault = KeyVault("pairtrader/test/accounts/")
    keys = Credentials("key", "secret", "phrase")
    arn = vault.store(new_id(), keys)
    assert "pairtrader/test/accounts/" in arn
    assert KeyVault("any/").fetch(arn) == keys
    vault.delete(arn)
    vault.delete(arn)
    with pytest.raises(KeysNotFound):
        KeyVault("any/").fetch(arn)
