"""Tables of the API on the emulator."""

from collections.abc import Iterator

import pytest

from pairtrader.storage.accounts import AccountItem
from pairtrader.storage.api_tokens import ApiTokenItem
from pairtrader.storage.audit_log import AuditItem
from pairtrader.storage.bot_items import BotItem
from pairtrader.storage.claims import ClaimItem
from pairtrader.storage.cycles import CycleItem
from pairtrader.storage.idempotency import KeyedRequestItem
from pairtrader.storage.login_attempts import AttemptItem
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.positions import PositionItem
from pairtrader.storage.refresh_tokens import FamilyItem
from pairtrader.storage.research_jobs import JobItem
from pairtrader.storage.risk import RiskItem
from pairtrader.storage.spread_history import HistoryItem
from pairtrader.storage.trade_logs import LogItem
from pairtrader.storage.users import UserItem

TABLES = (
    UserItem,
    AccountItem,
    ApiTokenItem,
    AttemptItem,
    AuditItem,
    FamilyItem,
    ClaimItem,
    BotItem,
    OrderItem,
    PositionItem,
    CycleItem,
    LogItem,
    HistoryItem,
    KeyedRequestItem,
    RiskItem,
    JobItem,
)


@pytest.fixture(scope="package")
def tables(aws: str) -> Iterator[str]:
    """All tables; gone again afterwards, as others make their own."""
    made = [table for table in TABLES if not table.exists()]
    for table in made:
        table.create_table(wait=True)
    yield aws
    for table in made:
        table.delete_table()
