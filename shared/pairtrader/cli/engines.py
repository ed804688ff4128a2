"""Which engine runs."""

from importlib.util import find_spec

from pairtrader.cli.failures import UsageError


def check_fast(fast: bool | None) -> None:
    """Make sure that the compiled engine is there if it is demanded.

    Raises:
        UsageError: it is not installed.
    """
    if fast and not has_numba():
        raise UsageError("--fast needs Numba: pip install 'pairtrader[fast]', or leave it out")


def has_numba() -> bool:
    """Return whether the extra `fast` is installed; importing it is put off until it is used."""
    return find_spec("numba") is not None
