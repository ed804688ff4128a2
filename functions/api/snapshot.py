"""Snapshots of the process for AWS Lambda SnapStart: what goes in, what no copy goes on with.

Many processes begin as copies of the same snapshot, perhaps days after it was taken.
"""

import random
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from fastapi import FastAPI
from fastapi.routing import APIRoute

from pairtrader.storage.table_clients import forget_clients


class Forgetful(Protocol):
    """Keeps secrets or connections."""

    def forget(self) -> None:
        """Drop them: they are read and made again when they are next needed."""


class Hooks(Protocol):
    """The runtime's side: the module ``snapshot_restore_py``."""

    def register_before_snapshot(self, func: Callable[[], None]) -> Any:
        """Have `func` called before the snapshot is taken."""

    def register_after_restore(self, func: Callable[[], None]) -> Any:
        """Have `func` called in every copy before its first invocation."""


def register(app: FastAPI, keepers: Sequence[Forgetful], hooks: Hooks | None = None) -> None:
    """Have the runtime prepare snapshots of `app` and renew the copies.

    Outside of AWS Lambda there is no such runtime and nothing is registered.
    """
    known = hooks or _hooks_of_the_runtime()
    if known is not None:
        known.register_before_snapshot(lambda: prepare(app))
        known.register_after_restore(lambda: renew(keepers))


def prepare(app: FastAPI) -> None:
    """Make what requests wait for otherwise: code, routes and validators; no secret is read."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            for field in (route.response_field, route.body_field):
                if field is not None:
                    field._type_adapter.rebuild()


def renew(keepers: Sequence[Forgetful]) -> None:
    """Drop what must not be the same in all copies, or is too old: secrets, connections, chance."""
    for keeper in keepers:
        keeper.forget()
    forget_clients()
    if "boto3" in sys.modules:
        vars(sys.modules["boto3"])["DEFAULT_SESSION"] = (
            None  # holds credentials of when it was made
        )
    # `secrets` and ids take their bytes from the system, which differs from copy to copy.
    random.seed()


def _hooks_of_the_runtime() -> Hooks | None:
    try:
        import snapshot_restore_py  # noqa: PLC0415 - part of the runtime on AWS alone
    except ImportError:
        return None
    hooks: Hooks = snapshot_restore_py
    return hooks
