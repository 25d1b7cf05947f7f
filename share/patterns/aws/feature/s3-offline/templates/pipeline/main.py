"""The feature history: each event's features as they were at its time."""

from __future__ import annotations

from common.contract import load_contract
from common.objects import open_store
from common.records import read_dataset
from common.settings import port_uri
from pipelines.context import Context, Result
from pipelines.steps.features import build_view, write_training_set


def run(_ctx: Context) -> Result:
    """Compute the view and make the training set from it."""
    contract = load_contract()
    offline = open_store(port_uri("feat_offline"))
    view = build_view(open_store(port_uri("obj_curated")), offline, contract)
    rows = read_dataset(offline, contract.dataset)
    data = write_training_set(open_store(port_uri("ds_train")), rows, contract)
    return Result("feature", {"rows": view.rows, "training_set": data.sha256})
