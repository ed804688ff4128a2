"""Builds that follow one another, under the eyes of browsers that hold the one before."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.publish.bucket import Bucket, NotDeleted
from functions.publish.deployment import Deployment
from functions.publish.publication import OutOfTime, Publication, withdraw
from functions.publish.site import Site, SiteNotBuilt, content_type
from tests.fakes.static_site import FakeCloudFront, FakeS3

BUCKET = "the-ui"


def build(folder: Path, name: str, *chunks: str) -> Site:
    """A build whose page and chunks bear its name."""
    root = folder / name
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text(f"<script src=/assets/{name}.js>")
    (root / "favicon.svg").write_text("<svg/>")
    for chunk in (f"{name}.js", f"{name}.css", *chunks):
        (root / "assets" / chunk).write_text(chunk)
    return Site(root)


class Published:
    """A bucket and what is published into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.s3, self.cloudfront = FakeS3(BUCKET), FakeCloudFront()
        self.requests = itertools.count(1)

    def publish(self, site: Site, requests_left: int = 1000, **properties: Any) -> int:
        left = iter(range(requests_left))
        publication = Publication(
            site, "1.2.3", self.cloudfront, lambda: next(left, None) is not None
        )
        event = {
            "RequestType": "Update",
            "RequestId": f"request-{next(self.requests)}",
            "ResourceProperties": {"Bucket": BUCKET, "Distribution": "EDIST", **properties},
        }
        return publication.publish(Bucket(self.s3, BUCKET), Deployment.model_validate(event))

    @property
    def assets(self) -> set[str]:
        return {Path(key).stem for key in self.s3.objects if key.startswith("assets/")}

    def text(self, path: str) -> str:
        body: bytes = self.s3.objects[path]["Body"]
        return body.decode()


@pytest.fixture
def published(tmp_path: Path) -> Published:
    return Published(tmp_path)


def test_every_file_is_in_place(published: Published, tmp_path: Path) -> None:
    published.publish(build(tmp_path, "a"))
    assert set(published.s3.objects) == {
        "assets/a.css", "assets/a.js", "builds.json", "config.json", "favicon.svg", "index.html",
    }  # fmt: skip


def test_the_page_comes_after_all_that_it_names(published: Published, tmp_path: Path) -> None:
    published.publish(build(tmp_path, "a"))
    assert published.s3.done[-1] == ("put", "index.html")


def test_files_are_kept_as_long_as_their_names_allow(published: Published, tmp_path: Path) -> None:
    published.publish(build(tmp_path, "a"))
    caching = {key: each["CacheControl"] for key, each in published.s3.objects.items()}
    for path in ("index.html", "config.json", "builds.json", "favicon.svg"):
        assert caching[path] == "no-cache"
    for path in ("assets/a.js", "assets/a.css"):
        assert caching[path] == "public, max-age=31536000, immutable"


def test_files_say_what_they_are(published: Published, tmp_path: Path) -> None:
    published.publish(build(tmp_path, "a", "font.woff2"))
    types = {key: each["ContentType"] for key, each in published.s3.objects.items()}
    assert types["index.html"] == "text/html; charset=utf-8"
    assert types["assets/a.js"] == "text/javascript; charset=utf-8"
    assert types["assets/a.css"] == "text/css; charset=utf-8"
    assert types["assets/font.woff2"] == "font/woff2"
    assert types["favicon.svg"] == "image/svg+xml"
    assert types["config.json"] == "application/json"


def test_a_file_of_no_known_kind_is_mere_bytes() -> None:
    assert content_type("assets/model.bin") == "application/octet-stream"


def test_the_ui_is_told_where_it_runs(published: Published, tmp_path: Path) -> None:
    published.publish(
        build(tmp_path, "a"),
        SocketUrl="wss://socket.example/live",
        Stage="prod",
        Features="backtest,analysis",
    )
    assert json.loads(published.text("config.json")) == {
        "api_url": "/api/v1",
        "ws_url": "wss://socket.example/live",
        "stage": "prod",
        "version": "1.2.3",
        "features": ["backtest", "analysis"],
    }


@pytest.mark.parametrize("features", [{}, {"Features": ""}, {"Features": []}])
def test_a_stack_may_have_no_features(
    published: Published, tmp_path: Path, features: dict[str, Any]
) -> None:
    published.publish(build(tmp_path, "a"), **features)
    assert json.loads(published.text("config.json"))["features"] == []


def test_cloudfront_forgets_what_has_the_same_name_in_every_build(
    published: Published, tmp_path: Path
) -> None:
    published.publish(build(tmp_path, "a"))
    assert published.cloudfront.invalidations == {
        "request-1": ("EDIST", ["/config.json", "/favicon.svg", "/index.html"])
    }


def test_the_build_before_stays_for_open_pages_and_older_ones_go(
    published: Published, tmp_path: Path
) -> None:
    for name, kept, deleted in (("a", "a", 0), ("b", "ab", 0), ("c", "bc", 2), ("d", "cd", 2)):
        assert published.publish(build(tmp_path, name)) == deleted
        assert published.assets == set(kept)
        assert f"/assets/{name}.js" in published.text("index.html")


def test_another_config_of_the_same_build_takes_nothing_away(
    published: Published, tmp_path: Path
) -> None:
    published.publish(build(tmp_path, "a"))
    b = build(tmp_path, "b")
    for stage in ("dev", "prod", "dev"):
        published.publish(b, Stage=stage)
    assert published.assets == {"a", "b"}


def test_a_deployment_that_is_rolled_back_finds_its_files(
    published: Published, tmp_path: Path
) -> None:
    a, b = build(tmp_path, "a"), build(tmp_path, "b")
    for site in (a, b, a):
        published.publish(site)
    assert "/assets/a.js" in published.text("index.html")
    assert published.assets == {"a", "b"}


def test_files_that_nobody_published_go(published: Published, tmp_path: Path) -> None:
    published.s3.objects["assets/stranger.js"] = {"Body": b""}
    assert published.publish(build(tmp_path, "a")) == 1
    assert published.assets == {"a"}


def test_a_record_that_cannot_be_read_is_as_good_as_none(
    published: Published, tmp_path: Path
) -> None:
    published.s3.objects["builds.json"] = {"Body": b"<html>"}
    published.publish(build(tmp_path, "a"))
    assert [len(each["files"]) for each in json.loads(published.text("builds.json"))["builds"]] == [
        4
    ]


def test_whatever_write_fails_the_page_finds_its_files_and_the_next_try_ends_well(
    tmp_path: Path,
) -> None:
    a, b = build(tmp_path, "a"), build(tmp_path, "b", "b-late.js")
    paths = [*b.paths, "config.json", "builds.json"]
    for path in paths:
        published = Published(tmp_path)
        published.publish(a)
        published.s3.fails_at = path
        with pytest.raises(ClientError):
            published.publish(b)
        assert "/assets/a.js" in published.text("index.html"), path
        assert "a" in published.assets, path
        published.s3.fails_at = None
        published.publish(b)
        assert published.assets == {"a", "b", "b-late"}, path


def test_time_that_runs_out_anywhere_takes_nothing_away(tmp_path: Path) -> None:
    a, b = build(tmp_path, "a"), build(tmp_path, "b")
    for requests in itertools.count():
        published = Published(tmp_path)
        published.publish(a)
        try:
            published.publish(b, requests_left=requests)
        except OutOfTime:
            page = published.text("index.html")
            assert {name for name in "ab" if f"/assets/{name}.js" in page} <= published.assets
            assert "a" in published.assets
        else:
            break
    assert requests == len(b.files) + 4  # config, record, invalidation, deletion


def test_a_failed_invalidation_is_a_failed_publication(
    published: Published, tmp_path: Path
) -> None:
    published.publish(build(tmp_path, "a"))
    published.cloudfront.fails = True
    with pytest.raises(ClientError):
        published.publish(build(tmp_path, "b"))
    assert published.assets == {"a", "b"}


def test_old_files_that_stay_are_told(published: Published, tmp_path: Path) -> None:
    published.publish(build(tmp_path, "a"))
    published.publish(build(tmp_path, "b"))
    published.s3.keeps = frozenset({"assets/a.js"})
    with pytest.raises(NotDeleted, match=r"assets/a\.js first: AccessDenied"):
        published.publish(build(tmp_path, "c"))
    assert "/assets/c.js" in published.text("index.html")


def test_a_bundle_without_a_build_is_told(tmp_path: Path) -> None:
    with pytest.raises(SiteNotBuilt, match="build the web UI first"):
        Site(tmp_path)


def test_builds_are_told_apart_by_names_and_contents(tmp_path: Path) -> None:
    a = build(tmp_path, "a")
    assert a.digest == Site(tmp_path / "a").digest
    (tmp_path / "a" / "favicon.svg").write_text("<svg></svg>")
    assert a.digest != Site(tmp_path / "a").digest


# The end


def test_the_bucket_is_emptied_to_the_last_page(published: Published, tmp_path: Path) -> None:
    published.publish(build(tmp_path, "a", *(f"chunk-{number}.js" for number in range(20))))
    held = len(published.s3.objects)
    assert withdraw(Bucket(published.s3, BUCKET)) == held
    assert published.s3.objects == {}


def test_more_files_than_one_request_deletes(published: Published) -> None:
    published.s3.objects = {f"assets/{number}.js": {} for number in range(2_345)}
    published.s3.page_size = 1000
    assert withdraw(Bucket(published.s3, BUCKET)) == 2_345
    assert published.s3.objects == {}


def test_a_bucket_that_is_gone_is_empty(published: Published) -> None:
    published.s3.is_gone = True
    assert withdraw(Bucket(published.s3, BUCKET)) == 0
