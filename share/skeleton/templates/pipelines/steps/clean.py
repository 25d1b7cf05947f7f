"""Cleaning: raw rows to the curated zone, with what was rejected and what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from common.contract import Contract
from common.objects import ObjectStore
from common.records import Row, digest, parse_rows, write_dataset
from common.tabular import MAX_REJECTED, clean
from pipelines.steps.land import ROWS

Select = Callable[[Iterable[Row]], list[Row]]


@dataclass(frozen=True)
class Curated:
    """Counts and hash of a curated dataset."""

    rows: int
    rejected: int
    duplicates: int
    sha256: str


def clean_rows(
    raw: ObjectStore, curated: ObjectStore, contract: Contract, select: Select = list
) -> Curated:
    """Read all raw rows, check them against the contract and write the good ones."""
    made_from: dict[str, str] = {}
    rows: list[Row] = []
    for key in raw.list(f"{ROWS}/{contract.dataset}/"):
        data = raw.get(key)
        made_from[key] = digest(data)
        rows.extend(parse_rows(data))
    cleaned = clean(select(rows), contract)
    cleaned.check(MAX_REJECTED)
    manifest = write_dataset(curated, contract.dataset, cleaned.rows, made_from=made_from)
    if cleaned.rejected:
        write_dataset(curated, f"rejected/{contract.dataset}", cleaned.rejected)
    return Curated(manifest.rows, len(cleaned.rejected), cleaned.duplicates, manifest.sha256)
