"""Kills a process between any two of its steps."""

from collections.abc import Callable
from typing import Any


class ProcessKilled(BaseException):
    """The process is gone: nothing in it may catch this."""


class Fuse:
    """Counts steps and blows at one of them; 0 never blows."""

    def __init__(self, blows_at: int = 0) -> None:
        self.blows_at = blows_at
        self.steps: list[str] = []

    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self.blows_at:
            raise ProcessKilled(name)


class Fragile:
    """Passes calls on, with one step before and one after each of them."""

    def __init__(self, target: Any, fuse: Fuse, name: str) -> None:
        self._target = target
        self._fuse = fuse
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._target, attribute)
        return self._fragile(value, attribute) if callable(value) else value

    def _fragile(self, call: Callable[..., Any], attribute: str) -> Callable[..., Any]:
        def fragile(*args: Any, **kwargs: Any) -> Any:
            self._fuse.step(f"before {self._name}.{attribute}")
            result = call(*args, **kwargs)
            self._fuse.step(f"after {self._name}.{attribute}")
            return result

        return fragile
