"""The bucket behind CloudFront: the little of S3 that publishing needs."""

from collections.abc import Collection, Iterator
from typing import Any

from botocore.exceptions import ClientError

MOST_AT_ONCE = 1000
"""Objects that one request may delete."""


class NotDeleted(Exception):
    """Objects that should be gone are still there; try again."""


class Bucket:
    """Files by their paths."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def read(self, path: str) -> bytes | None:
        """Return the file at `path`, or None where there is none."""
        try:
            body: bytes = self._client.get_object(Bucket=self.name, Key=path)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        return body

    def write(self, path: str, body: bytes, content_type: str, cache_control: str) -> None:
        """Put a file in place, over the one there may be."""
        self._client.put_object(
            Bucket=self.name,
            Key=path,
            Body=body,
            ContentType=content_type,
            CacheControl=cache_control,
        )

    def paths(self) -> Iterator[str]:
        """Yield the paths of all files; none where the bucket itself is gone."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        try:
            for page in pages:
                yield from (each["Key"] for each in page.get("Contents", ()))
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def delete(self, paths: Collection[str]) -> None:
        """Delete these files; those that are not there count as deleted.

        Raises:
            NotDeleted: S3 refused to delete some of them.
        """
        ordered = sorted(paths)
        for start in range(0, len(ordered), MOST_AT_ONCE):
            some = ordered[start : start + MOST_AT_ONCE]
            answer = self._client.delete_objects(
                Bucket=self.name,
                Delete={"Objects": [{"Key": path} for path in some], "Quiet": True},
            )
            if errors := answer.get("Errors"):
                first = errors[0]
                raise NotDeleted(f"{len(errors)} files, {first['Key']} first: {first['Code']}")
