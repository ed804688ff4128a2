"""Why an analysis has no answer at all."""


class BadSeries(ValueError):
    """Give other prices: these can't be analysed. The text says which and why."""


class Cancelled(Exception):
    """Leave it: whoever asked for the analysis has called it off."""


class BadOptions(ValueError):
    """Ask otherwise: the text names the option and what it may be."""
