"""Events in deliveries, and the place for those that cannot be read."""

from __future__ import annotations

import json
from typing import Any, Protocol

from common.deliveries import Message, PoisonError
from common.objects import ObjectStore
from common.records import digest, dump_json

Event = dict[str, Any]


class DeadLetters(Protocol):
    """Keeps what cannot be processed, with the reason, for people to look at."""

    def put(self, message: Message, reason: str) -> None: ...


class StoredDeadLetters:
    """Dead letters as objects; equal deliveries give one object."""

    def __init__(self, store: ObjectStore, prefix: str = "dead-letter/") -> None:
        self.store = store
        self.prefix = prefix

    def put(self, message: Message, reason: str) -> None:
        entry = {
            "id": message.id,
            "reason": reason,
            "body": message.body.decode("utf-8", "replace"),
        }
        self.store.put(f"{self.prefix}{digest(message.body)[:32]}.json", dump_json(entry))


def parse_event(body: bytes, id_field: str) -> tuple[str, Event]:
    """Return the event and its id, or raise PoisonError."""
    try:
        event = json.loads(body)
    except ValueError as problem:
        raise PoisonError("not JSON") from problem
    if not isinstance(event, dict):
        raise PoisonError("not an object")
    value = event.get(id_field)
    if not isinstance(value, str) or not value:
        raise PoisonError(f"no {id_field}")
    return value, event
