"""Results of backtests and analyses: compressed JSON in the data bucket."""

import gzip
import json
import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pairtrader.storage.errors import StorageError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PREFIX = "results/"
LEVEL = 6
"""Of the compression: more takes far longer and saves little."""


class ResultNotStored(StorageError):
    """The bucket did not take or remove a result: try again."""


class ResultStore:
    """Results by user and job."""

    def __init__(self, bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket = bucket
        self._given = client

    @cached_property
    def _client(self) -> "S3Client":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - most requests need no S3 client
        from botocore.config import Config  # noqa: PLC0415

        # The bucket's regional name: an address is signed for the host that it is sent to.
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        local = "AWS_ENDPOINT_URL" in os.environ
        config = Config(
            connect_timeout=2,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
            signature_version="s3v4",
            s3={"addressing_style": "path" if local else "virtual"},
        )
        endpoint = None if local else f"https://s3.{region}.{_suffix_of(region or '')}"
        return boto3.client("s3", region_name=region, endpoint_url=endpoint, config=config)

    def put(self, user_id: str, job_id: str, document: Mapping[str, Any]) -> int:
        """Store a result; return its size, compressed.

        Raises:
            ResultNotStored: the bucket did not take it.
            ValueError: a number in it is not finite.
        """
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        # Without a time stamp: the same result is the same object.
        body = gzip.compress(text.encode(), LEVEL, mtime=0)
        self._ask(
            "put_object",
            Key=key_of(user_id, job_id),
            Body=body,
            ContentType="application/json",
            ContentEncoding="gzip",
            CacheControl="private, max-age=600",
        )
        return len(body)

    def delete(self, user_id: str, job_id: str) -> None:
        """Remove a result; one that is not there is success.

        Raises:
            ResultNotStored: it may still be there.
        """
        self._ask("delete_object", Key=key_of(user_id, job_id))

    def address(self, user_id: str, job_id: str, seconds: int) -> str:
        """Return an address at which the result can be read for so long, by whoever has it."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key_of(user_id, job_id)},
            ExpiresIn=seconds,
        )

    def _ask(self, operation: str, **parameters: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            getattr(self._client, operation)(Bucket=self._bucket, **parameters)
        except (BotoCoreError, ClientError) as error:
            raise ResultNotStored(f"{operation} of {parameters['Key']}") from error


def key_of(user_id: str, job_id: str) -> str:
    """Return where the result of a job lies in the bucket."""
    return f"{PREFIX}{user_id}/{job_id}.json.gz"


def _suffix_of(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
