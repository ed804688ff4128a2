"""Recorded candles in memory and in folders."""

from collections.abc import Mapping, Sequence
from pathlib import Path


class MemoryFiles:
    """Files by key; counts reads."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self.reads: list[str] = []

    def read(self, key: str) -> bytes | None:
        self.reads.append(key)
        return self._files.get(key)

    def names(self, prefix: str) -> Sequence[str]:
        return [key for key in self._files if key.startswith(prefix)]


class FolderFiles(MemoryFiles):
    """Files of a folder under chosen keys."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        super().__init__({key: path.read_bytes() for key, path in paths.items()})
