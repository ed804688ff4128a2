"""Texts that must not lie open in a table: sealed under a key of the stack's own."""

import base64
import hashlib
import os
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from pairtrader.storage.errors import StorageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from types_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS = 300.0
"""How long keys are used before the secret is read again."""
RELOAD_SECONDS = 10.0
"""An unknown key id reads the secret again, but not more often than this."""
_NONCE_BYTES = 12


class Unsealable(StorageError):
    """The text was sealed for something else, changed, or its key is gone: have it set anew."""


class SealingKey(BaseModel):
    """One key and the id that sealed texts name it by."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
    key: Annotated[SecretStr, Field(min_length=32)]


class SealingKeys(SealingKey):
    """The secret's JSON: the key that seals, and the one before, which still opens."""

    previous: SealingKey | None = None

    def find(self, kid: str) -> SealingKey | None:
        """Return the key of this id."""
        known = (self, self.previous)
        return next((key for key in known if key is not None and key.kid == kid), None)


class Seal:
    """Seals and opens texts: AES-256-GCM, bound to what each text belongs to."""

    def __init__(
        self,
        secret_arn: str,
        client: "SecretsManagerClient | None" = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret_arn = secret_arn
        self._given = client
        self._timer = timer
        self._keys: SealingKeys | None = None
        self._read_at = 0.0

    def close(self, text: str, owner: str) -> str:
        """Return `text` sealed for `owner`, such as ``totp#01H…``; no two results are the same."""
        key = self._keys_since(KEPT_SECONDS)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = _cipher(key).encrypt(nonce, text.encode(), owner.encode())
        return f"{key.kid}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, owner: str) -> str:
        """Return what was sealed for the same `owner`.

        Raises:
            Unsealable: it was not, or it was changed since, or the key is not known any more.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only where needed

        kid, _, packed = sealed.partition(".")
        keys = self._keys_since(KEPT_SECONDS)
        key = keys.find(kid) or self._keys_since(RELOAD_SECONDS).find(kid)
        if key is None:
            raise Unsealable(owner)
        try:
            raw = base64.urlsafe_b64decode(packed)
            plain = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode())
        except (ValueError, InvalidTag) as error:
            raise Unsealable(owner) from error
        return plain.decode()

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - imported once, when first needed

        return boto3.client("secretsmanager")

    def _keys_since(self, age: float) -> SealingKeys:
        if self._keys is None or self._timer() - self._read_at > age:
            answer = self._client.get_secret_value(SecretId=self._secret_arn)
            self._keys = SealingKeys.model_validate_json(answer["SecretString"])
            self._read_at = self._timer()
        return self._keys


def _cipher(key: SealingKey) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - takes long

    return AESGCM(hashlib.sha256(key.key.get_secret_value().encode()).digest())
