"""Training: from a stored training set to a registered, judged and perhaps promoted model."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from common.contract import Contract
from common.errors import NotFoundError
from common.model import Model
from common.objects import ObjectStore, open_store
from common.records import digest, dump_json, dump_rows, read_dataset
from common.registry import Registry, Version
from common.runinfo import RunInfo
from common.settings import env, env_float, env_int, port_uri
from common.training import GateError, Options, Progress, evaluate, fit, gate_for
from pipelines.steps.features import TrainingSet, build_training_set, write_training_set

log = logging.getLogger(__name__)

MIN_QUALITY = 0.7


def read_training_set(store: ObjectStore, contract: Contract) -> TrainingSet | None:
    """Read a stored training set, or None when there is none."""
    try:
        train = read_dataset(store, f"{contract.dataset}/train")
        test = read_dataset(store, f"{contract.dataset}/test")
    except NotFoundError:
        return None
    return TrainingSet(train, test, digest(dump_rows(train) + dump_rows(test)))


def code_version(info: RunInfo) -> str:
    """Return the version of the code; without one, the hash of the code itself."""
    if info.code_version != "local":
        return info.code_version
    root = Path(__file__).parents[2]
    files = sorted([*(root / "common").rglob("*.py"), *(root / "pipelines").rglob("*.py")])
    return digest(b"".join(path.read_bytes() for path in files))[:12]


def training_set(contract: Contract) -> TrainingSet:
    """Return the plan's training set: prepared, from the feature history, or from curated rows."""
    prepared = open_store(port_uri("ds_train"))
    found = read_training_set(prepared, contract)
    if found is not None:
        return found
    try:
        rows = read_dataset(open_store(port_uri("feat_offline")), contract.dataset)
    except NotFoundError:
        return build_training_set(open_store(port_uri("obj_curated")), prepared, contract)
    return write_training_set(prepared, rows, contract)


class Checkpoints:
    """One checkpoint for each training set; a machine that is taken away loses one epoch."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        self.store = store
        self.key = f"{name}.json"

    def load(self) -> Progress | None:
        """Return the last state, or None at the first start."""
        if not self.store.exists(self.key):
            return None
        return Progress(**json.loads(self.store.get(self.key)))

    def save(self, progress: Progress) -> None:
        """Replace the last state."""
        self.store.put(self.key, dump_json(asdict(progress)))

    def clear(self) -> None:
        """Forget the state of a finished run."""
        self.store.delete(self.key)


def train_and_register(contract: Contract, info: RunInfo, registry: Registry) -> Version:
    """Train, evaluate on later data, register; promote when the gate is passed and AUTO_PROMOTE."""
    data = training_set(contract)
    options = Options(seed=info.seed, epochs=env_int("EPOCHS", 60, 1))
    saved = Checkpoints(
        open_store(env("CHECKPOINT_URI", port_uri("checkpoints"))),
        f"{contract.dataset}/{data.sha256[:16]}-{options.seed}-{options.epochs}",
    )
    model = fit(data.train, contract, options, resume=saved.load(), checkpoint=saved.save)
    metrics = evaluate(model, data.test, contract)
    entry = judge(contract, registry, model, data=data, metrics=metrics, info=info)
    registry.register(entry, model)
    saved.clear()
    if not entry.approved:
        raise GateError(f"{entry.model} {entry.version} is registered, but not good enough")
    if env("AUTO_PROMOTE", "true") == "true":
        registry.promote(entry)
    return entry


def judge(
    contract: Contract,
    registry: Registry,
    model: Model,
    *,
    data: TrainingSet,
    metrics: dict[str, float],
    info: RunInfo,
) -> Version:
    """Compare with the bound and with production on the same rows; the entry says who won."""
    content = digest(model.dump())
    version = content[:12]
    current = registry.current(contract.dataset)
    production = None
    if current is not None and current.version != version:
        old = registry.load(current)
        if set(old.features) <= set(model.features):
            production = evaluate(old, data.test, contract)
    approved = True
    try:
        gate_for(contract, env_float("MIN_QUALITY", MIN_QUALITY)).check(metrics, production)
    except GateError as problem:
        log.warning("gate", extra={"model": contract.dataset, "reason": str(problem)})
        approved = False
    return Version(
        model=contract.dataset,
        version=version,
        artifact=f"{contract.dataset}/{version}/model.json",
        sha256=content,
        metrics=metrics,
        data_hash=data.sha256,
        code_version=code_version(info),
        approved=approved,
        lineage={"seed": str(info.seed), "train_rows": str(len(data.train))},
    )
