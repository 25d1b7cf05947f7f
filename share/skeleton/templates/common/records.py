"""Rows as JSON lines, and datasets that carry the hash of their own content."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from common.objects import ObjectStore

Value = str | int | float | bool | None
Row = dict[str, Value]

MANIFEST = "_manifest.json"
PART = "part-00000.jsonl"
GZIP = b"\x1f\x8b"


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def dump_rows(rows: Iterable[Row]) -> bytes:
    """Write rows as JSON lines with sorted keys: equal rows give equal bytes."""
    lines = (json.dumps(row, sort_keys=True, separators=(",", ":")) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def parse_rows(data: bytes) -> list[Row]:
    """Read JSON lines, gzipped or not; a line that is no object is an error naming its number."""
    if data[:2] == GZIP:
        data = gzip.decompress(data)
    rows: list[Row] = []
    for number, line in enumerate(data.decode().splitlines(), start=1):
        if not line.strip():
            continue
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError(f"line {number} is not an object")
        rows.append(row)
    return rows


def dump_json(value: Any) -> bytes:
    """Write a JSON document for people and machines: sorted, indented, newline at the end."""
    return (json.dumps(value, sort_keys=True, indent=2) + "\n").encode()


@dataclass(frozen=True)
class Manifest:
    """What a dataset is: size, content hash, columns, its parts, and what it was made from."""

    dataset: str
    rows: int
    sha256: str
    columns: list[str]
    parts: dict[str, str]
    made_from: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Value] = field(default_factory=dict)


def write_manifest(store: ObjectStore, manifest: Manifest) -> Manifest:
    """Write the manifest last: a reader that sees it sees complete data."""
    store.put(f"{manifest.dataset}/{MANIFEST}", dump_json(asdict(manifest)))
    return manifest


def write_dataset(
    store: ObjectStore,
    dataset: str,
    rows: list[Row],
    *,
    part: str = PART,
    made_from: dict[str, str] | None = None,
    facts: dict[str, Value] | None = None,
) -> Manifest:
    """Write the rows as one part, then the manifest."""
    data = dump_rows(rows)
    store.put(f"{dataset}/{part}", data)
    columns = sorted({column for row in rows for column in row})
    content = digest(data)
    parts = {part: content}
    return write_manifest(
        store, Manifest(dataset, len(rows), content, columns, parts, made_from or {}, facts or {})
    )


def read_manifest(store: ObjectStore, dataset: str) -> Manifest:
    """Read what `write_manifest` recorded."""
    return Manifest(**json.loads(store.get(f"{dataset}/{MANIFEST}")))


def read_dataset(store: ObjectStore, dataset: str) -> list[Row]:
    """Read all parts of a dataset and check each against the manifest."""
    rows: list[Row] = []
    for part, content in sorted(read_manifest(store, dataset).parts.items()):
        data = store.get(f"{dataset}/{part}")
        if digest(data) != content:
            raise ValueError(f"{dataset}/{part}: content differs from the manifest")
        rows.extend(parse_rows(data))
    return rows


def number(row: Row, column: str) -> float:
    """Return a column as a float, or raise ValueError naming the column."""
    value = row.get(column)
    if value is None or isinstance(value, str):
        raise ValueError(f"{column} is not a number: {value!r}")
    return float(value)
