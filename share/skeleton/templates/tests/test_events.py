"""Deliveries are read as events; what cannot be read is kept aside, once, with its reason."""

import json
from pathlib import Path

import pytest

from common.deliveries import Message, PoisonError, batch_failures
from common.events import StoredDeadLetters, parse_event
from common.objects import LocalStore


def test_an_event_has_its_id() -> None:
    assert parse_event(b'{"id": "a", "n": 1}', "id") == ("a", {"id": "a", "n": 1})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "no id"),
        (b'{"id": ""}', "no id"),
        (b'{"id": 7}', "no id"),
    ],
)
def test_what_is_no_event_is_poison(body: bytes, reason: str) -> None:
    with pytest.raises(PoisonError, match=reason):
        parse_event(body, "id")


def test_equal_deliveries_give_one_dead_letter(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    dead = StoredDeadLetters(store)
    for delivery in ("1", "2"):
        dead.put(Message(delivery, b"\xff{"), "not JSON")
    kept = [json.loads(store.get(key)) for key in store.list()]
    assert [(one["reason"], one["body"]) for one in kept] == [("not JSON", "\ufffd{")]


def test_failed_deliveries_are_named_to_their_source() -> None:
    assert batch_failures(["7"]) == {"batchItemFailures": [{"itemIdentifier": "7"}]}
