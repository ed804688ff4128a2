"""The settings of a bot that an analysis of its pair looks at."""

from pydantic import BaseModel, ConfigDict

from pairtrader.model.settings import Ladder, SpreadMode


class AnalysedBot(BaseModel):
    """Its ladder and the way it measures the spread; all else may be missing or half written."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    dca_config: Ladder | None = None
    spread_mode: SpreadMode = SpreadMode.DIFFERENCE

    @property
    def row_spreads(self) -> tuple[float, ...]:
        """Return the spread of each row, points beyond the row before."""
        return tuple(row.spread for row in self.dca_config or ())
