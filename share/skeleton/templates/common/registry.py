"""Model registry on object storage: immutable versions, and stages that point at one of them."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict, dataclass, field
from typing import cast

from common.model import Model
from common.objects import ObjectStore, open_store
from common.records import digest, dump_json
from common.settings import env, port_uri

PRODUCTION = "production"


@dataclass(frozen=True)
class Version:
    """One registered model: where it lies, what it was made from and how it did."""

    model: str
    version: str
    artifact: str
    sha256: str
    metrics: dict[str, float]
    data_hash: str
    code_version: str
    approved: bool
    lineage: dict[str, str] = field(default_factory=dict)


class Registry:
    """Entries in one store, model files in another."""

    def __init__(self, entries: ObjectStore, artifacts: ObjectStore) -> None:
        self.entries = entries
        self.artifacts = artifacts

    def register(self, entry: Version, model: Model) -> Version:
        """Store a version; the same version with other content is refused."""
        data = model.dump()
        if digest(data) != entry.sha256:
            raise ValueError("the entry's hash is not the model's")
        key = f"{entry.model}/versions/{entry.version}.json"
        text = dump_json(asdict(entry))
        if self.entries.exists(key) and self.entries.get(key) != text:
            raise ValueError(f"{entry.model} {entry.version} exists with other content")
        self.artifacts.put(entry.artifact, data)
        self.entries.put(key, text)
        return entry

    def promote(self, entry: Version, stage: str = PRODUCTION) -> None:
        """Point a stage at a version; only an approved version may serve."""
        if not entry.approved:
            raise ValueError(f"{entry.model} {entry.version} did not pass its gate")
        self.entries.put(f"{entry.model}/stages/{stage}.json", dump_json(asdict(entry)))

    def current(self, model: str, stage: str = PRODUCTION) -> Version | None:
        """Return the version that a stage points at, or None."""
        key = f"{model}/stages/{stage}.json"
        if not self.entries.exists(key):
            return None
        return Version(**json.loads(self.entries.get(key)))

    def versions(self, model: str) -> list[Version]:
        """Return all versions of a model, by name."""
        keys = self.entries.list(f"{model}/versions/")
        return [Version(**json.loads(self.entries.get(key))) for key in keys]

    def load(self, entry: Version) -> Model:
        """Load a version's model and check it against the registered hash."""
        data = self.artifacts.get(entry.artifact)
        if digest(data) != entry.sha256:
            raise ValueError(f"{entry.model} {entry.version}: the file is not the registered one")
        return Model.load(data)


def open_registry() -> Registry:
    """Open the registry that the environment names, else the local one."""
    entries = open_store(port_uri("model_registry"))
    artifacts = open_store(port_uri("model_artifact"))
    backend = env("MODEL_REGISTRY_BACKEND", "s3")
    if backend == "s3":
        return Registry(entries, artifacts)
    adapter = importlib.import_module(f"common.registry_{backend}")
    return cast("Registry", adapter.connect(entries, artifacts))


def main(arguments: list[str]) -> int:
    """`list MODEL`, `promote MODEL VERSION`: going back is promoting an earlier version."""
    parser = argparse.ArgumentParser(prog="python -m common.registry")
    parser.add_argument("action", choices=["list", "promote"])
    parser.add_argument("model")
    parser.add_argument("version", nargs="?", default="")
    chosen = parser.parse_args(arguments)
    registry = open_registry()
    if chosen.action == "list":
        for entry in registry.versions(chosen.model):
            sys.stdout.write(f"{entry.version} approved={entry.approved} {entry.metrics}\n")
        return 0
    for entry in registry.versions(chosen.model):
        if entry.version == chosen.version:
            registry.load(entry)
            registry.promote(entry)
            return 0
    sys.stderr.write(f"no version {chosen.version!r} of {chosen.model!r}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
