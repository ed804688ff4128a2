"""The table of idempotency keys and the fake that stands in for it keep the same promises."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.api.identifiers import new_id
from pairtrader.storage.idempotency import (
    KEPT_SECONDS,
    LOCK_MS,
    Attempt,
    Earlier,
    IdempotencyRepository,
    IdempotencyUnknown,
    KeptAnswer,
    KeyedRequestItem,
)
from tests.fakes.memory_idempotency import MemoryIdempotency

AT = 1_800_000_000_000
ANSWER = KeptAnswer(201, "application/json", b'{"id":"x"}' * 60_000)


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest, tables: str) -> Any:
    return MemoryIdempotency() if request.param == "memory" else IdempotencyRepository()


def attempt(**changes: Any) -> Attempt:
    return Attempt(**{"id": new_id(), "digest": "d", "owner": new_id(), "at": AT, **changes})


def again(first: Attempt, **changes: Any) -> Attempt:
    return replace(first, owner=new_id(), **changes)


def test_the_first_goes_ahead_and_the_next_is_told_so(store: Any) -> None:
    first = attempt()
    assert store.begin(first) is None
    assert store.begin(again(first, at=AT + 5)) == Earlier("d", AT + LOCK_MS, None)


def test_an_answer_is_kept_byte_for_byte(store: Any) -> None:
    first = attempt()
    store.begin(first)
    store.finish(first, ANSWER)
    told = store.begin(again(first, digest="other", at=AT + LOCK_MS * 2))
    assert (told.digest, told.answer) == ("d", ANSWER)


def test_a_key_that_was_released_is_free(store: Any) -> None:
    first = attempt()
    store.begin(first)
    store.release(first)
    assert store.begin(again(first, digest="other")) is None


def test_a_dead_request_is_taken_over_by_the_same_one_alone(store: Any) -> None:
    first, late = attempt(), AT + LOCK_MS + 1
    store.begin(first)
    assert store.begin(again(first, digest="other", at=late)) is not None
    second = again(first, at=late)
    assert store.begin(second) is None
    store.finish(first, ANSWER)
    store.release(first)
    assert store.begin(again(first, at=late)).answer is None, "the first has no say any more"


def test_a_key_is_free_after_a_day(store: Any) -> None:
    first = attempt()
    store.begin(first)
    store.finish(first, ANSWER)
    day = KEPT_SECONDS * 1000
    assert store.begin(again(first, digest="other", at=AT + day)) is not None
    assert store.begin(again(first, digest="other", at=AT + day + 2000)) is None


def test_of_many_at_once_one_goes_ahead(tables: str) -> None:
    store, first = IdempotencyRepository(), attempt()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(store.begin, [again(first) for _ in range(8)]))
    assert told.count(None) == 1


def test_a_table_that_is_not_there_is_not_known(
    tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, first = IdempotencyRepository(), attempt()
    monkeypatch.setattr(KeyedRequestItem.Meta, "table_name", "nowhere")
    monkeypatch.setattr(KeyedRequestItem, "_connection", None)
    for call in (
        lambda: store.begin(first),
        lambda: store.finish(first, ANSWER),
        lambda: store.release(first),
    ):
        with pytest.raises(IdempotencyUnknown):
            call()
