"""What can be wrong with the user's files of prices and rates."""

from pathlib import Path


class BadData(Exception):
    """A file that can't be taken as it is: the text names what was found and the way out."""

    def __init__(
        self, file: str | Path, text: str, *, line: int | None = None, unit: str = "line"
    ) -> None:
        self.file = str(file)
        self.line = line
        """Number of the first offending line, counted from 1; None where the file as a whole is."""
        self.unit = unit
        """What `line` counts: ``line`` of a text, ``row`` of a table that has no lines."""
        self.text = text
        where = self.file if line is None else f"{self.file} {unit} {line}"
        super().__init__(f"{where}: {text}")
