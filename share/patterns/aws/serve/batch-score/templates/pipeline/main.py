"""Offline scoring: every curated row gets the production model's score, in shards."""

from __future__ import annotations

import zlib

from common.contract import Contract, load_contract
from common.errors import NotFoundError
from common.model import Model
from common.objects import open_store
from common.records import Row, read_dataset, write_dataset
from common.registry import open_registry
from common.settings import env_int, port_uri
from common.tabular import build_features, curated_rows
from pipelines.context import Context, Result


def feature_rows(contract: Contract) -> list[Row]:
    """Features as stored, else computed from the curated rows."""
    try:
        return read_dataset(open_store(port_uri("feat_offline")), contract.dataset)
    except NotFoundError:
        curated = curated_rows(open_store(port_uri("obj_curated")), contract)
        return build_features(curated, contract)[0]


def in_shard(row: Row, contract: Contract, shard: int, shards: int) -> bool:
    """Whether this shard scores the row; each row belongs to exactly one."""
    return zlib.crc32(str(row[contract.key]).encode()) % shards == shard


def score_rows(rows: list[Row], contract: Contract, model: Model, version: str) -> list[Row]:
    """One result for each row, with the version that gave it."""
    scored: list[Row] = []
    for row in rows:
        features = {
            name: float(value)
            for name, value in row.items()
            if name in model.features and isinstance(value, (int, float))
        }
        score = model.score(features)
        scored.append(
            {
                contract.key: row[contract.key],
                "score": round(score, 9),
                "flagged": score >= model.threshold,
                "model_version": version,
            }
        )
    return scored


def run(ctx: Context) -> Result:
    """Score one shard with the production model and store the results with their origin."""
    contract, registry = load_contract(), open_registry()
    entry = registry.current(contract.dataset)
    if entry is None:
        raise NotFoundError(f"no production version of {contract.dataset!r}: train one first")
    shard = env_int("SHARD", env_int("AWS_BATCH_JOB_ARRAY_INDEX", 0))
    shards = env_int("SHARDS", 1, 1)
    rows = [row for row in feature_rows(contract) if in_shard(row, contract, shard, shards)]
    scored = score_rows(rows, contract, registry.load(entry), entry.version)
    manifest = write_dataset(
        open_store(port_uri("ep_batch")),
        contract.dataset,
        scored,
        part=f"part-{shard:05}.jsonl",
        made_from={"model": entry.sha256, "data": ctx.info.data_hash},
    )
    return Result("score", {"rows": manifest.rows, "version": entry.version})
