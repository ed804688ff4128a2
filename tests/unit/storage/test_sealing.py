"""Sealed texts: opened only for whom they were sealed, and by keys that are still known."""

import json
from typing import Any

import pytest

from pairtrader.storage.rotating_keys import KEPT_SECONDS, RELOAD_SECONDS
from pairtrader.storage.sealing import Seal, Unsealable


class Secret:
    """A secret that tests exchange, and the time."""

    def __init__(self) -> None:
        self.value: dict[str, Any] = {"kid": "1", "key": "a" * 64}
        self.reads = 0
        self.now = 0.0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        assert SecretId == "arn:seal"
        self.reads += 1
        return {"SecretString": json.dumps(self.value)}

    def rotate(self) -> None:
        before = {"kid": self.value["kid"], "key": self.value["key"]}
        self.value = {"kid": str(int(before["kid"]) + 1), "key": "b" * 64, "previous": before}


@pytest.fixture
def secret() -> Secret:
    return Secret()


def seal_of(secret: Secret) -> Seal:
    client: Any = secret
    return Seal("arn:seal", client, lambda: secret.now)


def test_what_was_sealed_is_opened_and_lies_nowhere_in_the_open(secret: Secret) -> None:
    seal = seal_of(secret)
    sealed = seal.close("JBSWY3DPEHPK3PXP", "totp#ada")
    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert sealed != seal.close("JBSWY3DPEHPK3PXP", "totp#ada")
    assert seal.open(sealed, "totp#ada") == "JBSWY3DPEHPK3PXP"
    assert secret.reads == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-8] + "AAAAAAA=",
        lambda sealed: sealed.replace("1.", "9."),
        lambda sealed: sealed.partition(".")[2],
        lambda _: "1.%%%",
        lambda _: "",
    ],
    ids=["changed", "unknown key", "no key", "no base64", "empty"],
)
def test_what_was_changed_is_not_opened(secret: Secret, spoil: Any) -> None:
    seal = seal_of(secret)
    with pytest.raises(Unsealable):
        seal.open(spoil(seal.close("text", "totp#ada")), "totp#ada")


def test_what_was_sealed_for_another_owner_is_not_opened(secret: Secret) -> None:
    seal = seal_of(secret)
    with pytest.raises(Unsealable):
        seal.open(seal.close("text", "totp#ada"), "totp#eve")


def test_the_key_before_still_opens_and_a_new_one_is_found_at_once(secret: Secret) -> None:
    old, other = seal_of(secret), seal_of(secret)
    before = old.close("text", "owner")
    secret.rotate()
    after = other.close("text", "owner")
    assert after.startswith("2.")
    secret.now += RELOAD_SECONDS + 1
    assert old.open(after, "owner") == "text"
    assert old.open(before, "owner") == "text"


def test_keys_are_read_again_after_a_while(secret: Secret) -> None:
    seal = seal_of(secret)
    seal.close("text", "owner")
    secret.rotate()
    secret.now += KEPT_SECONDS + 1
    assert seal.close("text", "owner").startswith("2.")
