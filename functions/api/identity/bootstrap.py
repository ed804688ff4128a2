"""The first administrator, made once by whoever can read the stack's secret."""

import hmac
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr

from functions.api.identity.throttling import Throttle
from functions.api.identity.users import Users
from functions.api.ports import UserStore
from functions.api.schemas.users import Registration
from functions.api.web.problems import Problem, conflict
from pairtrader.storage.errors import AlreadyExists
from pairtrader.storage.users import Role, User

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

ONCE = "bootstrap"


class TokenSource(Protocol):
    """Where the one-time token comes from."""

    def read(self) -> SecretStr:
        """Return the token."""


class BootstrapToken:
    """The token in Secrets Manager; needed once, so it is not kept."""

    def __init__(self, secret_arn: str, client: "SecretsManagerClient | None" = None) -> None:
        self._secret_arn = secret_arn
        self._given = client

    def read(self) -> SecretStr:
        """Return the token."""
        answer = self._client.get_secret_value(SecretId=self._secret_arn)
        return SecretStr(answer["SecretString"])

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - imported once, when first needed

        return boto3.client("secretsmanager")


class Bootstrap:
    """Makes the first administrator."""

    def __init__(
        self, users: UserStore, registering: Users, token: TokenSource, throttle: Throttle
    ) -> None:
        self._users = users
        self._registering = registering
        self._token = token
        self._throttle = throttle

    def is_done(self) -> bool:
        """Whether there has been a first administrator."""
        return self._users.is_done(ONCE)

    def make_admin(
        self, token: str, registration: Registration, address: str, tell: Callable[[], object]
    ) -> User:
        """Store the first administrator, whether registration is open or not.

        `tell` is called once the attempt is counted, before anything is done.

        Raises:
            Problem: 403 ``wrong_bootstrap_token``; 409 ``already_bootstrapped``,
                ``username_taken`` or ``email_taken``; 422 ``weak_password``; 429; 503.
        """
        attempt = self._throttle.attempt_from(address)
        tell()
        right = self._token.read().get_secret_value()
        if not right or not hmac.compare_digest(token.encode(), right.encode()):
            raise Problem(403, "wrong_bootstrap_token", "The token is not the stack's.")
        attempt.succeeded()
        if self.is_done():
            raise _already()
        try:
            return self._registering.store(registration, Role.ADMIN, once=ONCE)
        except AlreadyExists as error:  # by another request, since it was looked up
            raise _already() from error


def _already() -> Problem:
    return conflict("already_bootstrapped", "The first administrator was made before.")
