"""Bots as documents: export, import, copies."""

from functions.api.dependencies import CurrentUser, ServicesDependency, TradingUser
from functions.api.schemas.bot_documents import BotClone, BotDocument, BotImport
from functions.api.schemas.bots import BotResponse
from functions.api.web.audited import audited
from functions.api.web.keyed_routes import KEYED, KEYED_RESPONSES, KeyedRoute
from functions.api.web.problems import documented
from functions.api.web.routes import Routes

router = Routes(
    prefix="/bots", tags=["bots"], responses=documented(401, 403, 404), route_class=KeyedRoute
)
_MADE = {**documented(502), **KEYED_RESPONSES}


@router.get("/{bot_id}/export", summary="Export a bot")
def export_bot(bot_id: str, user: CurrentUser, services: ServicesDependency) -> BotDocument:
    """Return the bot's settings as a document; neither account nor position are part of it."""
    return services.bot_documents.export(user.id, bot_id)


@router.post(
    "/import",
    status_code=201,
    summary="Import a bot",
    responses=_MADE,
    dependencies=[KEYED, audited("bot.import")],
)
def import_bot(body: BotImport, user: TradingUser, services: ServicesDependency) -> BotResponse:
    """Create a bot of a document, stopped, after checking it as any new bot."""
    return BotResponse.of(services.bot_documents.import_bot(user.id, body))


@router.post(
    "/{bot_id}/clone",
    status_code=201,
    summary="Copy a bot",
    responses=_MADE,
    dependencies=[KEYED, audited("bot.clone", "bot_id")],
)
def clone_bot(
    bot_id: str,
    user: TradingUser,
    services: ServicesDependency,
    body: BotClone | None = None,
) -> BotResponse:
    """Create a bot with the settings of another one, stopped; its start time is the same."""
    return BotResponse.of(services.bot_documents.clone(user.id, bot_id, body or BotClone()))
