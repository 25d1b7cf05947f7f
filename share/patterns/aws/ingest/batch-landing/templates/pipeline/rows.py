"""Pull: what is new at the source goes to the raw zone, once, in passes of bounded size."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from common.aws import secret
from common.contract import load_contract
from common.objects import LocalStore, ObjectStore, open_store
from common.settings import env, env_int, port_uri
from pipelines.context import Context, Result
from pipelines.steps.land import Landed, land_files


def land(source: ObjectStore) -> Landed:
    """Land at most FILES_PER_RUN new files of the source."""
    raw = open_store(port_uri("obj_raw"))
    return land_files(source, raw, load_contract(), env_int("FILES_PER_RUN", 1000, 1))


def run(ctx: Context) -> Result:
    """Land the bundled files, twice: the second pass finds nothing new."""
    first = land(LocalStore(ctx.sample / "rows"))
    again = land(LocalStore(ctx.sample / "rows"))
    return Result("ingest", {**asdict(first), "landed_again": again.files})


def handle(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """One pass of the workflow, which calls again while `more`."""
    source = secret(env("SOURCE_SECRET_ARN"))
    return asdict(land(open_store(source["uri"])))
