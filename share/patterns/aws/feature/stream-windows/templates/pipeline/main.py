"""Windowed features: events are added up while a window is open and written once it closes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.contract import Contract, load_contract
from common.deliveries import Message, PoisonError
from common.events import DeadLetters, StoredDeadLetters, parse_event
from common.keyvalue import KeyValue, open_keyvalue
from common.objects import open_store
from common.records import number
from common.settings import env_int, port_uri
from common.tabular import Aggregate
from pipelines.context import Context, Result
from pipelines.steps.events import checked, in_batches, kinesis_messages, sample_messages
from pipelines.steps.online import materialise

DAY_S = 86_400
BATCH = 200

# Of one window: entity -> what its events add, and the last event that did.
State = dict[str, dict[str, Any]]


def ttl_s() -> int:
    """Return how long a feature that nobody refreshes is served."""
    return env_int("FEAT_ONLINE_TTL_DAYS", 30, 1) * DAY_S


def add_up(
    messages: Iterable[Message], state: State, contract: Contract, dead: DeadLetters
) -> State:
    """Add events to the window's state; poison is set aside."""
    for message in messages:
        try:
            row = checked(parse_event(message.body, contract.key)[1], contract)
        except PoisonError as problem:
            dead.put(message, str(problem))
            continue
        value = number(row, contract.numeric[0])
        known = state.setdefault(str(row[contract.entity]), {"count": 0.0, "total": 0.0})
        known |= {
            "count": known["count"] + 1.0,
            "total": known["total"] + value,
            "last": value,
            "through": message.id,
        }
    return state


def is_newer(sequence: str, than: object) -> bool:
    """Sequence numbers are long decimal numbers: longer, or later in the alphabet."""
    before = str(than or "")
    return (len(sequence), sequence) > (len(before), before)


def write(state: State, online: KeyValue) -> int:
    """Add a closed window to what is known; a window that comes again changes nothing."""
    found = online.get_many(sorted(state))
    written = 0
    for entity, sums in sorted(state.items()):
        item = found.get(entity, {})
        if not is_newer(str(sums["through"]), item.get("through")):
            continue
        before = {name: number(item, name) for name in ("count", "total", "last")} if item else {}
        known = Aggregate(**before)
        known.count += float(sums["count"])
        known.total += float(sums["total"])
        known.last = float(sums["last"])
        online.put(entity, {**known.item(), "through": str(sums["through"])}, ttl_s())
        written += 1
    return written


def dead_letters() -> DeadLetters:
    """Return where events that cannot be read wait for a person."""
    return StoredDeadLetters(open_store(port_uri("obj_raw")), "dead-letter/features/")


def run(ctx: Context) -> Result:
    """Refresh from history, then replay the bundled events as windows of batches."""
    contract = load_contract()
    online = open_keyvalue("feat_online")
    refreshed = materialise(open_store(port_uri("obj_curated")), online, contract, ttl_s())
    facts: dict[str, object] = {"entities": refreshed}
    events = ctx.sample / "events.jsonl"
    if events.is_file():
        state: State = {}
        for batch in in_batches(sample_messages(events), BATCH):
            add_up(batch, state, contract, dead_letters())
        facts |= {"written": write(state, online)}
    return Result("feature", facts)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch of a window, its end, or the hourly order to refresh."""
    contract = load_contract()
    online = open_keyvalue("feat_online")
    if event.get("action") == "materialise":
        curated = open_store(port_uri("obj_curated"))
        return {"entities": materialise(curated, online, contract, ttl_s())}
    state: State = dict(event.get("state") or {})
    messages = kinesis_messages(event) if event.get("Records") else []
    add_up(messages, state, contract, dead_letters())
    if event.get("isFinalInvokeForWindow") or event.get("isWindowTerminatedEarly"):
        write(state, online)
        state = {}
    return {"state": state, "batchItemFailures": []}
