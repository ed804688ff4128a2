"""Kills: no more entries, every position closed, every bot stopped."""

from functions.api.dependencies import CurrentCaller, ServicesDependency, TradingUser, get_admin
from functions.api.schemas.kill import BotKillRequest, KillRequest, KillResponse
from functions.api.web.audited import audited
from functions.api.web.keyed_routes import KEYED, KEYED_RESPONSES, KeyedRoute
from functions.api.web.problems import documented
from functions.api.web.routes import Routes

router = Routes(tags=["risk"], responses=documented(401, 403, 404), route_class=KeyedRoute)
_LIFT_MINE = 'PUT /api/v1/risk {"halted": false}'
_LIFT_USER = 'PUT /api/v1/risk {"halted": false}, sent by that user'
_LIFT_ALL = 'PUT /api/v1/risk/stack {"halted": false}'


@router.post(
    "/bots/{bot_id}/kill",
    status_code=202,
    summary="Kill a bot",
    responses=KEYED_RESPONSES,
    dependencies=[KEYED, audited("bot.kill", "bot_id", is_way_out=True)],
)
def kill_bot(
    bot_id: str,
    user: TradingUser,
    services: ServicesDependency,
    body: BotKillRequest | None = None,
) -> KillResponse:
    """Hold the bot's entries back, close what it holds by market orders and stop it.

    In any status and whatever else was asked for; to be repeated without harm. A bot that is
    killed in an error closes and stops as soon as its orders are proven.
    """
    kill = services.kill_switch.bot(user.id, bot_id, body.reason if body else "")
    return KillResponse.of(kill, f'PUT /api/v1/bots/{bot_id}/risk {{"halted": false}}')


@router.post(
    "/kill",
    status_code=202,
    summary="Kill all bots",
    responses={**documented(400), **KEYED_RESPONSES},
    dependencies=[KEYED, audited("kill.bots", is_way_out=True)],
)
def kill_bots(
    body: KillRequest, user: TradingUser, caller: CurrentCaller, services: ServicesDependency
) -> KillResponse:
    """Hold entries back, then have every bot of the scope close what it holds and stop.

    Many bots take several requests: while the answer has a `cursor`, send it with the next one.
    """
    match body.scope:
        case "mine":
            kill, lifting = services.kill_switch.user(user.id, body.reason, body.cursor), _LIFT_MINE
        case "user":
            get_admin(caller)
            owner = services.kill_switch.user_of(body.user_id or "")
            kill = services.kill_switch.user(owner.id, body.reason, body.cursor)
            lifting = _LIFT_USER
        case "all":
            get_admin(caller)
            kill, lifting = services.kill_switch.everybody(body.reason, body.cursor), _LIFT_ALL
    return KillResponse.of(kill, lifting)
