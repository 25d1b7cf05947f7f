"""The feature history: each event's features as they were at its time."""

from __future__ import annotations

from common.contract import Contract, load_contract
from common.objects import ObjectStore, open_store
from common.records import Manifest, read_dataset, write_dataset
from common.settings import port_uri
from common.tabular import build_features, curated_rows
from pipelines.context import Context, Result
from pipelines.steps.features import write_training_set


def build_view(curated: ObjectStore, offline: ObjectStore, contract: Contract) -> Manifest:
    """Compute the feature view of a dataset."""
    rows, _ = build_features(curated_rows(curated, contract), contract)
    return write_dataset(offline, contract.dataset, rows)


def run(_ctx: Context) -> Result:
    """Compute the view and make the training set from it."""
    contract = load_contract()
    offline = open_store(port_uri("feat_offline"))
    view = build_view(open_store(port_uri("obj_curated")), offline, contract)
    rows = read_dataset(offline, contract.dataset)
    data = write_training_set(open_store(port_uri("ds_train")), rows, contract)
    return Result("feature", {"rows": view.rows, "training_set": data.sha256})
