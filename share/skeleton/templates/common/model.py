"""The model format: weights as JSON, so that loading a model never runs code from it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from common.records import dump_json


@dataclass(frozen=True)
class Model:
    """A linear model over standardised features; `kind` is `logistic` or `linear`."""

    kind: str
    features: list[str]
    mean: list[float]
    scale: list[float]
    weights: list[float]
    intercept: float
    threshold: float
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        width = len(self.features)
        if self.kind not in ("logistic", "linear"):
            raise ValueError(f"unknown model kind: {self.kind!r}")
        if not len(self.mean) == len(self.scale) == len(self.weights) == width:
            raise ValueError("model vectors differ in length")
        numbers = [*self.mean, *self.scale, *self.weights, self.intercept, self.threshold]
        if not all(math.isfinite(value) for value in numbers) or 0.0 in self.scale:
            raise ValueError("model holds a number that is not finite, or a zero scale")

    def score(self, features: Mapping[str, float]) -> float:
        """Return a probability (`logistic`) or value (`linear`); an absent feature is its mean."""
        total = self.intercept
        for name, mean, scale, weight in zip(
            self.features, self.mean, self.scale, self.weights, strict=True
        ):
            total += weight * (features.get(name, mean) - mean) / scale
        if self.kind == "linear":
            return total
        if total >= 0:
            return 1.0 / (1.0 + math.exp(-min(total, 700.0)))
        odds = math.exp(max(total, -700.0))
        return odds / (1.0 + odds)

    def explain(self, features: Mapping[str, float], top: int = 3) -> list[tuple[str, float]]:
        """Return the features that moved this score most, with their signed contribution."""
        parts = [
            (name, weight * (features.get(name, mean) - mean) / scale)
            for name, mean, scale, weight in zip(
                self.features, self.mean, self.scale, self.weights, strict=True
            )
        ]
        return sorted(parts, key=lambda part: (-abs(part[1]), part[0]))[:top]

    def dump(self) -> bytes:
        """Serialise; equal models give equal bytes."""
        return dump_json(asdict(self))

    @staticmethod
    def load(data: bytes) -> Model:
        """Read what `dump` wrote, checking every number."""
        return Model(**json.loads(data))
