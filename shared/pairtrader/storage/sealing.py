"""Texts that must not lie open in a table: sealed under a key of the stack's own."""

import base64
import hashlib
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pairtrader.storage.errors import StorageError
from pairtrader.storage.rotating_keys import RotatingKey, RotatingKeySource

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from types_boto3_secretsmanager import SecretsManagerClient

_NONCE_BYTES = 12


class Unsealable(StorageError):
    """The text was sealed for something else, changed, or its key is gone: have it set anew."""


class Seal:
    """Seals and opens texts: AES-256-GCM, bound to what each text belongs to."""

    def __init__(
        self,
        secret_arn: str,
        client: "SecretsManagerClient | None" = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = RotatingKeySource(secret_arn, client, timer)

    def close(self, text: str, owner: str) -> str:
        """Return `text` sealed for `owner`, such as ``totp#01H…``; no two results are the same."""
        key = self._keys.current()
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
        key = self._keys.find(kid)
        if key is None:
            raise Unsealable(owner)
        try:
            raw = base64.urlsafe_b64decode(packed)
            plain = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner.encode())
        except (ValueError, InvalidTag) as error:
            raise Unsealable(owner) from error
        return plain.decode()


def _cipher(key: RotatingKey) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - takes long

    return AESGCM(hashlib.sha256(key.key.get_secret_value().encode()).digest())
