"""Features as they were at the time of each event, and training sets made of them."""

from __future__ import annotations

from dataclasses import dataclass

from common.contract import Contract
from common.errors import NotFoundError
from common.keyvalue import KeyValue
from common.objects import ObjectStore
from common.records import Manifest, Row, digest, dump_rows, read_dataset, write_dataset
from common.tabular import QualityError, build_features, curated_rows, split

TEST_SHARE = 0.25
MIN_ROWS = 20


@dataclass(frozen=True)
class TrainingSet:
    """Rows to learn from, later rows to judge by, and the hash of both."""

    train: list[Row]
    test: list[Row]
    sha256: str


def build_view(curated: ObjectStore, offline: ObjectStore, contract: Contract) -> Manifest:
    """Compute the feature view of a dataset."""
    rows, _ = build_features(curated_rows(curated, contract), contract)
    return write_dataset(offline, contract.dataset, rows)


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


def read_training_set(store: ObjectStore, contract: Contract) -> TrainingSet | None:
    """Read a stored training set, or None when there is none."""
    try:
        train = read_dataset(store, f"{contract.dataset}/train")
        test = read_dataset(store, f"{contract.dataset}/test")
    except NotFoundError:
        return None
    return TrainingSet(train, test, digest(dump_rows(train) + dump_rows(test)))


def materialise(curated: ObjectStore, online: KeyValue, contract: Contract, ttl_s: int) -> int:
    """Write what is known of each entity to the online store; the count of entities."""
    _, known = build_features(curated_rows(curated, contract), contract)
    for entity, state in sorted(known.items()):
        online.put(entity, state.item(), ttl_s)
    return len(known)
