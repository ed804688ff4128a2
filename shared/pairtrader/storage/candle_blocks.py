"""Blocks of candles in the data bucket, kept so that nobody asks an exchange twice."""

from functools import cached_property
from typing import TYPE_CHECKING

from pairtrader.observability import logger

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PREFIX = "history/"
_ABSENT = {"NoSuchKey", "404", "AccessDenied", "403"}
"""S3 answers "access denied" for a missing key to whoever may not list the bucket."""


class CandleBlocks:
    """Blocks by name. They are a convenience: what can't be read or kept is only logged."""

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._given = client

    @cached_property
    def _client(self) -> "S3Client":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - imported once, when first needed
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=20,
        )
        return boto3.client("s3", config=config)

    def get(self, name: str) -> bytes | None:
        """Return what is kept by this name, None where nothing is or can be read."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=PREFIX + name)
            return answer["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _ABSENT:
                logger.warning("A block of candles could not be read", name_of_block=name)
        except BotoCoreError:
            logger.warning("A block of candles could not be read", name_of_block=name)
        return None

    def put(self, name: str, content: bytes) -> None:
        """Keep a block, whole or not at all."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            self._client.put_object(Bucket=self._bucket, Key=PREFIX + name, Body=content)
        except (BotoCoreError, ClientError):
            logger.warning("A block of candles could not be kept", name_of_block=name)
