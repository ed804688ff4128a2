"""Exchange keys in Secrets Manager: one secret per set of keys, written once, never changed."""

import json
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from pairtrader.model.account import Credentials
from pairtrader.storage.errors import StorageError

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

CLIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3}
)


class KeysNotFound(StorageError):
    """There is no such secret (any more)."""


class KeyVault:
    """Stores, fetches and deletes keys.

    Secrets are never changed: new keys get a secret of their own. What was fetched can therefore
    be kept as long as the process lives.
    """

    def __init__(self, prefix: str, client: "SecretsManagerClient | None" = None) -> None:
        self._prefix = prefix
        self._given = client
        self._fetched: dict[str, Credentials] = {}

    @cached_property
    def _client(self) -> "SecretsManagerClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - 50 ms that most invocations do without

        return boto3.client("secretsmanager", config=CLIENT_CONFIG)

    def store(self, account_id: str, credentials: Credentials) -> str:
        """Store the keys in a new secret named by the account and return its ARN."""
        body = {
            "api_key": credentials.api_key,
            "api_secret": credentials.api_secret,
            "passphrase": credentials.passphrase,
        }
        answer = self._client.create_secret(
            Name=f"{self._prefix}{account_id}",
            Description="Keys of an exchange account",
            SecretString=json.dumps(body),
        )
        return answer["ARN"]

    def fetch(self, secret_arn: str) -> Credentials:
        """Return the keys.

        Raises:
            KeysNotFound: the secret is gone.
        """
        if secret_arn not in self._fetched:
            try:
                answer = self._client.get_secret_value(SecretId=secret_arn)
            except self._client.exceptions.ResourceNotFoundException as error:
                raise KeysNotFound(secret_arn) from error
            self._fetched[secret_arn] = Credentials(**json.loads(answer["SecretString"]))
        return self._fetched[secret_arn]

    def delete(self, secret_arn: str) -> None:
        """Delete the keys for good; a secret that is gone already is success."""
        self._fetched.pop(secret_arn, None)
        try:
            self._client.delete_secret(SecretId=secret_arn, ForceDeleteWithoutRecovery=True)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
