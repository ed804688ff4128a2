"""What can go wrong on the command line, as lines for people and an exit code for scripts."""

import sys
from collections.abc import Iterable

OK, FAILED, MISUSED, BAD_DATA = 0, 1, 2, 3
INTERRUPTED, READER_GONE = 130, 141

UNEXPECTED = (
    "unexpected {kind}: {error}. This is a fault of pairtrader: PAIRTRADER_TRACEBACK=1 shows where"
)


class CommandFailure(Exception):
    """Ends a command: one text for each thing that is wrong."""

    exit_code = FAILED

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class RunFailed(CommandFailure):
    """What was asked for was clear, but could not be done."""

    exit_code = FAILED


class UsageError(CommandFailure):
    """The command line or the configuration has to be changed."""

    exit_code = MISUSED


class UnusableData(CommandFailure):
    """Other prices have to be given."""

    exit_code = BAD_DATA


def explained(error: Exception) -> tuple[int, Iterable[str]] | None:
    """Return exit code and lines for what is wrong, None where only the programmer can help."""
    if isinstance(error, CommandFailure):
        return error.exit_code, error.problems
    if _is(error, "pairtrader.history.errors", "BadData"):
        return BAD_DATA, str(error).splitlines()
    if isinstance(error, OSError):
        return FAILED, (_system_text(error),)
    if isinstance(error, MemoryError):
        text = "not enough memory: take a shorter range with --from and --to, or fewer --jobs"
        return FAILED, (text,)
    return None


def _is(error: Exception, module: str, name: str) -> bool:
    """Tell a class without importing its module: an error of it has been raised by it."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(error, kind)


def _system_text(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename is not None else reason
