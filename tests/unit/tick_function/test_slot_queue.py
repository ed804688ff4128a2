"""How the minute's other slots are queued."""

import json
from typing import Any

from botocore.exceptions import ClientError

from functions.tick.slot_queue import SqsSlotQueue

NOW = 1_767_225_600_200


class Queue:
    """Takes messages as SQS does, or refuses them all."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._refuses = refuses

    def send_message_batch(self, **request: Any) -> None:
        if self._refuses:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessageBatch")
        assert len(request["Entries"]) <= 10
        self.batches.append(request["Entries"])


def test_every_slot_gets_a_message_that_comes_when_it_is_due_or_just_after() -> None:
    queue = Queue()
    dues = [1_767_225_605_000 + 5_000 * n for n in range(14)]

    SqsSlotQueue("url", queue).send("b", 3, dues, NOW)  # type: ignore[arg-type]

    entries = [entry for batch in queue.batches for entry in batch]
    assert [json.loads(entry["MessageBody"])["due"] for entry in entries] == dues
    assert [entry["DelaySeconds"] for entry in entries] == [5 * n for n in range(1, 15)]
    assert json.loads(entries[0]["MessageBody"]) == {"bot_id": "b", "generation": 3, "due": dues[0]}


def test_a_queue_that_refuses_does_not_end_the_tick() -> None:
    SqsSlotQueue("url", Queue(refuses=True)).send("b", 3, [NOW + 5_000], NOW)  # type: ignore[arg-type]
