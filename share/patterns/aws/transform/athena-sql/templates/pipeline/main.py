"""The SQL model that Athena runs, run here by SQLite; then the contract and the training set."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from common.contract import load_contract
from common.objects import open_store
from common.records import Row
from common.settings import port_uri
from pipelines.context import Context, Result
from pipelines.steps.clean import clean_rows
from pipelines.steps.features import build_training_set

SQL = Path(__file__).with_name("clean.sql")


def json_extract_scalar(line: str, path: str) -> str | None:
    """What Athena's function of that name answers for a path of one step."""
    value = json.loads(line).get(path.removeprefix("$."))
    return None if value is None else str(value)


def select(rows: Iterable[Row]) -> list[Row]:
    """Run the SQL model over rows in memory."""
    with sqlite3.connect(":memory:") as db:
        db.create_function("json_extract_scalar", 2, json_extract_scalar, deterministic=True)
        db.execute("create table raw_line (line text not null)")
        lines = ((json.dumps(row, sort_keys=True),) for row in rows)
        db.executemany("insert into raw_line values (?)", lines)
        chosen = db.execute(SQL.read_text(encoding="utf-8")).fetchall()
    db.close()
    return [json.loads(line) for (line,) in chosen]


def run(_ctx: Context) -> Result:
    """Clean what has landed; the training set carries the hash of its content."""
    contract = load_contract()
    curated = open_store(port_uri("obj_curated"))
    cleaned = clean_rows(open_store(port_uri("obj_raw")), curated, contract, select)
    data = build_training_set(curated, open_store(port_uri("ds_train")), contract)
    facts = {"train": len(data.train), "test": len(data.test), "training_set": data.sha256}
    return Result("transform", {**asdict(cleaned), **facts})
