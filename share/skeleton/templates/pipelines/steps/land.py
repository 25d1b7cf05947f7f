"""Landing: what is new at a source goes to the raw zone once, as JSON lines."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from common.contract import Contract
from common.objects import ObjectStore
from common.records import Row, digest, dump_json, dump_rows, parse_rows

ROWS = "rows"


@dataclass(frozen=True)
class Landed:
    """What a pass did; `more` says that the limit was reached before the source was empty."""

    files: int
    rows: int
    known: int
    more: bool


def read_table(name: str, data: bytes) -> list[Row]:
    """Read CSV or JSON lines by the file's name."""
    if name.endswith(".csv"):
        return [dict(row) for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))]
    if name.endswith((".jsonl", ".jsonl.gz")):
        return parse_rows(data)
    raise ValueError(f"{name}: neither CSV nor JSON lines")


def raw_key(contract: Contract, rows: list[Row], content: str) -> str:
    """Return the key of a batch: by the newest day in it and by the hash of its content."""
    day = max((str(row.get(contract.time, ""))[:10] for row in rows), default="") or "undated"
    return f"{ROWS}/{contract.dataset}/ingest_date={day}/{content[:32]}.jsonl"


def land_rows(raw: ObjectStore, contract: Contract, rows: list[Row]) -> str:
    """Write a batch; landing the same rows again writes the same object."""
    data = dump_rows(rows)
    key = raw_key(contract, rows, digest(data))
    raw.put(key, data)
    return key


def land_files(source: ObjectStore, raw: ObjectStore, contract: Contract, limit: int) -> Landed:
    """Land files that were not landed before, `limit` of them at most."""
    files = rows = known = 0
    for name in source.list():
        if not name.endswith((".csv", ".jsonl", ".jsonl.gz")):
            continue
        data = source.get(name)
        marker = f"landed/{digest(name.encode() + b'/' + digest(data).encode())[:32]}.json"
        if raw.exists(marker):
            known += 1
            continue
        if files == limit:
            return Landed(files, rows, known, more=True)
        table = read_table(name, data)
        key = land_rows(raw, contract, table)
        raw.put(marker, dump_json({"source": name, "key": key, "sha256": digest(data)}))
        files += 1
        rows += len(table)
    return Landed(files, rows, known, more=False)
