"""Tables: cleaning against the contract, point-in-time features, a split that respects time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from common.contract import Contract
from common.records import Row, number


class QualityError(RuntimeError):
    """A dataset is too poor to go on with."""


@dataclass(frozen=True)
class Cleaned:
    """Good rows in order of time, rejected rows with their reasons."""

    rows: list[Row]
    rejected: list[Row]
    duplicates: int

    def check(self, max_rejected: float) -> None:
        """Raise QualityError when nothing is left or too large a share was rejected."""
        total = len(self.rows) + len(self.rejected)
        if not self.rows:
            raise QualityError("no good rows")
        if len(self.rejected) > max_rejected * total:
            raise QualityError(f"{len(self.rejected)} of {total} rows rejected")


def clean(rows: Iterable[Row], contract: Contract) -> Cleaned:
    """Type, check and deduplicate rows; of equal keys the latest stays. Labels may come later."""
    latest: dict[str, Row] = {}
    rejected: list[Row] = []
    duplicates = 0
    for raw in rows:
        row = contract.convert(raw)
        problems = contract.problems(row, need_label=False)
        if problems:
            rejected.append({contract.key: row[contract.key], "problems": "; ".join(problems)})
            continue
        key = str(row[contract.key])
        kept = latest.get(key)
        duplicates += kept is not None
        if kept is None or str(row[contract.time]) >= str(kept[contract.time]):
            latest[key] = row
    good = sorted(latest.values(), key=lambda r: (str(r[contract.time]), str(r[contract.key])))
    return Cleaned(good, rejected, duplicates)


@dataclass
class Aggregate:
    """What is known of an entity before an event: how often it was seen and its usual value."""

    count: float = 0.0
    total: float = 0.0
    last: float = 0.0

    def features(self, value: float) -> dict[str, float]:
        """Return the entity's features for an event with `value`, which is not yet counted."""
        mean = self.total / self.count if self.count else value
        return {
            "entity_count": self.count,
            "entity_mean": mean,
            "entity_last": self.last if self.count else value,
        }

    def add(self, value: float) -> None:
        """Count an event."""
        self.count += 1.0
        self.total += value
        self.last = value

    def item(self) -> Row:
        """Return the state and its features, as the online store keeps them."""
        state: Row = {"count": self.count, "total": self.total, "last": self.last}
        return {**state, **self.features(self.last)}


def row_features(row: Row, contract: Contract, known: Aggregate) -> dict[str, float]:
    """Return the features of one row; training and serving both call this function."""
    features = {name: number(row, name) for name in contract.numeric}
    for name, words in contract.categories.items():
        for word in words:
            features[f"{name}={word}"] = 1.0 if row.get(name) == word else 0.0
    features.update(known.features(number(row, contract.numeric[0])))
    return features


def build_features(rows: list[Row], contract: Contract) -> tuple[list[Row], dict[str, Aggregate]]:
    """Return a feature row per event, seeing only earlier events, and each entity's last state."""
    known: dict[str, Aggregate] = {}
    built: list[Row] = []
    for row in rows:
        entity = str(row[contract.entity])
        state = known.setdefault(entity, Aggregate())
        out: Row = {name: row[name] for name in (contract.key, contract.time, contract.entity)}
        out.update(row_features(row, contract, state))
        out[contract.label] = row[contract.label]
        built.append(out)
        state.add(number(row, contract.numeric[0]))
    return built, known


def feature_names(rows: list[Row], contract: Contract) -> list[str]:
    """Return the feature columns in sorted order."""
    other = {contract.key, contract.time, contract.entity, contract.label}
    return sorted(name for name in rows[0] if name not in other)


def split(rows: list[Row], contract: Contract, test_share: float) -> tuple[list[Row], list[Row]]:
    """Split by time: the test set is the future of the training set."""
    ordered = sorted(rows, key=lambda r: (str(r[contract.time]), str(r[contract.key])))
    cut = max(1, min(len(ordered) - 1, round(len(ordered) * (1.0 - test_share))))
    return ordered[:cut], ordered[cut:]


def pseudonym(value: str, salt: str) -> str:
    """Return a stable stand-in for an identifier; without the salt it cannot be recomputed."""
    return hashlib.blake2b(value.encode(), key=salt.encode()[:64], digest_size=12).hexdigest()
