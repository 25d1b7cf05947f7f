"""Rows, datasets and their manifests."""

import gzip
from pathlib import Path

import pytest

from common.objects import LocalStore
from common.records import (
    Row,
    digest,
    dump_rows,
    number,
    parse_rows,
    read_dataset,
    read_manifest,
    write_dataset,
)

ROWS: list[Row] = [{"b": 2.5, "a": "x"}, {"a": None, "b": True}]


def test_rows_survive_and_equal_rows_give_equal_bytes() -> None:
    data = dump_rows(ROWS)
    assert parse_rows(data) == ROWS
    assert parse_rows(gzip.compress(data)) == ROWS
    assert dump_rows([dict(reversed(row.items())) for row in ROWS]) == data
    assert parse_rows(b"\n\n") == []


@pytest.mark.parametrize("text", [b"[1]", b"3", b'{"a":'])
def test_a_line_that_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises((TypeError, ValueError)):
        parse_rows(b"{}\n" + text + b"\n")


def test_a_dataset_is_checked_against_its_manifest(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    manifest = write_dataset(store, "things", ROWS, made_from={"raw": "00"})
    assert manifest.sha256 == digest(dump_rows(ROWS))
    assert read_manifest(store, "things") == manifest
    assert read_dataset(store, "things") == ROWS
    store.put("things/part-00000.jsonl", dump_rows(ROWS[:1]))
    with pytest.raises(ValueError, match="differs"):
        read_dataset(store, "things")


def test_a_number_is_a_number() -> None:
    assert number({"a": 3}, "a") == 3.0
    rows: list[Row] = [{"a": "3"}, {"a": None}, {}]
    for row in rows:
        with pytest.raises(ValueError, match="a is not a number"):
            number(row, "a")
