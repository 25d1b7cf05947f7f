"""Online features: refreshed from history, and counted up as events arrive, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.consumer import Consumer
from common.contract import Contract, load_contract
from common.deliveries import batch_failures
from common.events import Event, StoredDeadLetters
from common.keyvalue import KeyValue, open_keyvalue
from common.objects import open_store
from common.settings import env_int, port_uri
from pipelines.context import Context, Result
from pipelines.steps.events import kinesis_messages, sample_messages
from pipelines.steps.online import count_event, materialise

DAY_S = 86_400


def ttl_s() -> int:
    """Return how long a feature that nobody refreshes is served."""
    return env_int("FEAT_ONLINE_TTL_DAYS", 30, 1) * DAY_S


def counter(online: KeyValue, contract: Contract) -> Callable[[Event], None]:
    """Return the handler that adds an event to its entity's features."""

    def count(event: Event) -> None:
        count_event(event, online, contract, ttl_s())

    return count


def consumer(online: KeyValue, contract: Contract) -> Consumer:
    """Return the consumer of the event stream."""
    dead = StoredDeadLetters(open_store(port_uri("obj_raw")), "dead-letter/features/")
    return Consumer(counter(online, contract), online, dead, id_field=contract.key)


def refresh(online: KeyValue, contract: Contract) -> int:
    """Write every entity's features from history."""
    return materialise(open_store(port_uri("obj_curated")), online, contract, ttl_s())


def run(ctx: Context) -> Result:
    """Refresh from history, then replay the bundled events where the plan has a stream."""
    contract = load_contract()
    online = open_keyvalue("feat_online")
    facts: dict[str, object] = {"entities": refresh(online, contract)}
    events = ctx.sample / "events.jsonl"
    if events.is_file():
        outcome = consumer(online, contract).process(sample_messages(events))
        facts |= {"done": outcome.done, "duplicates": outcome.duplicates, "dead": outcome.dead}
    return Result("feature", facts)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch of the stream, or the hourly order to refresh."""
    contract = load_contract()
    online = open_keyvalue("feat_online")
    if event.get("action") == "materialise":
        return {"entities": refresh(online, contract)}
    return batch_failures(consumer(online, contract).process(kinesis_messages(event)).failed)
