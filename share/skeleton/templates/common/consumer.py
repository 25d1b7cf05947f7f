"""At-least-once delivery made harmless: each event takes effect once, poison goes aside."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from common.keyvalue import KeyValue
from common.objects import ObjectStore
from common.records import digest, dump_json

log = logging.getLogger(__name__)

Event = dict[str, Any]


class PoisonError(ValueError):
    """An event that will never succeed; retrying it would block those behind it."""


@dataclass(frozen=True)
class Message:
    """A delivery: `id` is what the transport acknowledges, `body` what was sent."""

    id: str
    body: bytes


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


@dataclass
class Outcome:
    """What became of a batch; `failed` holds the ids that the transport shall deliver again."""

    done: int = 0
    duplicates: int = 0
    dead: int = 0
    failed: list[str] = field(default_factory=list)


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


class Consumer:
    """Runs a handler once per event id, remembering ids in a key-value store for `window_s`."""

    def __init__(
        self,
        handler: Callable[[Event], None],
        seen: KeyValue,
        dead: DeadLetters,
        *,
        id_field: str,
        window_s: int = 7 * 86_400,
    ) -> None:
        self.handler = handler
        self.seen = seen
        self.dead = dead
        self.id_field = id_field
        self.window_s = window_s

    def process(self, messages: Iterable[Message]) -> Outcome:
        """Process a batch; a failure of ours is retried, a poison event is set aside."""
        outcome = Outcome()
        for message in messages:
            try:
                self._one(message, outcome)
            except PoisonError as problem:
                self.dead.put(message, str(problem))
                outcome.dead += 1
                log.warning(
                    "event set aside", extra={"delivery": message.id, "reason": str(problem)}
                )
            except Exception:
                outcome.failed.append(message.id)
                log.exception("event failed, to be delivered again", extra={"delivery": message.id})
        return outcome

    def _one(self, message: Message, outcome: Outcome) -> None:
        event_id, event = parse_event(message.body, self.id_field)
        key = f"seen/{event_id}"
        if not self.seen.put_if_absent(key, {"delivery": message.id}, self.window_s):
            outcome.duplicates += 1
            return
        try:
            self.handler(event)
        except BaseException:
            self.seen.delete(key)
            raise
        outcome.done += 1
