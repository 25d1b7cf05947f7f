"""Does today's data still look like the data that the model was trained on?"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from common.records import Row

BINS = 10
FLOOR = 1e-4
WARN = 0.1


@dataclass(frozen=True)
class ColumnDrift:
    """Population stability index of one column, and the share of values that are missing."""

    column: str
    psi: float
    missing: float


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Sum of (a - e) ln(a / e) over shares; shares below a floor count as the floor."""
    total = 0.0
    for e, a in zip(expected, actual, strict=True):
        low, high = max(e, FLOOR), max(a, FLOOR)
        total += (high - low) * math.log(high / low)
    return total


def edges_of(values: Sequence[float]) -> list[float]:
    """Inner borders of bins that hold equal shares of the values; equal borders count once."""
    ordered = sorted(values)
    picked = (ordered[len(ordered) * i // BINS] for i in range(1, BINS))
    return sorted(set(picked))


def shares_of(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    """Share of the values in each bin."""
    counts = Counter(bisect_right(edges, value) for value in values)
    return [counts[i] / max(1, len(values)) for i in range(len(edges) + 1)]


def words_of(reference: Sequence[str], current: Sequence[str]) -> tuple[list[float], list[float]]:
    """Share of each word that occurs in either."""
    before, now = Counter(reference), Counter(current)
    words = sorted(set(before) | set(now))
    return (
        [before[w] / max(1, len(reference)) for w in words],
        [now[w] / max(1, len(current)) for w in words],
    )


def column_drift(column: str, reference: list[Row], current: list[Row]) -> ColumnDrift:
    """Drift of one column, numeric when all its values in the reference are numbers."""
    before = [row[column] for row in reference if row.get(column) is not None]
    now = [row[column] for row in current if row.get(column) is not None]
    missing = 1 - len(now) / max(1, len(current))
    numbers = [float(v) for v in before if isinstance(v, (int, float))]
    if before and len(numbers) == len(before):
        edges = edges_of(numbers)
        actual = [float(v) for v in now if isinstance(v, (int, float))]
        value = psi(shares_of(numbers, edges), shares_of(actual, edges))
    else:
        value = psi(*words_of([str(v) for v in before], [str(v) for v in now]))
    return ColumnDrift(column, value, missing)


def drift(reference: list[Row], current: list[Row], columns: Sequence[str]) -> list[ColumnDrift]:
    """All columns, the worst first."""
    found = [column_drift(column, reference, current) for column in columns]
    return sorted(found, key=lambda one: (-one.psi, one.column))
