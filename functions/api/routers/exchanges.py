"""Exchange accounts."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentUser, KeyHolder, ServicesDependency
from functions.api.schemas.accounts import (
    AccountCreate,
    AccountResponse,
    AccountTestResponse,
    AccountUpdate,
    BalanceResponse,
    SymbolResponse,
    SymbolsResponse,
)
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.previews import PairSpreadResponse
from functions.api.web.audited import audited
from functions.api.web.keyed_routes import KEYED, KEYED_RESPONSES, KeyedRoute
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.model.settings import SpreadMode, Symbol, UtcTime

router = Routes(
    prefix="/exchanges", tags=["exchanges"], responses=documented(401, 403), route_class=KeyedRoute
)
_ONE = documented(404)
_ASKED = documented(404, 502, 503)


@router.post(
    "",
    status_code=201,
    summary="Add an account",
    responses={**documented(502), **KEYED_RESPONSES},
    dependencies=[KEYED, audited("account.add")],
)
def add_account(
    body: AccountCreate, user: KeyHolder, services: ServicesDependency
) -> AccountResponse:
    """Add an exchange account. Keys are tried first; one that can withdraw is refused."""
    return AccountResponse.of(*services.accounts.add(user.id, body))


@router.get("", summary="List accounts", responses=documented(400))
def list_accounts(
    user: CurrentUser, services: ServicesDependency, limit: Limit = 50, cursor: Cursor = None
) -> PageResponse[AccountResponse]:
    """Return the user's accounts, oldest first."""
    return page_of(services.accounts.list(user.id, limit, cursor), AccountResponse.of)


@router.get("/{account_id}", summary="Show an account", responses=_ONE)
def get_account(
    account_id: str, user: CurrentUser, services: ServicesDependency
) -> AccountResponse:
    """Return one account."""
    return AccountResponse.of(services.accounts.get(user.id, account_id))


@router.patch(
    "/{account_id}",
    summary="Change an account",
    responses=documented(404, 409, 502),
    dependencies=[audited("account.change", "account_id")],
)
def update_account(
    account_id: str, body: AccountUpdate, user: KeyHolder, services: ServicesDependency
) -> AccountResponse:
    """Change label, activity or keys; new keys must be of the same exchange account."""
    return AccountResponse.of(*services.accounts.update(user.id, account_id, body))


@router.delete(
    "/{account_id}",
    status_code=204,
    summary="Delete an account",
    responses=documented(404, 409),
    dependencies=[audited("account.delete", "account_id")],
)
def delete_account(account_id: str, user: KeyHolder, services: ServicesDependency) -> None:
    """Remove an account and its keys; not while a bot is set to it."""
    services.accounts.delete(user.id, account_id)


@router.post(
    "/{account_id}/test",
    summary="Test an account",
    responses=_ASKED,
    dependencies=[audited("account.test", "account_id")],
)
def test_account(
    account_id: str, user: CurrentUser, services: ServicesDependency
) -> AccountTestResponse:
    """Ask the exchange who the account is and what its key may do."""
    account = services.accounts.get(user.id, account_id)
    return AccountTestResponse.of(services.exchanges.test(account))


@router.get("/{account_id}/symbols", summary="Search symbols", responses=_ASKED)
def search_symbols(
    account_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    query: Annotated[str, Query(max_length=40, description="Part of a symbol.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SymbolsResponse:
    """Return the exchange's perpetual swaps whose symbol holds `query`."""
    account = services.accounts.get(user.id, account_id)
    markets = services.exchanges.search(account, query.upper(), limit)
    return SymbolsResponse(items=[SymbolResponse.of(market) for market in markets])


@router.get("/{account_id}/spread", summary="Draw a pair's spread", responses=_ASKED)
def draw_spread(
    account_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    market1_symbol: Annotated[Symbol, Query()],
    market2_symbol: Annotated[Symbol, Query()],
    start_time: Annotated[UtcTime, Query()],
    spread_mode: Annotated[SpreadMode, Query()] = SpreadMode.DIFFERENCE,
) -> PairSpreadResponse:
    """Return how far market 1 has outrun market 2 since the start time, in up to 500 points."""
    account = services.accounts.get(user.id, account_id)
    since = round(start_time.timestamp() * 1000)
    symbols = (market1_symbol, market2_symbol)
    return PairSpreadResponse.of(services.previews.spread(account, symbols, since, spread_mode))


@router.get("/{account_id}/balance", summary="Show the balance", responses=_ASKED)
def get_balance(
    account_id: str, user: CurrentUser, services: ServicesDependency
) -> BalanceResponse:
    """Return the money in the account."""
    account = services.accounts.get(user.id, account_id)
    return BalanceResponse.of(services.exchanges.balance(account))
