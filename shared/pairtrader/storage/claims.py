"""Who may trade what: one bot per symbol of an exchange account, one account per exchange login."""

import time
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from pairtrader.model.account import ExchangeAccount
from pairtrader.model.bot import BotConfig
from pairtrader.storage.table import TableMeta, table_name
from pairtrader.storage.transactions import TransactionPart, together


class ClaimItem(Model):
    """One claim; `owner` is a bot's or an account's id."""

    class Meta(TableMeta):
        table_name = table_name("claims")

    claim_key = UnicodeAttribute(hash_key=True)
    owner = UnicodeAttribute(attr_name="owner_id")
    user_id = UnicodeAttribute()
    claimed_at = NumberAttribute()


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds a key."""

    key: str
    owner: str
    user_id: str


def symbol_keys(config: BotConfig) -> tuple[str, str]:
    """Return the keys of the bot's two symbols on its exchange-side account, market 1 first."""
    place = f"symbol#{config.exchange_name}#{config.mode}#{config.account_uid}"
    return (
        f"{place}#{config.settings.market1_symbol}",
        f"{place}#{config.settings.market2_symbol}",
    )


def account_key(account: ExchangeAccount) -> str:
    """Return the key of the exchange-side account behind `account`."""
    return f"account#{account.exchange_name}#{account.mode}#{account.uid}"


def claim(key: str, owner: str, user_id: str, at: int) -> TransactionPart:
    """Return the write that claims `key`; it fails where somebody else holds it."""
    item = ClaimItem(key, owner=owner, user_id=user_id, claimed_at=at)
    free = ClaimItem.claim_key.does_not_exist() | (ClaimItem.owner == owner)
    return lambda write: write.save(item, condition=free)


def release(key: str, owner: str) -> TransactionPart:
    """Return the write that gives `key` up; it fails where somebody else holds it."""
    ours = ClaimItem.claim_key.does_not_exist() | (ClaimItem.owner == owner)
    return lambda write: write.delete(ClaimItem(key), condition=ours)


class ClaimRepository:
    """A bot's claims on its two symbols, written together with the bot's state."""

    def take(self, config: BotConfig) -> TransactionPart:
        """Return the writes that claim both symbols; they fail where another bot holds one."""
        now = time.time_ns() // 1_000_000
        parts = [claim(key, config.bot_id, config.user_id, now) for key in symbol_keys(config)]
        return together(*parts)

    def give_up(self, config: BotConfig) -> TransactionPart:
        """Return the writes that release both symbols."""
        return together(*(release(key, config.bot_id) for key in symbol_keys(config)))

    def holders(self, config: BotConfig) -> tuple[Claim, ...]:
        """Return the claims that exist on the bot's symbols."""
        found = ClaimItem.batch_get(list(symbol_keys(config)), consistent_read=True)
        return tuple(Claim(item.claim_key, item.owner, item.user_id) for item in found)
