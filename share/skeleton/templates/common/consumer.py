"""At-least-once delivery made harmless: each event takes effect once, poison goes aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from common.deliveries import Message, PoisonError
from common.events import DeadLetters, Event, parse_event
from common.keyvalue import KeyValue

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What became of a batch; `failed` holds the ids that the transport shall deliver again."""

    done: int = 0
    duplicates: int = 0
    dead: int = 0
    failed: list[str] = field(default_factory=list)


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
