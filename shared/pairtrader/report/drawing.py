"""The library that draws the charts, as text to put into a page."""

from importlib.resources import files

OWN, PLOTLY = "pairtrader.report", "plotly"


class NoDrawing(ImportError):
    """The drawing library is not installed; the text says how to get it."""


def plotly_source() -> str:
    """Return plotly.js as one script.

    Raises:
        NoDrawing: the extra `report` is not installed.
    """
    try:
        script = files(PLOTLY).joinpath("package_data", "plotly.min.js")
        return script.read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        raise NoDrawing("reports need Plotly: pip install 'pairtrader[report]'") from None


def asset(name: str) -> str:
    """Return a file of our own that every page holds."""
    return files(OWN).joinpath("assets", name).read_text(encoding="utf-8")
