"""The steps on Spark: the same functions, run on each partition; each writes its own part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from common.contract import Contract
from common.objects import open_store
from common.records import Manifest, Row, digest, dump_rows, write_manifest
from common.tabular import QualityError, build_features
from pipelines.steps.clean import MAX_REJECTED
from pipelines.steps.land import ROWS

PARTITIONS = 200

Pair = tuple[str, Row | None]


def checked_lines(lines: Iterable[str], contract: Contract) -> Iterator[Pair]:
    """Yield (key, row) for good rows and ("", None) for the others."""
    for line in lines:
        try:
            row = contract.convert(json.loads(line))
        except (ValueError, AttributeError):
            yield "", None
            continue
        good = not contract.problems(row, need_label=False)
        yield (str(row[contract.key]), row) if good else ("", None)


def write_partition(
    number: int, rows: Iterable[Row], uri: str, dataset: str
) -> Iterator[tuple[str, str, int, list[str]]]:
    """Write one part; its name, hash, number of rows and columns."""
    data = list(rows)
    if not data:
        return
    part = f"part-{number:05d}.jsonl"
    text = dump_rows(data)
    open_store(uri).put(f"{dataset}/{part}", text)
    yield part, digest(text), len(data), sorted({name for row in data for name in row})


def write_parts(rows: Any, uri: str, dataset: str) -> Manifest:
    """Write a distributed dataset and then its manifest."""
    parts = rows.mapPartitionsWithIndex(
        lambda number, part: write_partition(number, part, uri, dataset)
    ).collect()
    hashes = {name: content for name, content, _, _ in parts}
    content = digest(json.dumps(hashes, sort_keys=True).encode())
    columns = sorted({column for _, _, _, names in parts for column in names})
    total = sum(count for _, _, count, _ in parts)
    return write_manifest(open_store(uri), Manifest(dataset, total, content, columns, hashes))


def newest(one: Row, other: Row, time: str) -> Row:
    """Return the later of two rows with the same key."""
    return other if str(one[time]) <= str(other[time]) else one


def clean(context: Any, raw_uri: str, curated_uri: str, contract_text: str) -> Manifest:
    """Clean everything that has landed."""
    contract = Contract(**json.loads(contract_text))
    lines = context.textFile(f"{raw_uri}{ROWS}/{contract.dataset}/*/*")
    pairs = lines.mapPartitions(lambda part: checked_lines(part, contract))
    good = pairs.filter(lambda pair: pair[0] != "")
    rows = good.reduceByKey(lambda a, b: newest(a, b, contract.time), PARTITIONS).values()
    rejected = pairs.filter(lambda pair: pair[0] == "").count()
    total = pairs.count()
    if total == rejected or rejected > MAX_REJECTED * total:
        raise QualityError(f"{rejected} of {total} rows rejected")
    return write_parts(rows, curated_uri, contract.dataset)


def entity_features(rows: Iterable[Row], contract: Contract) -> list[Row]:
    """Return the features of one entity's events in the order of time."""
    ordered = sorted(rows, key=lambda r: (str(r[contract.time]), str(r[contract.key])))
    return build_features(ordered, contract)[0]


def view(context: Any, curated_uri: str, offline_uri: str, contract_text: str) -> Manifest:
    """Compute the feature view; entities are independent of each other."""
    contract = Contract(**json.loads(contract_text))
    rows = context.textFile(f"{curated_uri}{contract.dataset}/part-*").map(json.loads)
    by_entity = rows.map(lambda row: (str(row[contract.entity]), row)).groupByKey(PARTITIONS)
    features = by_entity.flatMap(lambda pair: entity_features(pair[1], contract))
    return write_parts(features, offline_uri, contract.dataset)
