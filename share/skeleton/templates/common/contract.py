"""The dataset contract: which columns a dataset has, what they may hold, and what is predicted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.records import Row, Value

CONTRACT = Path("data/contract.json")


@dataclass(frozen=True)
class Contract:
    """Columns of one dataset; `ranges` bounds numbers, `categories` lists the known words."""

    dataset: str
    key: str
    time: str
    entity: str
    label: str
    numeric: list[str]
    categories: dict[str, list[str]]
    ranges: dict[str, list[float]]
    task: str

    @property
    def columns(self) -> list[str]:
        """Return all columns in their canonical order."""
        return [self.key, self.time, self.entity, *self.numeric, *self.categories, self.label]

    def convert(self, raw: Mapping[str, str | Value]) -> Row:
        """Return a row with typed values; text that is no number becomes None."""
        row: Row = {name: _text(raw.get(name)) for name in (self.key, self.time, self.entity)}
        for name in [*self.numeric, self.label]:
            row[name] = _float(raw.get(name))
        for name in self.categories:
            row[name] = _text(raw.get(name))
        return row

    def problems(self, row: Row, *, need_label: bool = True) -> list[str]:
        """Return what is wrong with a typed row; empty means that it is good."""
        found = [f"{n}: missing" for n in (self.key, self.time, self.entity) if not row.get(n)]
        for name in [*self.numeric, self.label]:
            value = row.get(name)
            if name == self.label and value is None and not need_label:
                continue
            low, high = self.ranges.get(name, [-math.inf, math.inf])
            if not isinstance(value, float):
                found.append(f"{name}: not a number")
            elif not low <= value <= high:
                found.append(f"{name}: out of range")
        for name, words in self.categories.items():
            if row.get(name) not in words:
                found.append(f"{name}: unknown word")
        return found


def _text(value: str | Value) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _float(value: str | Value) -> float | None:
    try:
        number = float("nan" if value is None else value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def load_contract(path: Path = CONTRACT) -> Contract:
    """Read the contract of this repository's dataset."""
    return Contract(**json.loads(path.read_text(encoding="utf-8")))
