"""Limits and switches of risk: they refuse entries and adds, never a way out."""

from fastapi import APIRouter

from functions.api.dependencies import CurrentUser, ServicesDependency, TradingUser
from functions.api.problems import documented
from functions.api.schemas.risk import BotRiskResponse, BotRiskUpdate, RiskResponse, RiskUpdate

router = APIRouter(tags=["risk"], responses=documented(401, 403, 503))


@router.get("/risk", summary="Show limits and the day's results")
def get_risk(user: CurrentUser, services: ServicesDependency) -> RiskResponse:
    """Return the user's limits, what the UTC day has brought so far, and what refuses entries."""
    return RiskResponse.of(services.risk.of_user(user.id))


@router.put("/risk", summary="Change limits")
def update_risk(body: RiskUpdate, user: TradingUser, services: ServicesDependency) -> RiskResponse:
    """Set the limits given; the others stay. They hold from the next entry of any bot on."""
    return RiskResponse.of(services.risk.change_user(user.id, body.changes()))


@router.get("/bots/{bot_id}/risk", summary="Show a bot's switch", responses=documented(404))
def get_bot_risk(bot_id: str, user: CurrentUser, services: ServicesDependency) -> BotRiskResponse:
    """Return whether the bot's entries are stopped, and all that refuses them now."""
    return BotRiskResponse.of(services.risk.of_bot(user.id, bot_id))


@router.put("/bots/{bot_id}/risk", summary="Stop a bot's entries", responses=documented(404))
def update_bot_risk(
    bot_id: str, body: BotRiskUpdate, user: TradingUser, services: ServicesDependency
) -> BotRiskResponse:
    """Stop or allow the bot's entries and adds; an open position is still watched and closed."""
    return BotRiskResponse.of(services.risk.change_bot(user.id, bot_id, body.changes()))
