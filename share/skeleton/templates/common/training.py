"""Training and evaluation of linear models: seeded, deterministic, resumable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.contract import Contract
from common.model import Model
from common.records import Row, number

Matrix = NDArray[np.float64]

DIGITS = 10


class GateError(RuntimeError):
    """A model did not reach the quality that serving needs."""


@dataclass(frozen=True)
class Options:
    """What training may be told."""

    seed: int = 20
    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 0.15
    l2: float = 1e-3


@dataclass
class Progress:
    """Training state after an epoch; written as a checkpoint, so that a lost node loses little."""

    epoch: int
    weights: list[float]
    intercept: float


@dataclass(frozen=True)
class Gate:
    """Thresholds: the metric's bound, and how much worse than production a model may be."""

    metric: str
    bound: float
    higher_is_better: bool
    tolerance: float = 0.02

    def check(self, metrics: dict[str, float], production: dict[str, float] | None = None) -> None:
        """Raise GateError when the model misses the bound or falls behind production."""
        value = metrics[self.metric]
        sign = 1.0 if self.higher_is_better else -1.0
        if sign * value < sign * self.bound:
            raise GateError(f"{self.metric} is {value:.4f}, needed {self.bound:.4f}")
        if production is not None and self.metric in production:
            allowed = sign * production[self.metric] - self.tolerance
            if sign * value < allowed:
                raise GateError(
                    f"{self.metric} is {value:.4f}, production {production[self.metric]:.4f}"
                )


def feature_names(rows: list[Row], contract: Contract) -> list[str]:
    """Return the feature columns in sorted order."""
    other = {contract.key, contract.time, contract.entity, contract.label}
    return sorted(name for name in rows[0] if name not in other)


def gate_for(contract: Contract, bound: float) -> Gate:
    """Return the gate of the contract's task: AUC for classes, relative error for values."""
    if contract.task == "regression":
        return Gate("relative_error", 1.0 - bound, higher_is_better=False)
    return Gate("auc", bound, higher_is_better=True)


def matrix(rows: list[Row], names: Sequence[str]) -> Matrix:
    """Return the features of all rows as a matrix."""
    return np.array([[number(row, name) for name in names] for row in rows], dtype=np.float64)


def labels(rows: list[Row], contract: Contract) -> Matrix:
    """Return the label column."""
    return np.array([number(row, contract.label) for row in rows], dtype=np.float64)


def _predict(kind: str, z: Matrix) -> Matrix:
    if kind == "linear":
        return z
    answer: Matrix = 1.0 / (1.0 + np.exp(-np.clip(z, -500.0, 500.0)))
    return answer


def fit(
    rows: list[Row],
    contract: Contract,
    options: Options,
    *,
    resume: Progress | None = None,
    checkpoint: Callable[[Progress], None] | None = None,
) -> Model:
    """Train by seeded mini-batch descent; resuming from a checkpoint gives the same model."""
    kind = "linear" if contract.task == "regression" else "logistic"
    names = feature_names(rows, contract)
    x, y = matrix(rows, names), labels(rows, contract)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-9] = 1.0
    x = (x - mean) / scale
    offset, spread = (float(y.mean()), float(y.std()) or 1.0) if kind == "linear" else (0.0, 1.0)
    target = (y - offset) / spread
    weights = np.zeros(len(names)) if resume is None else np.array(resume.weights)
    intercept = 0.0 if resume is None else resume.intercept
    for epoch in range(0 if resume is None else resume.epoch, options.epochs):
        order = np.random.default_rng([options.seed, epoch]).permutation(len(rows))
        rate = options.learning_rate / (1.0 + 0.05 * epoch)
        for start in range(0, len(rows), options.batch_size):
            pick = order[start : start + options.batch_size]
            error = _predict(kind, x[pick] @ weights + intercept) - target[pick]
            weights -= rate * (x[pick].T @ error / len(pick) + options.l2 * weights)
            intercept -= rate * float(error.mean())
        if checkpoint is not None:
            checkpoint(Progress(epoch + 1, weights.tolist(), intercept))
    final = [round(float(value) * spread, DIGITS) for value in weights]
    return Model(
        kind=kind,
        features=names,
        mean=[round(float(value), DIGITS) for value in mean],
        scale=[round(float(value), DIGITS) for value in scale],
        weights=final,
        intercept=round(intercept * spread + offset, DIGITS),
        threshold=0.5,
        metadata={"dataset": contract.dataset, "label": contract.label},
    )


def scores(model: Model, rows: list[Row]) -> Matrix:
    """Score all rows at once; the same numbers as `Model.score` row by row."""
    x = (matrix(rows, model.features) - np.array(model.mean)) / np.array(model.scale)
    return _predict(model.kind, x @ np.array(model.weights) + model.intercept)


def auc(truth: Matrix, score: Matrix) -> float:
    """Return the area under the ROC curve; ties count half, one class alone gives 0.5."""
    positive, negative = score[truth > 0.5], score[truth <= 0.5]
    if len(positive) == 0 or len(negative) == 0:
        return 0.5
    above = (positive[:, None] > negative[None, :]).mean()
    equal = (positive[:, None] == negative[None, :]).mean()
    return float(above + 0.5 * equal)


def evaluate(model: Model, rows: list[Row], contract: Contract) -> dict[str, float]:
    """Return the metrics of a model on rows that it has not seen."""
    truth, score = labels(rows, contract), scores(model, rows)
    if model.kind == "linear":
        error = float(np.sqrt(np.mean((truth - score) ** 2)))
        metrics = {"rmse": error, "relative_error": error / (float(truth.std()) or 1.0)}
    else:
        safe = np.clip(score, 1e-12, 1.0 - 1e-12)
        loss = -float(np.mean(truth * np.log(safe) + (1.0 - truth) * np.log(1.0 - safe)))
        hit = (score >= model.threshold) == (truth > 0.5)
        flagged = score >= model.threshold
        metrics = {
            "auc": auc(truth, score),
            "log_loss": loss,
            "accuracy": float(hit.mean()),
            "precision": float(truth[flagged].mean()) if flagged.any() else 0.0,
            "recall": float(flagged[truth > 0.5].mean()) if (truth > 0.5).any() else 0.0,
            "calibration": float(score.mean() - truth.mean()),
        }
    return {name: round(value, 6) for name, value in {**metrics, "rows": float(len(rows))}.items()}
