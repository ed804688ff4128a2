"""Text files by blocks of whole lines, packed or not, so that memory stays small."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pairtrader.history.errors import BadData

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK = 1 << 19
_PACKED_BLOCK = 1 << 17
_LONGEST_LINE = 1 << 16
_GZIP = 31
"""zlib's number for gzip with its header and check sum."""
_OTHER_KINDS = (
    (b"PK\x03\x04", "is a zip archive: unpack it, or pack the CSV file with gzip"),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd: unpack it, or pack the CSV file with gzip"),
    (b"BZh", "is packed with bzip2: unpack it, or pack the CSV file with gzip"),
    (b"\xfd7zXZ", "is packed with xz: unpack it, or pack the CSV file with gzip"),
    (b"\xff\xfe", "is UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text: save it as UTF-8"),
    (b"ARROW1", "is a Feather file: save it as Parquet or CSV"),
    (b"\x89HDF", "is an HDF5 file: save it as Parquet or CSV"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file; each ends in a line feed, carriage returns before it are left out."""

    first_line: int
    """Its number in the file, counted from 1."""
    lines: bytes


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read from it.

    Raises:
        BadData: there is none, or none that may be read.
    """
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise BadData(path, "there is no such file") from error
    except IsADirectoryError as error:
        raise BadData(path, "is a directory: name one of the files in it") from error
    except PermissionError as error:
        raise BadData(path, "may not be read: look at its permissions") from error
    except OSError as error:
        raise BadData(path, f"could not be read: {error.strerror or error}") from error


def first_bytes(path: Path) -> bytes:
    """Return the bytes that tell what kind of file it is.

    Raises:
        BadData: it can't be read, is empty, or of a kind that is not read here.
    """
    with opened(path) as file:
        magic = file.read(8)
    if not magic:
        raise BadData(path, "is empty")
    for start, text in _OTHER_KINDS:
        if magic.startswith(start):
            raise BadData(path, text)
    if path.name.lower().endswith(".gz") and not magic.startswith(GZIP_MAGIC):
        raise BadData(path, "is not a gzip file: name it .csv if it is plain text")
    if path.name.lower().endswith(".parquet") and not magic.startswith(PARQUET_MAGIC):
        raise BadData(path, "is not a Parquet file: name it .csv if it is plain text")
    return magic


def line_blocks(path: Path) -> Iterator[Block]:
    """Yield the lines of a CSV file: the first one alone, then the others in large blocks.

    Raises:
        BadData: the file can't be read, or is no text of lines.
    """
    packed = first_bytes(path).startswith(GZIP_MAGIC)
    with opened(path) as file:
        chunks = _unpacked(path, file) if packed else iter(lambda: file.read(_BLOCK), b"")
        yield from _whole_lines(path, chunks)


def _whole_lines(path: Path, chunks: Iterator[bytes]) -> Iterator[Block]:
    number, rest, seen = 1, b"", False
    for chunk in chunks:
        text = rest + chunk
        if not seen:
            head, feed, tail = text.removeprefix(_BYTE_ORDER_MARK).partition(b"\n")
            if not feed:
                rest = _within_bounds(path, text, number)
                continue
            seen = True
            yield _block(number, head + feed)
            number, text = number + 1, tail
        cut = text.rfind(b"\n") + 1
        if cut:
            block = _block(number, text[:cut])
            yield block
            number += block.lines.count(b"\n")
        rest = _within_bounds(path, text[cut:], number)
    if rest:
        yield _block(number, rest.removeprefix(b"" if seen else _BYTE_ORDER_MARK) + b"\n")


def _block(first_line: int, lines: bytes) -> Block:
    return Block(first_line, lines.replace(b"\r\n", b"\n") if b"\r" in lines else lines)


def _within_bounds(path: Path, rest: bytes, number: int) -> bytes:
    if len(rest) > _LONGEST_LINE:
        text = f"is longer than {_LONGEST_LINE} bytes: this is no CSV file of candles"
        raise BadData(path, text, line=number)
    return rest


def _unpacked(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield what a gzip file holds: all its members, each complete."""
    try:
        member = zlib.decompressobj(_GZIP)
        while packed := file.read(_PACKED_BLOCK):
            while packed:
                if member.eof:
                    # Zeros may fill a file up behind its last member.
                    packed = packed.lstrip(b"\0")
                    member = zlib.decompressobj(_GZIP) if packed else member
                    continue
                if text := member.decompress(packed, _BLOCK):
                    yield text
                packed = member.unused_data if member.eof else member.unconsumed_tail
        if text := member.flush():
            yield text
    except zlib.error as error:
        raise BadData(path, f"is not a sound gzip file ({error}): fetch it again") from error
    if not member.eof:
        raise BadData(path, "ends in the middle: the gzip file is not whole, fetch it again")
