"""What Athena's UNLOAD leaves is read as the curated rows of a run on this machine."""

import gzip
import json
from pathlib import Path

import pytest

from common.contract import load_contract
from common.objects import LocalStore
from common.records import Row, dump_rows, parse_rows, read_dataset
from common.tabular import SELECTED, QualityError, curated_rows
from pipelines.steps.clean import clean_rows
from pipelines.steps.land import ROWS, land_files
from pipelines.transform_batch.main import select


def unload(store: LocalStore, rows: list[Row]) -> None:
    lines: list[Row] = [{"line": json.dumps(row)} for row in rows]
    for number in range(2):
        store.put(f"{SELECTED}{number}.gz", gzip.compress(dump_rows(lines[number::2])))


def test_athena_and_this_machine_agree(tmp_path: Path) -> None:
    contract = load_contract()
    raw, here = LocalStore(tmp_path / "raw"), LocalStore(tmp_path / "here")
    land_files(LocalStore(Path("data/sample/rows")), raw, contract, 100)
    clean_rows(raw, here, contract, select)
    landed = [row for key in raw.list(f"{ROWS}/") for row in parse_rows(raw.get(key))]
    there = LocalStore(tmp_path / "there")
    unload(there, select(landed))
    assert curated_rows(there, contract) == read_dataset(here, contract.dataset)
    assert curated_rows(here, contract) == read_dataset(here, contract.dataset)


def test_too_many_bad_rows_are_refused(tmp_path: Path) -> None:
    contract = load_contract()
    store = LocalStore(tmp_path)
    unload(store, [{contract.key: str(n)} for n in range(4)])
    with pytest.raises(QualityError):
        curated_rows(store, contract)
