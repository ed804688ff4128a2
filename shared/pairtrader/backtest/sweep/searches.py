"""Which settings to try: all of a grid, some by chance, or what earlier runs make likely."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from pairtrader.backtest.sweep.space import Listed, Parameter, Ranged, Settings, Space

TRIES_PER_SAMPLE = 20
"""Draws that were drawn before do not count; a small space may hold fewer than asked for."""
BATCH = 8
"""Runs that TPE asks for at a time. It depends on nothing, so that the number of workers does not
change what is found."""


class Mode(StrEnum):
    """How settings are chosen."""

    GRID = "grid"
    RANDOM = "random"
    TPE = "tpe"


class MissingExtra(Exception):
    """A library is not installed: the text says how to install it."""


class Search(Protocol):
    """Asks for runs until it has seen enough."""

    def ask(self) -> list[dict[str, Any]]:
        """Return the next settings to try, none when it is done."""
        ...

    def tell(self, scores: Sequence[float | None]) -> None:
        """Take how good those asked for last were, more is better."""
        ...


class Listing:
    """Settings that were decided on beforehand."""

    def __init__(self, settings: Sequence[Settings]) -> None:
        self._settings = [dict(each) for each in settings]

    def ask(self) -> list[dict[str, Any]]:
        """Return all of them, once."""
        asked, self._settings = self._settings, []
        return asked

    def tell(self, scores: Sequence[float | None]) -> None:
        """Change nothing."""


def drawn(space: Space, samples: int, seed: int) -> list[dict[str, Any]]:
    """Return `samples` distinct settings by chance, fewer where there are no more."""
    chance = np.random.default_rng(seed)
    found: dict[str, dict[str, Any]] = {}
    for _ in range(samples * TRIES_PER_SAMPLE):
        shares = chance.random(len(space.parameters))
        values = [p.at(float(share)) for p, share in zip(space.parameters, shares, strict=True)]
        settings = dict(zip(space.names, values, strict=True))
        found.setdefault(repr(values), settings)
        if len(found) == samples:
            break
    return list(found.values())


class Tpe:
    """Tree-structured Parzen estimators, as Optuna has them."""

    def __init__(self, space: Space, samples: int, seed: int) -> None:
        """Search `space` with `samples` runs.

        Raises:
            MissingExtra: Optuna is not installed.
        """
        self._optuna = _optuna()
        self._space = space
        self._left = samples
        sampler = self._optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        self._study = self._optuna.create_study(direction="maximize", sampler=sampler)
        self._distributions = {p.name: self._distribution(p) for p in space.parameters}
        self._trials: list[Any] = []

    def ask(self) -> list[dict[str, Any]]:
        """Return the next settings; some may have been asked for before."""
        count = min(BATCH, self._left)
        self._left -= count
        self._trials = [self._study.ask(self._distributions) for _ in range(count)]
        return [self._settings(trial.params) for trial in self._trials]

    def tell(self, scores: Sequence[float | None]) -> None:
        """Learn; runs without a score are failures."""
        failed = self._optuna.trial.TrialState.FAIL
        for trial, score in zip(self._trials, scores, strict=True):
            if score is None:
                self._study.tell(trial, state=failed)
            else:
                self._study.tell(trial, score)

    def _distribution(self, parameter: Parameter) -> Any:
        kinds = self._optuna.distributions
        if isinstance(parameter, Listed):
            places = len(parameter.values)
            # Numbers in order are a scale to learn on; other values only differ.
            if parameter.ordered:
                return kinds.IntDistribution(0, places - 1)
            return kinds.CategoricalDistribution(list(range(places)))
        low, high, log = parameter.low, parameter.high, parameter.log
        if parameter.whole:
            return kinds.IntDistribution(int(low), int(high), log=log)
        return kinds.FloatDistribution(low, high, log=log)

    def _settings(self, params: dict[str, Any]) -> dict[str, Any]:
        return {p.name: _value(p, params[p.name]) for p in self._space.parameters}


def _value(parameter: Parameter, drawn_value: Any) -> Any:
    if isinstance(parameter, Ranged):
        return parameter.near(drawn_value)
    return parameter.values[drawn_value]


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415
    except ImportError:
        raise MissingExtra(
            "mode tpe needs Optuna: pip install 'pairtrader[tpe]', or take mode random"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def search_of(mode: Mode, space: Space, samples: int, seed: int) -> Callable[[], Search]:
    """Return how to begin a search; each one begun asks for the same as the others at first.

    Raises:
        BadSpace: the grid has no end.
        MissingExtra: a library is missing.
    """
    if mode is Mode.TPE:
        _optuna()
        return lambda: Tpe(space, samples, seed)
    settings = space.grid() if mode is Mode.GRID else drawn(space, samples, seed)
    return lambda: Listing(settings)
