"""What a bot has come to."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentUser, ServicesDependency
from functions.api.schemas.performance import StatsResponse
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.model.account import AccountMode

router = Routes(tags=["bot history"], responses=documented(401, 404))


@router.get("/bots/{bot_id}/stats", summary="Statistics")
def get_stats(
    bot_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    mode: Annotated[
        AccountMode | None,
        Query(description="Cycles on accounts of this mode alone; default: the bot's own."),
    ] = None,
) -> StatsResponse:
    """Return what the bot's closed cycles come to; modes are never mixed."""
    bot = services.bots.get_ever(user.id, bot_id)
    return StatsResponse.of(services.statistics.of(bot_id, mode or bot.config.mode))
