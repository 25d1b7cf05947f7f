"""The dataset contract, cleaning, point-in-time features and the split."""

import pytest

from common.contract import Contract, load_contract
from common.records import Row, Value
from common.tabular import Aggregate, QualityError, build_features, clean, split

CONTRACT = Contract(
    dataset="sales",
    key="id",
    time="at",
    entity="who",
    label="y",
    numeric=["value"],
    categories={"kind": ["a", "b"]},
    ranges={"value": [0.0, 100.0]},
    task="classification",
)


def sale(key: str, at: str, value: Value = 1.0, **other: Value) -> Row:
    row: Row = {"id": key, "at": at, "who": "w", "value": value, "kind": "a", "y": 1}
    return row | other


def test_the_contract_of_this_repository_loads() -> None:
    contract = load_contract()
    assert contract.columns[0] == contract.key
    assert len(set(contract.columns)) == len(contract.columns)
    assert contract.task in {"classification", "regression"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": ""}, "id: missing"),
        ({"value": "n/a"}, "value: not a number"),
        ({"value": "inf"}, "value: not a number"),
        ({"value": 101}, "value: out of range"),
        ({"kind": "c"}, "kind: unknown word"),
        ({"y": None}, "y: not a number"),
    ],
)
def test_each_broken_rule_is_named(change: Row, problem: str) -> None:
    row = CONTRACT.convert(sale("1", "2025-01-01") | change)
    assert CONTRACT.problems(row) == [problem]


def test_cleaning_keeps_the_newest_and_says_what_it_rejects() -> None:
    rows = [sale("1", "2025-01-02", 5), sale("1", "2025-01-01", 4), sale("2", "2025-01-03", "?")]
    cleaned = clean(rows, CONTRACT)
    assert [row["value"] for row in cleaned.rows] == [5.0]
    assert cleaned.duplicates == 1
    assert cleaned.rejected == [{"id": "2", "problems": "value: not a number"}]
    with pytest.raises(QualityError):
        cleaned.check(0.1)
    cleaned.check(0.5)
    with pytest.raises(QualityError):
        clean([], CONTRACT).check(1.0)


def test_a_label_may_come_later() -> None:
    assert len(clean([sale("1", "2025-01-01", y=None)], CONTRACT).rows) == 1


def test_features_see_only_the_past() -> None:
    rows = [CONTRACT.convert(sale(str(n), f"2025-01-0{n}", n)) for n in (1, 2, 3)]
    built, known = build_features(rows, CONTRACT)
    assert [row["entity_count"] for row in built] == [0.0, 1.0, 2.0]
    assert [row["entity_mean"] for row in built] == [1.0, 1.0, 1.5]
    assert known["w"] == Aggregate(3.0, 6.0, 3.0)
    assert known["w"].item()["entity_mean"] == 2.0


def test_the_test_set_is_the_future() -> None:
    rows = [CONTRACT.convert(sale(str(n), f"2025-01-{n:02d}")) for n in range(20, 0, -1)]
    train, test = split(rows, CONTRACT, 0.25)
    assert (len(train), len(test)) == (15, 5)
    assert max(str(row["at"]) for row in train) < min(str(row["at"]) for row in test)
