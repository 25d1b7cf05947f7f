"""What is known of each entity, in the online store."""

from __future__ import annotations

from common.contract import Contract
from common.events import Event
from common.keyvalue import KeyValue
from common.objects import ObjectStore
from common.records import Row, number
from common.tabular import Aggregate, build_features, curated_rows
from pipelines.steps.events import checked


def materialise(curated: ObjectStore, online: KeyValue, contract: Contract, ttl_s: int) -> int:
    """Write what is known of each entity to the online store; the count of entities."""
    _, known = build_features(curated_rows(curated, contract), contract)
    for entity, state in sorted(known.items()):
        online.put(entity, state.item(), ttl_s)
    return len(known)


def count_event(event: Event, online: KeyValue, contract: Contract, ttl_s: int) -> None:
    """Add an event to what is known of its entity."""
    row = checked(event, contract)
    entity = str(row[contract.entity])
    state = Aggregate(**_numbers(online.get(entity)))
    state.add(number(row, contract.numeric[0]))
    online.put(entity, state.item(), ttl_s)


def _numbers(item: Row | None) -> dict[str, float]:
    return {} if item is None else {name: number(item, name) for name in ("count", "total", "last")}
