"""Training: reads the training set, resumes a lost run, registers what passes its gate."""

from __future__ import annotations

from common.contract import load_contract
from common.registry import open_registry
from pipelines.context import Context, Result
from pipelines.steps.train import train_and_register


def run(ctx: Context) -> Result:
    """Train, evaluate on later data, register and promote."""
    entry = train_and_register(load_contract(), ctx.info, open_registry())
    facts = {"model": entry.model, "version": entry.version, "metrics": entry.metrics}
    return Result("train", {**facts, "data_hash": entry.data_hash, "approved": entry.approved})
