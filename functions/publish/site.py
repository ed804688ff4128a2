"""The built web UI as it lies in the function's bundle, and how browsers are to take its files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ENTRY = "index.html"
"""The page that names all others: whoever sees a new one needs the new files."""
CONFIG = "config.json"
"""What tells the UI where it runs; made at deployment, not by the build."""
HASHED = "assets/"
"""Folder of the files whose names change with what they hold."""
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
ASKED_FOR_AGAIN = "no-cache"
CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By suffix. Browsers are told not to guess, so that a wrong type is a broken page."""


class SiteNotBuilt(Exception):
    """The bundle holds no web UI; build it before the bundle."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One file of the build."""

    path: str
    """Below the origin, such as ``assets/index-1a2b.js``."""
    body: bytes

    @property
    def content_type(self) -> str:
        """Media type that the file is served with."""
        return content_type(self.path)

    @property
    def cache_control(self) -> str:
        """How long browsers and CloudFront may keep the file."""
        return KEPT_FOR_EVER if self.is_hashed else ASKED_FOR_AGAIN

    @property
    def is_hashed(self) -> bool:
        """Whether another content would have another name."""
        return self.path.startswith(HASHED)


def content_type(path: str) -> str:
    """Return the media type of a file by its name; bytes of no known kind when it is unknown."""
    return CONTENT_TYPES.get(Path(path).suffix.lower(), "application/octet-stream")


class Site:
    """All files of one build, the entry page last: it names the others."""

    def __init__(self, folder: Path) -> None:
        """Read the build in `folder`.

        Raises:
            SiteNotBuilt: there is none.
        """
        if not (folder / ENTRY).is_file():
            raise SiteNotBuilt(f"There is no {ENTRY} in the bundle: build the web UI first.")
        found = [
            SiteFile(path.relative_to(folder).as_posix(), path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        self.files = tuple(sorted(found, key=lambda file: (file.path == ENTRY, file.path)))

    @property
    def paths(self) -> frozenset[str]:
        """Paths of all files."""
        return frozenset(file.path for file in self.files)

    @cached_property
    def digest(self) -> str:
        """What tells this build from every other one."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file.path}\n{len(file.body)}\n".encode() + file.body)
        return digest.hexdigest()
