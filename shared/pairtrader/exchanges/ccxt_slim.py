"""Imports one exchange of CCXT without the hundred others.

``import ccxt.async_support`` executes every exchange's module. Its base and the exchanges' own
modules import from each other by full path, so the two packages can stand as empty shells that
only lead to their submodules; the few names that CCXT's base takes from the package itself are
looked up on demand. Bundles need of CCXT only `base`, `async_support/base`, the supported
exchanges' modules in `abstract` and `async_support`, and the packages' own ``__init__`` files.

A process that has imported CCXT whole before keeps it so.
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


def exchange_class(class_name: str) -> Any:
    """Return CCXT's async class `class_name`, such as ``okx``.

    Raises:
        ModuleNotFoundError: CCXT has no such exchange, or the bundle does not hold it.
    """
    _stand_in(_PACKAGE)
    _stand_in(_ASYNC)
    with _without_unused_certificates():
        module = import_module(f"{_ASYNC}.{class_name}")
    return getattr(module, class_name)


@contextmanager
def _without_unused_certificates() -> Iterator[None]:
    """Spare the import the reading of the system's certificates.

    aiohttp reads them at import for a context of its own (a fifth of the whole import), which CCXT
    never uses: its connections verify against certifi's bundle. Whoever used aiohttp's context
    nevertheless would find no certificate in it and be refused the connection.
    """
    load = ssl.SSLContext.load_default_certs
    ssl.SSLContext.load_default_certs = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        ssl.SSLContext.load_default_certs = load  # type: ignore[method-assign]


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
        module: ModuleType = import_module(home)
        if name in vars(module) and not name.startswith("_"):
            return vars(module)[name]
    raise AttributeError(f"{name} is not part of the slim import of {_PACKAGE}")
