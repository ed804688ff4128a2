"""Imports one exchange of CCXT without the hundred others.

``import ccxt.async_support`` executes every exchange's module. Its base and the exchanges' own
modules import from each other by full path, so the two packages can stand as empty shells that
only lead to their submodules; the few names that CCXT's base takes from the package itself are
looked up on demand. Two more things are spared that only others use: `requests`, which serves
CCXT's synchronous classes, and the system's certificates, which aiohttp reads for connections
that bring none (CCXT's bring certifi's).

Bundles need of CCXT only ``__init__.py``, ``base/``, ``async_support/__init__.py``,
``async_support/base/`` and, for each exchange class and its parents, the module in ``abstract/``
and in ``async_support/``. A process that has imported CCXT whole before keeps it so.
"""

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_PACKAGE = "ccxt"
_ASYNC = "ccxt.async_support"
_HOMES = ("ccxt.base.errors", "ccxt.base.exchange")
"""Where the names live that CCXT's own modules take from the package."""
_SYNCHRONOUS_ONLY = ("requests", "requests.utils", "requests.exceptions")


def exchange_class(class_name: str) -> Any:
    """Return CCXT's async class `class_name`, such as ``okx``.

    Raises:
        ModuleNotFoundError: CCXT has no such exchange, or the bundle does not hold it.
    """
    _stand_in(_PACKAGE)
    _stand_in(_ASYNC)
    with _without_system_certificates(), _without_requests():
        module = import_module(f"{_ASYNC}.{class_name}")
    return getattr(module, class_name)


def _stand_in(name: str) -> None:
    """Put a package's shell in place: it can be imported from, but runs nothing."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"{name} is not installed", name=name)
    shell = module_from_spec(spec)
    shell.__dict__["__getattr__"] = _look_up
    sys.modules[name] = shell
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, shell)


def _look_up(name: str) -> Any:
    for home in _HOMES:
        names = vars(import_module(home))
        if name in names and not name.startswith("_"):
            return names[name]
    raise AttributeError(f"{name} is not part of the slim import of {_PACKAGE}")


@contextmanager
def _without_system_certificates() -> Iterator[None]:
    """Leave aiohttp's own context empty: whoever used it would be refused every connection."""
    load = ssl.SSLContext.load_default_certs
    ssl.SSLContext.load_default_certs = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        ssl.SSLContext.load_default_certs = load  # type: ignore[method-assign]


@contextmanager
def _without_requests() -> Iterator[None]:
    """Let `requests` be imported from without loading it; it is as it was afterwards."""
    missing = [name for name in _SYNCHRONOUS_ONLY if name not in sys.modules]
    if "requests" not in missing:
        yield
        return
    for name in missing:
        shell = ModuleType(name)
        shell.__dict__["__getattr__"] = _placeholder
        sys.modules[name] = shell
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def _placeholder(name: str) -> Any:
    """Return something for a name that only CCXT's synchronous classes use."""
    if name == "default_user_agent":
        return _user_agent
    if name.startswith("_"):
        raise AttributeError(name)
    return type(name, (Exception,), {})


def _user_agent() -> str:
    return "pairtrader"
