"""Records as DynamoDB's streams hand them to the push function."""

from itertools import count
from typing import Any

from pynamodb.models import Model

from pairtrader.model.bot import BotState
from pairtrader.storage.bot_items import state_item

_numbers = count(1)


def record(table: str, item: dict[str, Any] | None, old: dict[str, Any] | None = None) -> Any:
    images = {"NewImage": item, "OldImage": old}
    return {
        "eventSourceARN": f"arn:aws:dynamodb:eu-central-1:1:table/pairtrader-dev-{table}/stream/2",
        "dynamodb": {
            "SequenceNumber": f"{next(_numbers):021d}",
            **{name: image for name, image in images.items() if image is not None},
        },
    }


def state_image(state: BotState, mark: str | None) -> dict[str, Any]:
    item = state_item(state)
    item.watched = mark
    image: dict[str, Any] = item.serialize()
    return image


def state_record(old: BotState, new: BotState, mark: str | None = "m1") -> Any:
    return record("bots", state_image(new, mark), state_image(old, mark))


def row_record(table: str, item: Model) -> Any:
    return record(table, item.serialize())
