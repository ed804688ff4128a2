"""Keys of the stack's own, from Secrets Manager; the one before a change is still good."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS = 300.0
"""How long keys are used before the secret is read again."""
RELOAD_SECONDS = 10.0
"""An unknown key id reads the secret again, but not more often than this."""


class RotatingKey(BaseModel):
    """One key, and the id that what was made with it names."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    key: Annotated[SecretStr, Field(min_length=32)]


class RotatingKeys(RotatingKey):
    """The secret's JSON: the key in use, and the one before, which is still accepted."""

    previous: RotatingKey | None = None

    def find(self, kid: str) -> RotatingKey | None:
        """Return the key of this id."""
        known = (self, self.previous)
        return next((key for key in known if key is not None and key.kid == kid), None)


class RotatingKeySource:
    """Reads the secret and keeps it for a while."""

    def __init__(
        self,
        secret_arn: str,
        client: "SecretsManagerClient | None" = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret_arn = secret_arn
        self._given = client
        self._timer = timer
        self._keys: RotatingKeys | None = None
        self._read_at = 0.0

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - imported once, when first needed

        return boto3.client("secretsmanager")

    def current(self) -> RotatingKeys:
        """Return the keys, at most five minutes old.

        Raises:
            pydantic.ValidationError: the secret holds no usable key (at least 32 characters).
        """
        return self._keys_since(KEPT_SECONDS)

    def recent(self) -> RotatingKeys:
        """Return the keys, at most ten seconds old."""
        return self._keys_since(RELOAD_SECONDS)

    def find(self, kid: str) -> RotatingKey | None:
        """Return the key of this id; one not known yet is looked for in the secret again."""
        return self.current().find(kid) or self.recent().find(kid)

    def forget(self) -> None:
        """Drop the keys, and the connection that they came by."""
        self._keys = None
        self.__dict__.pop("_client", None)

    def _keys_since(self, age: float) -> RotatingKeys:
        if self._keys is None or self._timer() - self._read_at > age:
            answer = self._client.get_secret_value(SecretId=self._secret_arn)
            self._keys = RotatingKeys.model_validate_json(answer["SecretString"])
            self._read_at = self._timer()
        return self._keys
