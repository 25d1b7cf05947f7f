"""Training is repeatable and resumable; the gate holds back what is not good enough."""

from dataclasses import replace

import numpy as np
import pytest

from common.contract import Contract
from common.records import Row
from common.training import (
    Gate,
    GateError,
    Options,
    Progress,
    auc,
    evaluate,
    feature_names,
    fit,
    gate_for,
    scores,
)

CONTRACT = Contract(
    dataset="d",
    key="id",
    time="at",
    entity="who",
    label="y",
    numeric=["a", "b"],
    categories={},
    ranges={},
    task="classification",
)
OPTIONS = Options(epochs=12)


def rows(task: str, count: int = 240) -> list[Row]:
    random = np.random.default_rng(7)
    made: list[Row] = []
    for n in range(count):
        a, b = float(random.normal()), float(random.normal())
        y = 3.0 * a - b + 5.0 if task == "regression" else float(a - 0.5 * b > 0)
        made.append({"id": str(n), "at": f"{n:05d}", "who": "w", "a": a, "b": b, "y": y})
    return made


def test_features_are_all_columns_but_the_event_s_own() -> None:
    row: Row = {"id": "1", "at": "t", "who": "w", "y": 1, "b": 2, "a": 3}
    assert feature_names([row], CONTRACT) == ["a", "b"]


def test_the_same_seed_gives_the_same_model() -> None:
    data = rows("classification")
    first, second = fit(data, CONTRACT, OPTIONS), fit(data, CONTRACT, OPTIONS)
    assert first.dump() == second.dump()
    assert fit(data, CONTRACT, replace(OPTIONS, seed=1)).dump() != first.dump()


def test_a_resumed_run_gives_the_same_model() -> None:
    data = rows("classification")
    saved: list[Progress] = []
    whole = fit(data, CONTRACT, OPTIONS, checkpoint=saved.append)
    assert [one.epoch for one in saved] == list(range(1, 13))
    assert fit(data, CONTRACT, OPTIONS, resume=saved[4]).dump() == whole.dump()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_it_learns_what_is_there(task: str) -> None:
    contract = replace(CONTRACT, task=task)
    data = rows(task)
    model = fit(data[:180], contract, OPTIONS)
    metrics = evaluate(model, data[180:], contract)
    gate_for(contract, 0.9).check(metrics)
    assert metrics["rows"] == 60.0


def test_scores_of_a_batch_are_those_of_its_rows() -> None:
    data = rows("classification", 40)
    model = fit(data, CONTRACT, OPTIONS)
    single = [model.score({"a": float(r["a"] or 0), "b": float(r["b"] or 0)}) for r in data]
    assert scores(model, data).tolist() == pytest.approx(single)


def test_auc_of_known_cases() -> None:
    truth = np.array([0.0, 0.0, 1.0, 1.0])
    assert auc(truth, np.array([0.1, 0.2, 0.3, 0.4])) == 1.0
    assert auc(truth, np.array([0.4, 0.3, 0.2, 0.1])) == 0.0
    assert auc(truth, np.array([0.5, 0.5, 0.5, 0.5])) == 0.5
    assert auc(np.array([1.0, 1.0]), np.array([0.1, 0.2])) == 0.5


def test_the_gate_knows_its_bound_and_production() -> None:
    gate = Gate("auc", 0.8, higher_is_better=True, tolerance=0.02)
    gate.check({"auc": 0.8})
    gate.check({"auc": 0.85}, {"auc": 0.86})
    with pytest.raises(GateError, match="needed"):
        gate.check({"auc": 0.79})
    with pytest.raises(GateError, match="production"):
        gate.check({"auc": 0.85}, {"auc": 0.9})
    error = Gate("relative_error", 0.3, higher_is_better=False)
    error.check({"relative_error": 0.3})
    with pytest.raises(GateError):
        error.check({"relative_error": 0.31})
