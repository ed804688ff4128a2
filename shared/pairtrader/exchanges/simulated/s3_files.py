"""Recorded candles in the stack's data bucket."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pairtrader.exchanges.errors import NoMarketData, RetryLater

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_ABSENT = {"NoSuchKey", "404", "AccessDenied", "403"}
"""S3 answers "access denied" for a missing key to whoever may not list the bucket."""


class S3Files:
    """Files of one bucket."""

    def __init__(self, bucket: str | None = None) -> None:
        self._bucket = bucket or os.environ.get("DATA_BUCKET", "")

    @cached_property
    def _client(self) -> "S3Client":
        # Imported late: only replays need S3, and its client costs a tenth of a second.
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        return boto3.client(
            "s3", config=Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 2})
        )

    def read(self, key: str) -> bytes | None:
        """Return the file's content, None if there is no such file.

        Raises:
            NoMarketData: no bucket is configured.
            RetryLater: S3 could not be reached.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._require_bucket()
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise RetryLater(f"{key} could not be read from the data bucket") from error
        except BotoCoreError as error:
            raise RetryLater("the data bucket did not answer") from error

    def names(self, prefix: str) -> Sequence[str]:
        """Return the keys that begin with `prefix`.

        Raises:
            NoMarketData: no bucket is configured.
            RetryLater: S3 could not be reached.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._require_bucket()
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        except (BotoCoreError, ClientError) as error:
            raise RetryLater("the data bucket could not be listed") from error

    def _require_bucket(self) -> None:
        if not self._bucket:
            raise NoMarketData("no data bucket is configured: there are no recorded candles")
