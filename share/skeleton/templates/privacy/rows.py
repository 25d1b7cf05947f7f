"""A person's rows in every store: found by the contract's entity, handed over, removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from common.contract import Contract
from common.objects import ObjectStore, open_store
from common.records import (
    MANIFEST,
    Row,
    digest,
    dump_rows,
    parse_rows,
    read_manifest,
    write_manifest,
)
from common.settings import port_uri

# Where the pipelines keep rows; a port that a plan does not have is an empty store.
PORTS = ("obj_raw", "obj_curated", "feat_offline", "ds_train", "ep_batch")
ROWS, DEAD = "rows/", "dead-letter/"

Keep = Callable[[Row], bool]


@dataclass(frozen=True)
class Found:
    """Rows of one object."""

    port: str
    key: str
    rows: list[Row]


def _objects() -> Iterator[tuple[str, ObjectStore, str, list[Row]]]:
    """Every object that holds rows, with its rows."""
    for port in PORTS:
        store = open_store(port_uri(port))
        for key in list(store.list()):
            if key.endswith((".jsonl", ".jsonl.gz")):
                yield port, store, key, parse_rows(store.get(key))


def _keys_of(contract: Contract, subject: str) -> set[str]:
    """Keys of the person's records: derived rows carry the key and not the person."""
    return {
        str(row[contract.key])
        for _, _, _, rows in _objects()
        for row in rows
        if row.get(contract.entity) == subject and row.get(contract.key) is not None
    }


def people(contract: Contract) -> list[str]:
    """Everybody of whom there are rows."""
    return sorted(
        {
            str(row[contract.entity])
            for _, _, _, rows in _objects()
            for row in rows
            if row.get(contract.entity)
        }
    )


def find(contract: Contract, subject: str) -> list[Found]:
    """Everything that is held on a person, store by store."""
    keys = _keys_of(contract, subject)
    found = []
    for port, _, key, rows in _objects():
        mine = [row for row in rows if _concerns(row, contract, subject, keys)]
        if mine:
            found.append(Found(port, key, mine))
    return found


def _concerns(row: Row, contract: Contract, subject: str, keys: set[str]) -> bool:
    return row.get(contract.entity) == subject or str(row.get(contract.key)) in keys


def _rewrite(store: ObjectStore, key: str, rows: list[Row]) -> None:
    """An object without the rows that go: the raw zone names it by content, a dataset by part."""
    data = dump_rows(rows)
    if key.startswith(ROWS):
        if rows:
            store.put(f"{key.rpartition('/')[0]}/{digest(data)[:32]}.jsonl", data)
        store.delete(key)
        return
    store.put(key, data)
    dataset, _, part = key.rpartition("/")
    if not store.exists(f"{dataset}/{MANIFEST}"):
        return
    manifest = read_manifest(store, dataset)
    parts = {**manifest.parts, part: digest(data)}
    others = [parse_rows(store.get(f"{dataset}/{name}")) for name in parts if name != part]
    whole = digest(data) if not others else digest("".join(sorted(parts.values())).encode())
    count = len(rows) + sum(len(one) for one in others)
    write_manifest(store, replace(manifest, rows=count, sha256=whole, parts=parts))


def remove(keep: Keep) -> dict[str, int]:
    """Keep the rows that `keep` accepts and no others; the count of removed rows by store."""
    removed: dict[str, int] = {}
    for port, store, key, rows in _objects():
        kept = [row for row in rows if keep(row)]
        if len(kept) < len(rows):
            _rewrite(store, key, kept)
            removed[port] = removed.get(port, 0) + len(rows) - len(kept)
    return removed


def remove_dead(contract: Contract, subject: str) -> int:
    """Remove set-aside events of the person."""
    store = open_store(port_uri("obj_raw"))
    gone = 0
    for key in list(store.list(DEAD)):
        try:
            event = json.loads(json.loads(store.get(key))["body"])
        except (ValueError, KeyError):
            continue
        if isinstance(event, dict) and event.get(contract.entity) == subject:
            store.delete(key)
            gone += 1
    return gone


def erase(contract: Contract, subject: str) -> dict[str, int]:
    """Remove a person's rows everywhere; the count of removed rows by store."""
    keys = _keys_of(contract, subject)
    removed = remove(lambda row: not _concerns(row, contract, subject, keys))
    dead = remove_dead(contract, subject)
    return removed | ({"dead_letter": dead} if dead else {})


def expire(contract: Contract, before: str) -> dict[str, int]:
    """Remove rows of events before a day (YYYY-MM-DD), and events set aside before it.

    Rows without a time stay.
    """

    def recent(row: Row) -> bool:
        stamp = row.get(contract.time)
        return stamp is None or str(stamp)[:10] >= before

    removed = remove(recent)
    raw = open_store(port_uri("obj_raw"))
    old = [k for k in raw.list(DEAD) if raw.modified(k).date().isoformat() < before]
    for key in old:
        raw.delete(key)
    return removed | ({"dead_letter": len(old)} if old else {})
