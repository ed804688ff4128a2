"""Limits and switches of risk: they refuse entries and adds, never a way out."""

from functions.api.dependencies import AdminUser, CurrentUser, ServicesDependency, TradingUser
from functions.api.schemas.risk import (
    BotRiskResponse,
    BotRiskUpdate,
    RiskResponse,
    RiskUpdate,
    StackRiskResponse,
)
from functions.api.web.audited import audited
from functions.api.web.problems import documented
from functions.api.web.routes import Routes

router = Routes(tags=["risk"], responses=documented(401, 403, 503))


@router.get("/risk", summary="Show limits and the day's results")
def get_risk(user: CurrentUser, services: ServicesDependency) -> RiskResponse:
    """Return the user's limits, what the UTC day has brought so far, and what refuses entries."""
    return RiskResponse.of(services.risk.of_user(user.id))


@router.put("/risk", summary="Change limits", dependencies=[audited("risk.change")])
def update_risk(body: RiskUpdate, user: TradingUser, services: ServicesDependency) -> RiskResponse:
    """Set the limits given; the others stay. They hold from the next entry of any bot on."""
    return RiskResponse.of(services.risk.change_user(user.id, body.changes()))


@router.get("/risk/stack", summary="Show the stack's switch")
def get_stack_risk(admin: AdminUser, services: ServicesDependency) -> StackRiskResponse:
    """Return whether the entries of all users' bots are stopped."""
    return StackRiskResponse.of(services.risk.of_stack())


@router.put(
    "/risk/stack",
    summary="Stop all entries of the stack",
    dependencies=[audited("risk.stack")],
)
def update_stack_risk(
    body: BotRiskUpdate, admin: AdminUser, services: ServicesDependency
) -> StackRiskResponse:
    """Stop or allow the entries and adds of all users' bots; exits go on in any case."""
    return StackRiskResponse.of(services.risk.change_stack(body.changes()))


@router.get("/bots/{bot_id}/risk", summary="Show a bot's switch", responses=documented(404))
def get_bot_risk(bot_id: str, user: CurrentUser, services: ServicesDependency) -> BotRiskResponse:
    """Return whether the bot's entries are stopped, and all that refuses them now."""
    return BotRiskResponse.of(services.risk.of_bot(user.id, bot_id))


@router.put(
    "/bots/{bot_id}/risk",
    summary="Stop a bot's entries",
    responses=documented(404),
    dependencies=[audited("bot.risk", "bot_id")],
)
def update_bot_risk(
    bot_id: str, body: BotRiskUpdate, user: TradingUser, services: ServicesDependency
) -> BotRiskResponse:
    """Stop or allow the bot's entries and adds; an open position is still watched and closed."""
    return BotRiskResponse.of(services.risk.change_bot(user.id, bot_id, body.changes()))
