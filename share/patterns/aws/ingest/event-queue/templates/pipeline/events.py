"""Uploads: checked items go to the raw zone, which raises an event for each into the queue."""

from __future__ import annotations

from dataclasses import asdict

from common.contract import load_contract
from common.events import StoredDeadLetters
from common.objects import open_store
from common.settings import env_int, port_uri
from pipelines.context import Context, Result
from pipelines.steps.events import in_batches, land_events, sample_history, sample_messages


def run(ctx: Context) -> Result:
    """Upload the bundled items in batches of the queue's size."""
    raw = open_store(port_uri("obj_raw"))
    contract = load_contract()
    dead = StoredDeadLetters(raw)
    size = env_int("QUEUE_BATCH_SIZE", 10, 1)
    history = sample_history(ctx.sample / "rows")
    events = sample_messages(ctx.sample / "events.jsonl")
    batches = [*in_batches(history, 100), *in_batches(events, size)]
    landed = [asdict(land_events(batch, raw, dead, contract)) for batch in batches]
    return Result("ingest", {name: sum(x[name] for x in landed) for name in ("landed", "dead")})
