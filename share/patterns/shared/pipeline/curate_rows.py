"""Raw rows become curated rows, and curated rows a training set."""

from __future__ import annotations

from dataclasses import asdict

from common.contract import load_contract
from common.objects import open_store
from common.settings import port_uri
from pipelines.context import Context, Result
from pipelines.steps.clean import clean_rows
from pipelines.steps.features import build_training_set


def run(_ctx: Context) -> Result:
    """Clean what has landed; the training set carries the hash of its content."""
    contract = load_contract()
    curated = open_store(port_uri("obj_curated"))
    cleaned = clean_rows(open_store(port_uri("obj_raw")), curated, contract)
    data = build_training_set(curated, open_store(port_uri("ds_train")), contract)
    facts = {"train": len(data.train), "test": len(data.test), "training_set": data.sha256}
    return Result("transform", {**asdict(cleaned), **facts})
