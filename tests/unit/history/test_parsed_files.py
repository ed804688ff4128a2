"""The cache of parsed files: the same candles, and never those of another file."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pairtrader.history import candle_copies, parsed_files
from pairtrader.history.candles import Candles, candle_rows, read_candles
from pairtrader.history.csv_tables import Rows
from pairtrader.history.errors import BadData
from pairtrader.history.parsed_files import ParsedFiles, cache_folder
from tests.fakes.candle_text import lines, row, sound, write


@pytest.fixture
def cache(tmp_path: Path) -> ParsedFiles:
    return ParsedFiles(tmp_path / "cache", worth_keeping=0)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were parsed."""
    seen: list[Path] = []

    def reading(path: Path) -> Iterator[Rows]:
        seen.append(path)
        return candle_rows(path)

    monkeypatch.setattr(candle_copies, "candle_rows", reading)
    return seen


def same(one: Candles, two: Candles) -> bool:
    pairs = zip((one.times, *one.prices), (two.times, *two.prices), strict=True)
    return one.timeframe_ms == two.timeframe_ms and all(np.array_equal(a, b) for a, b in pairs)


def test_a_file_is_parsed_once(tmp_path: Path, cache: ParsedFiles, parsed: list[Path]) -> None:
    path = write(tmp_path, lines(*sound(100)), "x.csv.gz")
    first, second = cache.read(path, extremes=False), cache.read(path)
    assert parsed == [path]
    assert same(first, second)
    assert same(second, read_candles(path))
    assert second.path == path


def changed_in_place(path: Path) -> None:
    path.write_text(lines(*sound(99), row(99, "200,200,200,200", "12.3")))


def changed_in_the_middle(path: Path) -> None:
    before = path.stat()
    text = path.read_text().replace("100.75,12.3", "100.50,12.3", 1)
    with path.open("r+") as file:
        file.write(text)
    # Even where somebody turns the clock back.
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    other = write(path.parent, lines(*(row(n, "9,9,9,9", "100000000000") for n in range(100))), "y")
    other.rename(path)


@pytest.mark.parametrize("change", [changed_in_place, changed_in_the_middle, replaced])
def test_a_changed_file_is_parsed_again(
    tmp_path: Path, cache: ParsedFiles, parsed: list[Path], change: Callable[[Path], None]
) -> None:
    path = write(tmp_path, lines(*sound(100)))
    cache.read(path)
    change(path)
    assert same(cache.read(path), read_candles(path))
    assert len(parsed) == 2
    cache.read(path)
    assert len(parsed) == 2


def test_a_file_that_is_wrong_is_not_kept(tmp_path: Path, cache: ParsedFiles) -> None:
    path = write(tmp_path, lines(row(0), row(0)))
    for _ in range(2):
        with pytest.raises(BadData, match="appears twice"):
            cache.read(path)
    assert cache.kept().files == 0


def test_missing_files_and_folders_are_told_as_without_a_cache(
    tmp_path: Path, cache: ParsedFiles
) -> None:
    with pytest.raises(BadData, match="there is no such file"):
        cache.read(tmp_path / "x.csv")
    with pytest.raises(BadData, match="is a directory"):
        cache.read(tmp_path)


def shortened(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size - 8)


def emptied(copy: Path) -> None:
    copy.write_bytes(b"")


def scribbled(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.write(b"{]")


def of_another_kind(copy: Path) -> None:
    copy.write_bytes(b"[1]".ljust(5000))


@pytest.mark.parametrize("harm", [shortened, emptied, scribbled, of_another_kind])
def test_a_damaged_copy_is_not_believed(
    tmp_path: Path, cache: ParsedFiles, parsed: list[Path], harm: Callable[[Path], None]
) -> None:
    path = write(tmp_path, lines(*sound(100)))
    cache.read(path)
    (copy,) = (tmp_path / "cache").iterdir()
    harm(copy)
    assert same(cache.read(path), read_candles(path))
    assert len(parsed) == 2
    cache.read(path)
    assert len(parsed) == 2


def test_who_writes_into_an_array_changes_no_copy(tmp_path: Path, cache: ParsedFiles) -> None:
    path = write(tmp_path, lines(*sound(100)))
    cache.read(path)
    found = cache.read(path)
    found.prices[0][:] = 7
    assert same(cache.read(path), read_candles(path))


@pytest.mark.parametrize("error", [PermissionError(13, "denied"), OSError(28, "no space left")])
def test_a_folder_that_takes_nothing_is_no_error(
    tmp_path: Path, cache: ParsedFiles, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(candle_copies, "NamedTemporaryFile", refuse)
    path = write(tmp_path, lines(*sound(100)))
    assert len(cache.read(path)) == 100
    assert cache.kept().files == 0


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, cache: ParsedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(candle_copies.os, "replace", full)
    cache.read(write(tmp_path, lines(*sound(100))))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_disk_that_fills_up_on_the_way_leaves_nothing_behind(
    tmp_path: Path, cache: ParsedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> Iterator[Rows]:
        yield from candle_rows(path)
        raise OSError(28, "no space left")

    monkeypatch.setattr(candle_copies, "candle_rows", full)
    path = write(tmp_path, lines(*sound(100)))
    assert same(cache.read(path), read_candles(path))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    tmp_path: Path, cache: ParsedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, lines(*sound(100)))

    def growing(path: Path) -> Iterator[Rows]:
        yield from candle_rows(path)
        write(tmp_path, lines(*sound(101)))

    monkeypatch.setattr(candle_copies, "candle_rows", growing)
    assert len(cache.read(path)) == 101
    assert list((tmp_path / "cache").iterdir()) == []


def test_copies_are_put_together_from_many_blocks(tmp_path: Path, cache: ParsedFiles) -> None:
    path = write(tmp_path, lines(*sound(30_000)))
    assert same(cache.read(path), read_candles(path))


def test_the_folder_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    cache = ParsedFiles(tmp_path / "cache", worth_keeping=0)
    assert len(cache.read(write(tmp_path, lines(*sound(100))))) == 100
    assert cache.clear().files == 0


def test_small_files_are_not_kept(tmp_path: Path) -> None:
    cache = ParsedFiles(tmp_path / "cache")
    cache.read(write(tmp_path, lines(*sound(100))))
    assert cache.kept().files == 0


def test_several_may_write_at_once(tmp_path: Path, cache: ParsedFiles) -> None:
    path = write(tmp_path, lines(*sound(2000)))
    right, wrong = read_candles(path), []

    def read() -> None:
        wrong.extend(n for n in range(20) if not same(cache.read(path), right))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert cache.kept().files == 1


def test_the_least_used_copies_make_room(
    tmp_path: Path, cache: ParsedFiles, monkeypatch: pytest.MonkeyPatch, parsed: list[Path]
) -> None:
    paths = [write(tmp_path, lines(*sound(100)), f"{n}.csv") for n in range(3)]
    for age, path in enumerate(paths):
        cache.read(path)
        for copy in (tmp_path / "cache").iterdir():
            if copy.stat().st_mtime_ns > 10**12:
                os.utime(copy, ns=(age, age))
    monkeypatch.setattr(parsed_files, "_MOST_KEPT", 20_000)
    cache.read(paths[0])  # it is in use
    cache.read(write(tmp_path, lines(*sound(100)), "new.csv"))
    assert cache.kept().files == 2
    parsed.clear()
    cache.read(paths[0])
    assert parsed == []


def test_clearing_removes_all_copies(tmp_path: Path, cache: ParsedFiles) -> None:
    for n in range(2):
        cache.read(write(tmp_path, lines(*sound(100)), f"{n}.csv"))
    kept = cache.kept()
    assert kept.files == 2
    assert cache.clear() == kept
    assert cache.kept().files == 0


FOLDERS = {
    "chosen": ({"PAIRTRADER_CACHE": "/a/b", "XDG_CACHE_HOME": "/x"}, Path("/a/b")),
    "as the desktop says": ({"XDG_CACHE_HOME": "/x"}, Path("/x/pairtrader")),
    "not absolute": ({"XDG_CACHE_HOME": "x"}, Path.home() / ".cache" / "pairtrader"),
    "usual": ({}, Path.home() / ".cache" / "pairtrader"),
}


@pytest.mark.parametrize(("environment", "folder"), FOLDERS.values(), ids=FOLDERS.keys())
def test_where_copies_lie(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], folder: Path
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder(environment) == folder
