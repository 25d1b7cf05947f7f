"""All steps run on the bundled data, and running them again gives the same bytes."""

import os
from pathlib import Path

import pytest

from common.objects import LocalStore
from pipelines.__main__ import STEPS, run_all
from pipelines.context import Context, Result, start


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Context:
    for name in list(os.environ):
        if name.endswith(("_URI", "_SECRET_ARN")) or name in {"SEED", "CODE_VERSION"}:
            monkeypatch.delenv(name)
    return start()


def run_in(folder: Path, context: Context, monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    monkeypatch.setenv("DATA_DIR", str(folder))
    return run_all(context)


def contents(folder: Path) -> dict[str, bytes]:
    store = LocalStore(folder)
    keys = [key for key in store.list() if ".sqlite" not in key]
    return {key: store.get(key) for key in keys}


def test_every_step_runs_and_repeats(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_in(tmp_path / "one", context, monkeypatch)
    second = run_in(tmp_path / "two", context, monkeypatch)
    assert len(first) == len(STEPS)
    assert first == second
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_running_again_over_its_own_output_changes_nothing(
    tmp_path: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_in(tmp_path, context, monkeypatch)
    before = contents(tmp_path)
    run_in(tmp_path, context, monkeypatch)
    after = contents(tmp_path)
    runs = {key for key in after if key.startswith("runs/")}
    assert {k: v for k, v in before.items() if k not in runs} == {
        k: v for k, v in after.items() if k not in runs
    }


def test_the_run_is_named_by_its_data(context: Context) -> None:
    assert len(context.info.data_hash) == 64
    assert start().info == context.info
