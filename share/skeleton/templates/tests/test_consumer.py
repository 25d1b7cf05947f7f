"""At-least-once deliveries take effect once; poison goes aside; our failures come again."""

import json
from pathlib import Path

import pytest

from common.consumer import Consumer
from common.deliveries import Message, PoisonError
from common.events import Event, StoredDeadLetters
from common.keyvalue import LocalKeyValue
from common.objects import LocalStore


class Handler:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fail_on: set[str] = set()

    def __call__(self, event: Event) -> None:
        if event["id"] in self.fail_on:
            raise OSError("the store does not answer")
        if event["id"] == "bad":
            raise PoisonError("breaks the contract")
        self.seen.append(event["id"])


def deliver(*ids: str) -> list[Message]:
    return [Message(f"d{n}", json.dumps({"id": i}).encode()) for n, i in enumerate(ids)]


@pytest.fixture
def handler() -> Handler:
    return Handler()


def make(tmp_path: Path, handler: Handler) -> tuple[Consumer, LocalStore, LocalKeyValue]:
    store = LocalStore(tmp_path / "dead")
    seen = LocalKeyValue(tmp_path / "seen")
    return Consumer(handler, seen, StoredDeadLetters(store), id_field="id"), store, seen


def test_each_event_counts_once(tmp_path: Path, handler: Handler) -> None:
    consumer, _, seen = make(tmp_path, handler)
    outcome = consumer.process(deliver("a", "b", "a"))
    assert (outcome.done, outcome.duplicates, outcome.failed) == (2, 1, [])
    assert consumer.process(deliver("b", "c")).duplicates == 1
    assert handler.seen == ["a", "b", "c"]
    seen.close()


def test_a_failure_of_ours_is_delivered_again(tmp_path: Path, handler: Handler) -> None:
    consumer, store, seen = make(tmp_path, handler)
    handler.fail_on = {"b"}
    assert consumer.process(deliver("a", "b", "c")).failed == ["d1"]
    handler.fail_on = set()
    assert consumer.process(deliver("b")).done == 1
    assert handler.seen == ["a", "c", "b"]
    assert list(store.list()) == []
    seen.close()


def test_poison_is_kept_with_its_reason(tmp_path: Path, handler: Handler) -> None:
    consumer, store, seen = make(tmp_path, handler)
    bad = [Message("1", b"{"), Message("2", b"[]"), Message("3", b'{"id": ""}')]
    outcome = consumer.process([*bad, *deliver("bad", "good")])
    assert (outcome.dead, outcome.done, outcome.failed) == (4, 1, [])
    reasons = {json.loads(store.get(key))["reason"] for key in store.list()}
    assert reasons == {"not JSON", "not an object", "no id", "breaks the contract"}
    assert consumer.process(bad).dead == 3
    assert len(list(store.list())) == 4
    seen.close()
