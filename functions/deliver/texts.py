"""What people read, in English and Chinese; plain text throughout."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from pairtrader.model.events import EventKind
from pairtrader.model.notification import BotNames, MessageKind, MessageLanguage, Notification

EN, ZH = MessageLanguage.ENGLISH, MessageLanguage.CHINESE
MAX_DETAIL = 300
"""Characters of the log's own words."""

TITLES: Mapping[MessageLanguage, Mapping[EventKind, str]] = {
    EN: {
        EventKind.FILL: "entry filled",
        EventKind.CLOSE: "cycle closed",
        EventKind.STOP_LOSS: "stop loss",
        EventKind.LIQUIDATION_GUARD: "closed before liquidation",
        EventKind.ERROR: "bot in error",
        EventKind.BROKEN_PAIR: "pair broken",
        EventKind.LEG_FAILURE: "leg failed, bot paused",
        EventKind.PAUSED: "bot paused",
        EventKind.HELD_UP: "bot held up",
    },
    ZH: {
        EventKind.FILL: "开仓成交",
        EventKind.CLOSE: "已平仓",
        EventKind.STOP_LOSS: "已止损",
        EventKind.LIQUIDATION_GUARD: "强平前已平仓",
        EventKind.ERROR: "机器人出错",
        EventKind.BROKEN_PAIR: "配对持仓不一致",
        EventKind.LEG_FAILURE: "单腿失败, 机器人已暂停",
        EventKind.PAUSED: "机器人已暂停",
        EventKind.HELD_UP: "机器人受阻",
    },
}
ADVICE: Mapping[MessageLanguage, Mapping[EventKind, str]] = {
    EN: {
        EventKind.ERROR: "It trades no more by itself. Look at it and resolve the error.",
        EventKind.BROKEN_PAIR: "Compare the position on the exchange, then resolve the error.",
        EventKind.LEG_FAILURE: "It enters no more until you start it again.",
        EventKind.PAUSED: "It enters no more until you start it again.",
        EventKind.HELD_UP: "It goes on by itself once the exchange answers again.",
    },
    ZH: {
        EventKind.ERROR: "机器人不再自动交易。请查看并处理该错误。",
        EventKind.BROKEN_PAIR: "请核对交易所持仓, 然后处理该错误。",
        EventKind.LEG_FAILURE: "重新启动之前不再开仓。",
        EventKind.PAUSED: "重新启动之前不再开仓。",
        EventKind.HELD_UP: "交易所恢复应答后将自动继续。",
    },
}
LABELS: Mapping[MessageLanguage, Mapping[str, str]] = {
    EN: {
        "bot": "Bot",
        "account": "Account",
        "pair": "Pair",
        "time": "Time",
        "level": "Level",
        "spread": "Spread",
        "invested": "Invested",
        "reason": "Reason",
        "net_pnl": "Net PnL",
        "fees": "Fees",
        "funding": "Funding",
        "message": "Details",
    },
    ZH: {
        "bot": "机器人",
        "account": "账户",
        "pair": "交易对",
        "time": "时间",
        "level": "层级",
        "spread": "价差",
        "invested": "投入",
        "reason": "原因",
        "net_pnl": "净盈亏",
        "fees": "手续费",
        "funding": "资金费",
        "message": "详情",
    },
}
REASONS: Mapping[MessageLanguage, Mapping[str, str]] = {
    EN: {
        "liquidation_guard": "liquidation guard",
        "stop_loss": "stop loss",
        "take_profit": "profit target reached",
        "regression": "spread came back",
        "user": "closed by you",
        "broken_pair": "pair broken",
        "unwound": "entry taken back",
        "handed_over": "handed over to you",
        "position_mismatch": "the exchange holds something else than the books",
        "unbalanced_legs": "the legs differ",
        "unproven_order": "an order could not be found",
    },
    ZH: {
        "liquidation_guard": "强平保护",
        "stop_loss": "止损",
        "take_profit": "达到盈利目标",
        "regression": "价差回归",
        "user": "由您平仓",
        "broken_pair": "配对持仓不一致",
        "unwound": "开仓已撤回",
        "handed_over": "已移交给您",
        "position_mismatch": "交易所持仓与账簿不一致",
        "unbalanced_legs": "两腿不平衡",
        "unproven_order": "订单无法确认",
    },
}
TEST = {
    EN: ("pairtrader: test", "This channel works."),
    ZH: ("pairtrader: 测试", "该通知渠道工作正常。"),
}
CODE = {
    EN: (
        "pairtrader: your code",
        "Your code is {code}. It is valid for 15 minutes.\n\n"
        "If you did not ask for it, ignore this mail: nothing else will be sent.",
    ),
    ZH: (
        "pairtrader: 验证码",
        "您的验证码是 {code}, 15 分钟内有效。\n\n如非本人操作, 请忽略本邮件。",
    ),
}
_MONEY = {"net_pnl": True, "invested": False, "fees": False, "funding": True}
"""Details in quote currency, and whether their sign is always shown."""
_ORDER = ("level", "spread", "reason", "net_pnl", "invested", "fees", "funding")


def compose(
    notification: Notification, language: MessageLanguage, code: str = ""
) -> tuple[str, str]:
    """Return subject and body; `code` is what a message of that kind asks to have repeated."""
    if notification.kind is MessageKind.CODE:
        subject, body = CODE[language]
        return subject, body.format(code=code)
    if notification.kind is MessageKind.TEST or notification.event is None:
        return TEST[language]
    title = TITLES[language][notification.event]
    bot = notification.bot
    name = _one_line(bot.bot_name) if bot else "pairtrader"
    lines = [f"{LABELS[language][key]}: {value}" for key, value in _facts(notification, language)]
    advice = ADVICE[language].get(notification.event)
    body = "\n".join([*lines, *(["", advice] if advice else [])])
    return f"[{_mode(bot)}] {name}: {title}", body


def _facts(notification: Notification, language: MessageLanguage) -> list[tuple[str, str]]:
    bot = notification.bot
    facts = []
    if bot is not None:
        facts = [
            ("bot", _one_line(bot.bot_name)),
            ("account", f"{bot.exchange_name} {_mode(bot)}"),
            ("pair", " / ".join(bot.symbols)),
        ]
    moment = datetime.fromtimestamp(notification.occurred_at / 1000, UTC)
    facts.append(("time", moment.strftime("%Y-%m-%d %H:%M:%S UTC")))
    quote = bot.symbols[0].rpartition("-")[2] if bot else ""
    for key in _ORDER:
        value = notification.details.get(key)
        if value is not None:
            facts.append((key, _shown(key, value, quote, language)))
    facts.append(("message", _one_line(notification.text)[:MAX_DETAIL]))
    return facts


def _mode(bot: BotNames | None) -> str:
    """LIVE, SANDBOX or PAPER: nobody may take play money for real money."""
    return bot.mode.upper() if bot else ""


def _shown(key: str, value: str | float | bool, quote: str, language: MessageLanguage) -> str:
    if key in _MONEY:
        return f"{money(str(value), signed=_MONEY[key])} {quote}"
    if key == "spread":
        return f"{float(value):+.4f}"
    if key == "reason":
        return REASONS[language].get(str(value), _one_line(str(value)))
    return _one_line(str(value))


def money(text: str, *, signed: bool) -> str:
    """Return an amount to two places, its thousands apart; a small one keeps what tells it from 0.

    What is no number is returned as it is.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return _one_line(text)
    places = 2 if abs(value) >= Decimal("0.01") or not value else 6
    return f"{value:+,.{places}f}" if signed else f"{value:,.{places}f}"


def _one_line(text: str) -> str:
    """A user's words must not add lines or headers of their own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
