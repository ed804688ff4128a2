"""Bots: settings and life."""

from typing import Annotated, Any

from fastapi import Body, Query, Response

from functions.api.bots.bot_commands import Outcome, PositionChoice
from functions.api.bots.edits import exit_triggered
from functions.api.dependencies import CurrentUser, ServicesDependency, TradingUser
from functions.api.schemas.bots import BotResponse, BotUpdateResponse, ResolveRequest, StopRequest
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.previews import BotPreviewResponse
from functions.api.web.audited import audited
from functions.api.web.keyed_routes import KEYED, KEYED_RESPONSES, KeyedRoute
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.model.settings import BotSettings

router = Routes(
    prefix="/bots", tags=["bots"], responses=documented(401, 403), route_class=KeyedRoute
)
_COMMAND = documented(404, 409)
_KEYED_COMMAND = {**_COMMAND, **KEYED_RESPONSES}


def _update_schema() -> dict[str, Any]:
    """Return the schema of a partial body: that of the settings, nothing required or assumed."""
    schema = BotSettings.model_json_schema(ref_template="#/components/schemas/{model}")
    for each in schema["properties"].values():
        each.pop("default", None)
    return {k: v for k, v in schema.items() if k not in ("required", "$defs", "description")}


_UPDATE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {**_update_schema(), "title": "BotUpdate"}}},
    }
}


@router.post(
    "",
    status_code=201,
    summary="Create a bot",
    responses={**documented(404, 502), **KEYED_RESPONSES},
    dependencies=[KEYED, audited("bot.create")],
)
def create_bot(body: BotSettings, user: TradingUser, services: ServicesDependency) -> BotResponse:
    """Create a bot, stopped. Both symbols and all amounts are checked with the exchange."""
    return BotResponse.of(services.bots.create(user.id, body))


@router.post("/preview", summary="Preview a bot", responses=documented(404, 502, 503))
def preview_bot(
    body: BotSettings, user: CurrentUser, services: ServicesDependency
) -> BotPreviewResponse:
    """Return what these settings would commit to, and what a creation would refuse.

    Nothing is stored. Settings that are not acceptable in themselves are refused as by a creation.
    """
    return BotPreviewResponse.of(body, services.previews.bot(user.id, body))


@router.get("", summary="List bots", responses=documented(400))
def list_bots(
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
    deleted: Annotated[
        bool, Query(description="true: those that were deleted instead; their history stays.")
    ] = False,
) -> PageResponse[BotResponse]:
    """Return the user's bots, oldest first."""
    bots = services.bots.list_deleted if deleted else services.bots.list
    return page_of(bots(user.id, limit, cursor), BotResponse.of)


@router.get("/{bot_id}", summary="Show a bot", responses=documented(404))
def get_bot(bot_id: str, user: CurrentUser, services: ServicesDependency) -> BotResponse:
    """Return one bot."""
    return BotResponse.of(services.bots.get(user.id, bot_id))


@router.put(
    "/{bot_id}",
    summary="Change a bot",
    responses=documented(404, 409, 502, 503),
    openapi_extra=_UPDATE_BODY,
    dependencies=[audited("bot.change", "bot_id")],
)
def update_bot(
    bot_id: str,
    body: Annotated[dict[str, Any], Body()],
    user: TradingUser,
    services: ServicesDependency,
) -> BotUpdateResponse:
    """Replace the settings given; the others stay.

    Stopped and flat, all of them may change. Else: name, ratios, pause, cooldown, tick interval,
    time-outs, cap, and the ladder's rows not yet done.
    """
    updated = services.bots.update(user.id, bot_id, body)
    return BotUpdateResponse.after(updated.bot, exit_triggered(updated.bot), updated.effects)


@router.delete(
    "/{bot_id}",
    status_code=204,
    summary="Delete a bot",
    responses=_COMMAND,
    dependencies=[audited("bot.delete", "bot_id")],
)
def delete_bot(bot_id: str, user: TradingUser, services: ServicesDependency) -> None:
    """Remove a bot that is stopped and holds nothing.

    Its history stays: `GET /bots?deleted=true` lists it, and orders, positions, cycles, log and
    spread history are still found under its id.
    """
    services.bots.delete(user.id, bot_id)


@router.post(
    "/{bot_id}/start",
    summary="Start",
    responses={**documented(404, 502), **KEYED_RESPONSES},
    dependencies=[KEYED, audited("bot.start", "bot_id")],
)
def start_bot(
    bot_id: str,
    user: TradingUser,
    services: ServicesDependency,
    adopt: Annotated[
        bool,
        Query(description="Go on with the position that the last stop has left to the user."),
    ] = False,
) -> BotResponse:
    """Run the bot. Its markets must be free, and flat unless the bot itself holds them.

    A position that its last stop has left is adopted on request, if it still is what it was.
    """
    return BotResponse.of(services.commands.start(user.id, bot_id, adopt=adopt))


@router.post(
    "/{bot_id}/pause",
    summary="Pause",
    responses=_KEYED_COMMAND,
    dependencies=[KEYED, audited("bot.pause", "bot_id", is_way_out=True)],
)
def pause_bot(bot_id: str, user: TradingUser, services: ServicesDependency) -> BotResponse:
    """Allow no more entries; an open position is still watched and closed by its exits."""
    return BotResponse.of(services.commands.pause(user.id, bot_id))


@router.post(
    "/{bot_id}/stop",
    summary="Stop",
    responses={202: {"model": BotResponse, "description": "Not done yet"}, **_KEYED_COMMAND},
    dependencies=[KEYED, audited("bot.stop", "bot_id", is_way_out=True)],
)
def stop_bot(
    bot_id: str,
    response: Response,
    user: TradingUser,
    services: ServicesDependency,
    body: StopRequest | None = None,
    position: Annotated[
        PositionChoice | None, Query(description="As in the body; this one counts.")
    ] = None,
) -> BotResponse:
    """Stop the bot: at once when flat (200), else once a tick has settled the position (202)."""
    chosen = position or (body.position if body else None)
    return _answer(services.commands.stop(user.id, bot_id, chosen), response)


@router.post(
    "/{bot_id}/close",
    status_code=202,
    summary="Close now",
    responses=_KEYED_COMMAND,
    dependencies=[KEYED, audited("bot.close", "bot_id", is_way_out=True)],
)
def close_bot(
    bot_id: str, response: Response, user: TradingUser, services: ServicesDependency
) -> BotResponse:
    """Close the open position by market orders; the bot is paused then."""
    return _answer(services.commands.close(user.id, bot_id), response)


@router.post(
    "/{bot_id}/resolve",
    status_code=202,
    summary="Resolve an error",
    responses=_KEYED_COMMAND,
    dependencies=[KEYED, audited("bot.resolve", "bot_id")],
)
def resolve_bot(
    bot_id: str,
    body: ResolveRequest,
    response: Response,
    user: TradingUser,
    services: ServicesDependency,
) -> BotResponse:
    """End the error of a bot whose books and exchange differ; the bot is paused then."""
    return _answer(services.commands.resolve(user.id, bot_id, body.action), response)


def _answer(outcome: Outcome, response: Response) -> BotResponse:
    response.status_code = 202 if outcome.pending else 200
    return BotResponse.of(outcome.bot)
