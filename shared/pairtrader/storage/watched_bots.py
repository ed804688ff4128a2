"""Which bots somebody watches: the stream of bots passes the changes of those alone.

The mark lies in the bot's STATE, which ticks change field by field: it survives their writes, and
its own writes touch nothing of theirs, the revision included.
"""

import secrets
import time

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from pairtrader.storage.bot_items import StateItem

ATTEMPTS = 5
PAUSE_SECONDS = 0.03
_CONFLICT = "TransactionConflictException"


class WatchedBots:
    """Sets and takes away the mark."""

    def mark(self, bot_id: str) -> bool:
        """Mark the bot as watched; return False where it does not exist.

        Each mark is another one. Whoever takes a mark away names the one he had seen before he
        found nobody watching, so he can't take away what a later watcher has set.
        """
        mark = secrets.token_urlsafe(6)
        return self._write(bot_id, StateItem.watched.set(mark), StateItem.bot_id.exists())

    def clear(self, bot_id: str, mark: str) -> bool:
        """Take the mark away if it still is `mark`; return whether it was."""
        return self._write(bot_id, StateItem.watched.remove(), StateItem.watched == mark)

    def _write(self, bot_id: str, action: Action, condition: Condition) -> bool:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                StateItem(bot_id, "STATE").update(actions=[action], condition=condition)
                break
            except UpdateError as error:
                if error.cause_response_code == "ConditionalCheckFailedException":
                    return False
                # A tick's transaction may be under way: it ends within milliseconds.
                if error.cause_response_code != _CONFLICT or attempt == ATTEMPTS:
                    raise
            time.sleep(PAUSE_SECONDS * attempt)
        return True
