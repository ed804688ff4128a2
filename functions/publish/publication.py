"""Putting a build in place so that no browser ever meets half of one."""

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.publish.bucket import Bucket
from functions.publish.deployment import Deployment, Place
from functions.publish.site import CONFIG, Site, SiteFile

API_URL = "/api/v1"
"""The API has the UI's own origin."""
RECORD = "builds.json"
"""What was published here last. Whoever reads it learns the names that index.html tells anyway."""


class OutOfTime(Exception):
    """What is left to do would outlast the function; do it all again."""


class PublishedBuild(BaseModel):
    """A build that is, or was, in place."""

    model_config = ConfigDict(frozen=True)

    digest: str
    files: frozenset[str]


class Record(BaseModel):
    """The builds whose files are kept, newest first."""

    model_config = ConfigDict(frozen=True)

    builds: tuple[PublishedBuild, ...] = ()

    def followed_by(self, build: PublishedBuild) -> "Record":
        """Return the record with `build` in place: of those before it the last one is kept.

        Publishing the same build again, with another config say, forgets none.
        """
        earlier = [each for each in self.builds if each.digest != build.digest]
        return Record(builds=(build, *earlier[:1]))

    @property
    def files(self) -> frozenset[str]:
        """Every file of the builds that are kept."""
        return frozenset().union(*(build.files for build in self.builds))


class Publication:
    """Publishes one build into one bucket."""

    def __init__(
        self, site: Site, version: str, cloudfront: Any, has_time: Callable[[], bool]
    ) -> None:
        """`has_time` tells whether one more request to AWS may still be made."""
        self._site = site
        self._version = version
        self._cloudfront = cloudfront
        self._has_time = has_time

    def publish(self, bucket: Bucket, deployment: Deployment) -> int:
        """Put the build in place of the one before; return how many old files were deleted.

        Files come before the page that names them, and old ones go when the new page is there.
        The build before stays: pages that are open load parts of it later. Done twice, or anew
        after a failure, the outcome is the same.

        Raises:
            OutOfTime: too little time is left; nothing that is in use was taken away.
            NotDeleted: old files could not be deleted; the new ones are in place.
        """
        *files, entry = self._site.files
        for file in files:
            self._write(bucket, file)
        self._write(bucket, SiteFile(CONFIG, self._config(deployment.place)))
        record = _read_record(bucket).followed_by(
            PublishedBuild(digest=self._site.digest, files=self._site.paths)
        )
        # Before the entry page: a build in use is never one that the record does not know.
        self._write(bucket, SiteFile(RECORD, record.model_dump_json().encode()))
        self._write(bucket, entry)
        self._invalidate(deployment)
        self._check_time()
        stale = set(bucket.paths()) - record.files - {CONFIG, RECORD}
        bucket.delete(stale)
        return len(stale)

    def _write(self, bucket: Bucket, file: SiteFile) -> None:
        self._check_time()
        bucket.write(file.path, file.body, file.content_type, file.cache_control)

    def _config(self, place: Place) -> bytes:
        facts = {
            "api_url": API_URL,
            "ws_url": place.socket_url,
            "stage": place.stage,
            "version": self._version,
            "features": list(place.features),
        }
        return json.dumps(facts, indent=2).encode() + b"\n"

    def _invalidate(self, deployment: Deployment) -> None:
        """Have CloudFront forget what has the same name in every build."""
        self._check_time()
        named_alike = [file.path for file in self._site.files if not file.is_hashed]
        paths = [f"/{path}" for path in sorted({CONFIG, *named_alike})]
        self._cloudfront.create_invalidation(
            DistributionId=deployment.place.distribution,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": paths},
                # The same request again is the same invalidation.
                "CallerReference": deployment.request_id,
            },
        )

    def _check_time(self) -> None:
        if not self._has_time():
            raise OutOfTime("The function's time is over; deploy again.")


def withdraw(bucket: Bucket) -> int:
    """Empty the bucket, so that it can be deleted; return how many files it held.

    Raises:
        NotDeleted: S3 refused to delete some.
    """
    paths = set(bucket.paths())
    bucket.delete(paths)
    return len(paths)


def _read_record(bucket: Bucket) -> Record:
    """Return what was published; a record that cannot be read is as good as none."""
    try:
        return Record.model_validate_json(bucket.read(RECORD) or b"{}")
    except ValidationError:
        return Record()
