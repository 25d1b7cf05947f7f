"""Training sets: features as they were at the time of each event, split by time."""

from __future__ import annotations

from dataclasses import dataclass

from common.contract import Contract
from common.objects import ObjectStore
from common.records import Row, digest, dump_rows, write_dataset
from common.tabular import QualityError, build_features, curated_rows, split

TEST_SHARE = 0.25
MIN_ROWS = 20


@dataclass(frozen=True)
class TrainingSet:
    """Rows to learn from, later rows to judge by, and the hash of both."""

    train: list[Row]
    test: list[Row]
    sha256: str


def write_training_set(store: ObjectStore, rows: list[Row], contract: Contract) -> TrainingSet:
    """Split labelled feature rows by time and store both parts with their hash."""
    labelled = [row for row in rows if row[contract.label] is not None]
    if len(labelled) < MIN_ROWS:
        raise QualityError(f"{len(labelled)} labelled rows, needed {MIN_ROWS}")
    train, test = split(labelled, contract, TEST_SHARE)
    sha256 = digest(dump_rows(train) + dump_rows(test))
    name = contract.dataset
    write_dataset(store, f"{name}/train", train, facts={"training_set": sha256})
    write_dataset(store, f"{name}/test", test, facts={"training_set": sha256})
    return TrainingSet(train, test, sha256)


def build_training_set(curated: ObjectStore, store: ObjectStore, contract: Contract) -> TrainingSet:
    """Make the training set straight from the curated rows."""
    rows, _ = build_features(curated_rows(curated, contract), contract)
    return write_training_set(store, rows, contract)
