"""What bots are called, those that were deleted included."""

from collections.abc import Collection

from pairtrader.storage.bot_items import BotItem, ConfigItem, DeletedItem


class BotNameRepository:
    """Reads the names of many bots at once."""

    def of(self, bot_ids: Collection[str]) -> dict[str, str]:
        """Return the names of these bots, by id; nothing of those that never were."""
        keys = [(bot_id, kind) for bot_id in sorted(bot_ids) for kind in ("CONFIG", "DELETED")]
        found = BotItem.batch_get(keys) if keys else ()
        return {
            item.bot_id: item.body.settings.bot_name
            for item in found
            if isinstance(item, ConfigItem | DeletedItem)
        }
