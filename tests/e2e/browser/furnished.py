"""Somebody whose bots have traded: what pages look like when they are full."""

from dataclasses import dataclass

from pairtrader.storage.users import UserItem
from tests.e2e.conftest import Stack, Trader, made_candles

START = 1_747_000_020_000
"""ms UTC of the recordings' first candle."""
FIRST = "2025-05-11T21:47:00Z"
GALA = [0.0200, 0.0204, 0.0209, 0.0200, 0.0200, 0.0204, 0.0204, 0.0204, 0.0209, 0.0209, 0.0200]
"""Market 1 runs away and comes back, again and again; market 2 stands still."""


def recording(stack: Stack, trader: Trader) -> str:
    """Upload a recording that a bot enters, adds to and closes on; return its name."""
    dataset = f"browser-{trader.name}"
    stack.upload_candles(dataset, "GALA-USDT", made_candles(GALA, START))
    stack.upload_candles(dataset, "CHZ-USDT", made_candles([0.05] * len(GALA), START))
    return dataset


@dataclass
class TickedBot:
    """A running bot whose ticks come when the test says so."""

    stack: Stack
    trader: Trader
    id: str

    @classmethod
    def take(cls, stack: Stack, trader: Trader, bot_id: str) -> "TickedBot":
        """Wait for the bot's first tick and take its schedule away."""
        trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 30)
        stack.take_schedule_away(bot_id)
        return cls(stack, trader, bot_id)

    def tick(self) -> str:
        """Have the next candle; return what the tick did."""
        return str(self.stack.tick(self.id)["result"])


def started_bot(stack: Stack, trader: Trader, name: str = "replayed") -> TickedBot:
    """A bot on a recording: its next three ticks enter, add and close."""
    account = trader.account(
        source="replay", dataset=recording(stack, trader), pace="step", funding=False
    )
    bot_id = trader.bot(
        account, bot_name=name, start_time=FIRST, tick_interval_seconds=60, profit_ratio=0.3
    )
    trader.post(f"/bots/{bot_id}/start")
    return TickedBot.take(stack, trader, bot_id)


@dataclass
class Furnished:
    """A trader, and what there is to look at."""

    trader: Trader
    bot: TickedBot


def furnish(stack: Stack) -> Furnished:
    """One closed cycle, one open with two levels, and a bot that was never started."""
    trader = Trader(stack)
    bot = started_bot(stack, trader)
    for _ in range(3):
        assert bot.tick() == "traded"
    while trader.get(f"/bots/{bot.id}")["level"] < 2:
        bot.tick()
    trader.bot(trader.account(), bot_name="resting", market1_symbol="XRP-USDT")
    return Furnished(trader, bot)


def make_admin(stack: Stack, trader: Trader) -> None:
    """Give a user the administrator's role, as an operator could, and log in with it."""
    user_id = trader.get("/users/me")["id"]
    stack.aws("dynamodb").update_item(
        TableName=f"{stack['table_prefix']}-users",
        Key={UserItem.id.attr_name: {"S": user_id}},
        UpdateExpression="SET #role = :admin",
        ExpressionAttributeNames={"#role": UserItem.role.attr_name},
        ExpressionAttributeValues={":admin": {"S": "admin"}},
    )
    trader.log_in()
