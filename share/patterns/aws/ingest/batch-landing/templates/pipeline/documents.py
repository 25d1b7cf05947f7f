"""Pull: new and changed documents of the source go to the raw zone."""

from __future__ import annotations

from typing import Any

from common.aws import secret
from common.objects import LocalStore, ObjectStore, open_store
from common.settings import env, env_int, port_uri
from pipelines.context import Context, Result
from pipelines.steps.documents import land_document


def land(source: ObjectStore) -> dict[str, Any]:
    """Land at most FILES_PER_RUN documents that are new or changed."""
    raw = open_store(port_uri("obj_raw"))
    limit = env_int("FILES_PER_RUN", 1000, 1)
    landed = 0
    for name in source.list():
        if landed == limit:
            return {"landed": landed, "more": True}
        landed += land_document(raw, name, source.get(name))
    return {"landed": landed, "more": False}


def run(ctx: Context) -> Result:
    """Land the bundled documents, twice: the second pass finds nothing new."""
    first = land(LocalStore(ctx.sample / "documents"))
    again = land(LocalStore(ctx.sample / "documents"))
    return Result("ingest", {**first, "landed_again": again["landed"]})


def handle(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """One pass of the workflow, which calls again while `more`."""
    source = secret(env("SOURCE_SECRET_ARN"))
    return land(open_store(source["uri"]))
