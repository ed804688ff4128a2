"""Configurations as people keep them: files of JSON, changed on the command line."""

import difflib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

from pydantic import ValidationError

from pairtrader.backtest.changes import NoSuchField, changed
from pairtrader.backtest.config import BacktestConfig, BacktestTerms, MarketSteps
from pairtrader.cli.failures import UsageError
from pairtrader.model.settings import BotSettings, DcaRow

Document = dict[str, Any]

FIELDS = frozenset({*BotSettings.model_fields, *BacktestTerms.model_fields})
_WITHIN = {
    "dca_config": frozenset(DcaRow.model_fields),
    "markets": frozenset(MarketSteps.model_fields),
}
EXPORTED = "pairtrader.bot/"
_ABOUT_AN_EXPORT = {"format", "exported_at", "exchange_name", "settings"}
MAX_SHOWN = 60


@dataclass(frozen=True)
class ConfigFile:
    """What a file of settings and ``--set`` say, flat, not yet checked."""

    name: str
    document: Document
    changed: frozenset[str] = frozenset()
    """Fields that ``--set`` has touched."""

    def checked(self) -> BacktestConfig:
        """Return the configuration.

        Raises:
            UsageError: with a line for each field that can't be right.
        """
        try:
            return BacktestConfig.of(self.document)
        except ValidationError as error:
            raise UsageError(*self._lines(error)) from None

    def _lines(self, error: ValidationError) -> Iterable[str]:
        errors = error.errors(include_url=False)
        for each in errors:
            if any(_holds(each["loc"], other["loc"]) for other in errors):
                # What is wrong within it says more than that it is wrong.
                continue
            path = field_path(each["loc"])
            place = "--set" if path.partition(".")[0] in self.changed else self.name
            yield f"{place}: {problem_text(path, each)}"


def _holds(outer: Sequence[str | int], inner: Sequence[str | int]) -> bool:
    return len(outer) < len(inner) and bool(outer) and inner[: len(outer)] == outer


def field_path(location: Sequence[str | int]) -> str:
    """Return a place in a configuration as it is written on the command line."""
    parts = [str(part) for part in location]
    return ".".join(parts[1:] if parts[:1] in (["settings"], ["terms"]) else parts)


def problem_text(path: str, error: Mapping[str, Any]) -> str:
    """Return one line: the field, what is wrong with it, and the way out."""
    if error["type"] == "extra_forbidden":
        known = _WITHIN.get(path.partition(".")[0], FIELDS)
        return f"{path}: there is no such setting{suggestion(path, known)}"
    if error["type"] == "missing":
        return f"{path}: is missing"
    text = error["msg"].removeprefix("Value error, ")
    if not path:
        return str(text)
    given = _shown(error.get("input"))
    return f"{path}: {text}{given}"


def _shown(value: object) -> str:
    if isinstance(value, str | int | float | bool):
        text = json.dumps(value, ensure_ascii=False)
        return f" (it is {text})" if len(text) <= MAX_SHOWN else ""
    return ""


def suggestion(name: str, known: Iterable[str] = FIELDS) -> str:
    """Return what may have been meant, as the end of a sentence."""
    near = difflib.get_close_matches(name.rpartition(".")[2], sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def read_config(path: str, changes: Sequence[str]) -> ConfigFile:
    """Return the settings in a file (``-`` is standard input) with the changes made to them.

    Raises:
        UsageError: the file or a change can't be read.
    """
    name = "standard input" if path == "-" else path
    document = _flat(name, _object(name, read_json(path)))
    names = []
    for change in changes:
        field, value = _change(change)
        if _head(field) not in FIELDS and _head(field) != "ladder":
            raise UsageError(f"--set {field}: there is no such setting{suggestion(field)}")
        try:
            document = changed(document, {field: value})
        except NoSuchField as error:
            raise UsageError(f"--set {field}: {error}") from None
        names.append("dca_config" if _head(field) == "ladder" else _head(field))
    return ConfigFile(name, document, frozenset(names))


def read_json(path: str) -> Any:
    """Return what a JSON file holds.

    Raises:
        UsageError: naming line and column of what is no JSON.
    """
    name = "standard input" if path == "-" else path
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}") from None
    if raw[:2] == b"\x1f\x8b":
        raw = _unzipped(name, raw)
    try:
        return parse_json(name, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: byte {error.start + 1} is not UTF-8: save it as UTF-8") from None


def parse_json(name: str, text: str) -> Any:
    """Return what a text of JSON holds.

    Raises:
        UsageError: naming line and column of what is no JSON.
    """
    if not text.strip():
        raise UsageError(f"{name}: is empty: a JSON object is expected")
    try:
        return json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise UsageError(f"{place}: {error.msg}{_hint(text, error.pos)}") from None
    except RecursionError:
        raise UsageError(f"{name}: is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _unzipped(name: str, raw: bytes) -> bytes:
    import gzip  # noqa: PLC0415

    try:
        return gzip.decompress(raw)
    except (OSError, EOFError):
        raise UsageError(f"{name}: is not a whole gzip file") from None


def _hint(text: str, position: int) -> str:
    rest = text[position:].lstrip()
    before = text[:position].rstrip()
    if rest.startswith(("//", "/*", "#")):
        return "; JSON has no comments"
    if rest[:1] in ("}", "]") and before.endswith(","):
        return "; a comma before a closing bracket has to go"
    if rest.startswith("'"):
        return '; texts stand in double quotes, "so"'
    return ""


def _without_doubles(pairs: list[tuple[str, Any]]) -> Document:
    found: Document = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key} stands there twice: leave one")
        found[key] = value
    return found


def _no_constant(text: str) -> Never:
    raise ValueError(f"{text} is no number that a setting can have")


def _object(name: str, value: Any) -> Document:
    if not isinstance(value, dict):
        raise UsageError(f"{name}: a JSON object with the bot's settings is expected")
    return value


def _flat(name: str, document: Document) -> Document:
    """Return the flat settings of any document that holds a bot's settings."""
    if str(document.get("format", "")).startswith(EXPORTED):
        _refuse_rest(name, document, _ABOUT_AN_EXPORT, "an exported bot")
        return _object(f"{name}: settings", document.get("settings"))
    if "config" in document and "metrics" in document:
        return _object(f"{name}: config", document["config"])
    if "settings" in document:
        _refuse_rest(name, document, {"settings", "terms"}, "settings and terms")
        settings = _object(f"{name}: settings", document["settings"])
        return {**settings, **_object(f"{name}: terms", document.get("terms", {}))}
    return document


def _refuse_rest(name: str, document: Document, known: set[str], kind: str) -> None:
    rest = sorted(document.keys() - known)
    if rest:
        raise UsageError(f"{name}: {', '.join(rest)}: not a part of {kind}: use --set for changes")


def _change(text: str) -> tuple[str, Any]:
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise UsageError(f"--set {text}: write NAME=VALUE, such as --set profit_ratio=0.8")
    return field, value_of(value)


def value_of(text: str) -> Any:
    """Return a value given on the command line: JSON where it is some, else the text itself."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return text


def _head(field: str) -> str:
    return field.partition(".")[0]
