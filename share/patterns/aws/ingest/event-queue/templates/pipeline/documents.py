"""Uploads: documents go to the raw zone, which raises an event for each into the queue."""

from __future__ import annotations

from common.objects import open_store
from common.settings import port_uri
from pipelines.context import Context, Result
from pipelines.steps.documents import land_folder


def run(ctx: Context) -> Result:
    """Upload the bundled documents, twice: an unchanged document raises no second event."""
    raw = open_store(port_uri("obj_raw"))
    uploaded = land_folder(raw, ctx.sample / "documents")
    again = land_folder(raw, ctx.sample / "documents")
    return Result("ingest", {"uploaded": uploaded, "uploaded_again": again})
