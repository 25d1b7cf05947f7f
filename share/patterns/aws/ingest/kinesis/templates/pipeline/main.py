"""The stream's consumer: good events land in the raw zone, poison is set aside."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from common.contract import load_contract
from common.deliveries import Message, batch_failures
from common.events import StoredDeadLetters
from common.objects import open_store
from common.settings import port_uri
from pipelines.context import Context, Result
from pipelines.steps.events import (
    Landing,
    in_batches,
    kinesis_messages,
    land_events,
    sample_history,
    sample_messages,
)


def land(messages: list[Message]) -> Landing:
    """Land one batch; a failure of the store fails the batch, and landing it again is harmless."""
    raw = open_store(port_uri("obj_raw"))
    return land_events(messages, raw, StoredDeadLetters(raw), load_contract())


def run(ctx: Context) -> Result:
    """Replay the bundled history and events in small batches, as the stream would deliver them."""
    history = sample_history(ctx.sample / "rows")
    events = sample_messages(ctx.sample / "events.jsonl")
    landings = [land(batch) for batch in (*in_batches(history, 100), *in_batches(events, 10))]
    total = Landing(sum(x.landed for x in landings), sum(x.dead for x in landings))
    return Result("ingest", {"batches": len(landings), **asdict(total)})


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch of the stream."""
    land(kinesis_messages(event))
    return batch_failures([])
