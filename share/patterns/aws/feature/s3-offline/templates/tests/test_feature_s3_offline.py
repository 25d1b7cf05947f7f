"""The Glue job: its bootstrap, and its Spark step against the step on this machine."""

import functools
import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from common.contract import load_contract
from common.objects import LocalStore
from common.records import dump_rows, read_dataset
from pipelines.steps import spark
from pipelines.steps.clean import clean_rows
from pipelines.steps.features import build_view
from pipelines.steps.land import land_files


def job() -> Any:
    return importlib.import_module("pipelines.feature_offline.glue_job")


class Rdd:
    """As much of a distributed dataset as the steps use, in two partitions."""

    def __init__(self, parts: list[list[Any]]) -> None:
        self.parts = parts

    def _same(self, rows: Iterable[Any]) -> "Rdd":
        rows = list(rows)
        half = len(rows) // 2
        return Rdd([rows[:half], rows[half:]])

    def _all(self) -> list[Any]:
        return [row for part in self.parts for row in part]

    def map(self, f: Callable[[Any], Any]) -> "Rdd":
        return Rdd([[f(row) for row in part] for part in self.parts])

    def flatMap(self, f: Callable[[Any], Any]) -> "Rdd":  # noqa: N802
        return Rdd([[x for row in part for x in f(row)] for part in self.parts])

    def filter(self, f: Callable[[Any], bool]) -> "Rdd":
        return Rdd([[row for row in part if f(row)] for part in self.parts])

    def mapPartitions(self, f: Callable[[Any], Any]) -> "Rdd":  # noqa: N802
        return Rdd([list(f(iter(part))) for part in self.parts])

    def mapPartitionsWithIndex(self, f: Callable[[int, Any], Any]) -> "Rdd":  # noqa: N802
        return Rdd([list(f(n, iter(part))) for n, part in enumerate(self.parts)])

    def groupByKey(self, _count: int) -> "Rdd":  # noqa: N802
        groups: dict[str, list[Any]] = {}
        for key, row in self._all():
            groups.setdefault(key, []).append(row)
        return self._same(groups.items())

    def reduceByKey(self, f: Callable[[Any, Any], Any], count: int) -> "Rdd":  # noqa: N802
        grouped = self.groupByKey(count)._all()
        return self._same([(key, functools.reduce(f, rows)) for key, rows in grouped])

    def values(self) -> "Rdd":
        return Rdd([[row for _, row in part] for part in self.parts])

    def count(self) -> int:
        return len(self._all())

    def collect(self) -> list[Any]:
        return self._all()


class Spark:
    """Reads text files by pattern, as a Spark context does."""

    def textFile(self, pattern: str) -> Rdd:  # noqa: N802
        root, _, rest = pattern.removeprefix("file://").partition("*")
        paths = sorted(Path(root).parent.rglob("*.jsonl")) if rest == "" else []
        paths = paths or sorted(Path(root).rglob("*.jsonl"))
        lines = [line for path in paths for line in path.read_text("utf-8").splitlines()]
        half = len(lines) // 2
        return Rdd([lines[:half], lines[half:]])


class Bucket:
    """As much of S3 as the bootstrap uses; also its own paginator."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def get_paginator(self, _name: str) -> "Bucket":
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        assert Bucket == "bucket"
        return [{"Contents": [{"Key": k} for k in self.files if k.startswith(Prefix)]}, {}]

    def download_file(self, _bucket: str, key: str, path: str) -> None:
        Path(path).write_bytes(self.files[key])


def test_the_job_fetches_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    files = {"code/common/x.py": b"X = 1", "code/../up.py": b"", "other/y.py": b""}
    target = job().fetch_code("s3://bucket/code/", Bucket(files), tmp_path)
    assert sys.path[0] == str(target)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.py")] == ["common/x.py"]


def test_spark_and_this_machine_agree(tmp_path: Path) -> None:
    contract = load_contract()
    raw, curated = LocalStore(tmp_path / "raw"), LocalStore(tmp_path / "curated")
    land_files(LocalStore(Path("data/sample/rows")), raw, contract, 100)
    clean_rows(raw, curated, contract)
    here = LocalStore(tmp_path / "here")
    build_view(curated, here, contract)
    text = Path("data/contract.json").read_text("utf-8")
    there = f"file://{tmp_path}/there/"
    spark.view(Spark(), f"file://{tmp_path}/curated/", there, text)
    found = read_dataset(LocalStore(tmp_path / "there"), contract.dataset)
    expected = read_dataset(here, contract.dataset)
    assert sorted(dump_rows(found).splitlines()) == sorted(dump_rows(expected).splitlines())
