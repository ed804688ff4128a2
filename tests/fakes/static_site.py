"""The little of S3 and CloudFront that publishing the web UI needs, in memory."""

# ruff: noqa: N803 - the names are AWS's

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said by the fake"}}, operation)


@dataclass
class FakeS3:
    """One bucket; writes down what was done, in order."""

    bucket: str
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[tuple[str, str]] = field(default_factory=list)
    fails_at: str | None = None
    """Path whose writing fails."""
    keeps: frozenset[str] = frozenset()
    """Paths that it does not delete."""
    is_gone: bool = False
    page_size: int = 3

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._check(Bucket, "GetObject")
        if Key not in self.objects:
            raise refused("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key]["Body"])}

    def put_object(self, *, Bucket: str, Key: str, **told: Any) -> None:
        self._check(Bucket, "PutObject")
        if self.fails_at == Key:
            raise refused("SlowDown", "PutObject")
        self.objects[Key] = told
        self.done.append(("put", Key))

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        self._check(Bucket, "DeleteObjects")
        keys = [each["Key"] for each in Delete["Objects"]]
        assert 0 < len(keys) <= 1000
        for key in set(keys) - self.keeps:
            self.objects.pop(key, None)
            self.done.append(("delete", key))
        errors = [{"Key": key, "Code": "AccessDenied"} for key in keys if key in self.keeps]
        return {"Errors": errors} if errors else {}

    def get_paginator(self, operation: str) -> "FakeS3":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str) -> Iterator[dict[str, Any]]:
        self._check(Bucket, "ListObjectsV2")
        keys = sorted(self.objects)
        for start in range(0, len(keys), self.page_size):
            yield {"Contents": [{"Key": key} for key in keys[start : start + self.page_size]]}
        if not keys:
            yield {}

    def _check(self, bucket: str, operation: str) -> None:
        if self.is_gone:
            raise refused("NoSuchBucket", operation)
        if bucket != self.bucket:
            raise refused("AccessDenied", operation)


@dataclass
class FakeCloudFront:
    """Remembers invalidations; the same caller reference again is no new one."""

    invalidations: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    fails: bool = False

    def create_invalidation(
        self, *, DistributionId: str, InvalidationBatch: dict[str, Any]
    ) -> None:
        if self.fails:
            raise refused("TooManyInvalidationsInProgress", "CreateInvalidation")
        paths = InvalidationBatch["Paths"]
        assert paths["Quantity"] == len(paths["Items"])
        self.invalidations[InvalidationBatch["CallerReference"]] = (DistributionId, paths["Items"])
