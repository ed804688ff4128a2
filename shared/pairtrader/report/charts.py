"""Charts as plain descriptions that the page's script draws.

Colours are names of the style sheet's properties, such as ``--gain``: the script looks them up, so
that charts follow the reader's light or dark theme. Texts are escaped, as Plotly reads a little
HTML in them.
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

Spec = dict[str, Any]
Numbers = Sequence[float | None]

MOST_MARKS = 3_000
"""Marks of one kind in a chart; of more, so many are drawn in even steps."""
FEW_MARKS = 300
"""Up to so many marks are drawn large."""
BINS = 40
GAIN, LOSS, LINE, SOFT = "--gain", "--loss", "--line", "--soft"
SERIES = ("--series1", "--series2", "--series3", "--series4", "--series5", "--series6")


def chart(name: str, label: str, traces: Sequence[Spec], layout: Spec, height: int = 320) -> Spec:
    """Return a chart: `name` is the element's id, `label` what is read out instead of it."""
    return {
        "id": name,
        "label": label,
        "traces": list(traces),
        "layout": layout,
        "height": height,
    }


def line(x: Sequence[Any], y: Numbers, name: str, colour: str = LINE, **more: Any) -> Spec:
    """Return a line through points."""
    shape = {"color": colour, "width": 1.4, **more.pop("line", {})}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        "name": escape(name),
        "line": shape,
        **more,
    }


def marks(x: Sequence[Any], y: Numbers, name: str, colour: str, symbol: str, **more: Any) -> Spec:
    """Return single points."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "name": escape(name),
        "marker": {"color": colour, "symbol": symbol, "size": 7 if len(x) <= FEW_MARKS else 4},
        **more,
    }


def level(y: float, colour: str = SOFT, dash: str = "dot") -> Spec:
    """Return a horizontal line over the whole width."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": y,
        "y1": y,
        "line": {"color": colour, "width": 1, "dash": dash},
    }


def upright(x: float) -> Spec:
    """Return a vertical line over the whole height."""
    return {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": x,
        "x1": x,
        "line": {"color": SOFT, "width": 1, "dash": "dot"},
    }


def axis(title: str, **more: Any) -> Spec:
    """Return an axis with its title."""
    return {"title": {"text": escape(title)}, **more}


TIME_AXIS: Mapping[str, Any] = {"type": "date", "hoverformat": "%Y-%m-%d %H:%M:%S UTC"}


def histogram(values: Numbers, name: str, unit: str, *, signed: bool) -> tuple[list[Spec], Spec]:
    """Return bars of how often values lie where; `signed` colours losses and gains."""
    known = np.array([value for value in values if value is not None])
    parts = min(BINS, max(12, int(np.sqrt(len(known))) + 1))
    width = float(np.ptp(known)) / parts
    if signed and width > 0:
        # Nothing is an edge: no bar holds gains and losses.
        first, last = np.floor(known.min() / width), np.ceil(known.max() / width)
        edges = np.arange(first, last + 1) * width
        edges[0], edges[-1] = min(edges[0], known.min()), max(edges[-1], known.max())
        counts, _ = np.histogram(known, bins=edges)
    else:
        counts, edges = np.histogram(known, bins=parts)
    return bins(counts.tolist(), edges.tolist(), name, unit, signed=signed)


def bins(
    counts: Sequence[int], edges: Sequence[float], name: str, unit: str, *, signed: bool = False
) -> tuple[list[Spec], Spec]:
    """Return bars between `edges`."""
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    colours = [(LOSS if middle < 0 else GAIN) for middle in middles] if signed else SERIES[0]
    bars = {
        "type": "bar",
        "x": middles,
        "y": list(counts),
        "width": [high - low for low, high in pairwise(edges)],
        "name": escape(name),
        "marker": {"color": colours},
    }
    return [bars], {"xaxis": axis(unit), "yaxis": axis("count"), "bargap": 0.05}


def heat_map(
    columns: Sequence[Any], rows: Sequence[Any], cells: Sequence[Numbers], titles: tuple[str, str]
) -> tuple[list[Spec], Spec]:
    """Return a table in colours; `titles` are those of columns and rows."""
    picture = {
        "type": "heatmap",
        "x": [escape(str(each)) for each in columns],
        "y": [escape(str(each)) for each in rows],
        "z": [list(row) for row in cells],
        "colorscale": [[0, "--cold"], [0.5, "--mild"], [1, "--warm"]],
        "hoverongaps": False,
    }
    layout = {
        "xaxis": axis(titles[0], type="category"),
        "yaxis": axis(titles[1], type="category"),
    }
    return [picture], layout


def thinned(values: Sequence[Any], most: int = MOST_MARKS) -> list[Any]:
    """Return at most `most` of `values`, in even steps."""
    step = -(-len(values) // most) if values else 1
    return list(values[::step])
