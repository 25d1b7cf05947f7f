"""The knowledge base indexes in the cloud; here is what makes its table, and a local stand-in."""

from __future__ import annotations

from dataclasses import asdict

from common.embedding import open_embedder
from common.objects import open_store
from common.settings import port_uri
from common.vectors import open_vectors
from pipelines.context import Context, Result
from pipelines.steps.documents import DOCUMENTS, check_recall, index_keys, land_folder


def run(ctx: Context) -> Result:
    """Index all documents as the knowledge base would, then ask the evaluation questions."""
    raw = open_store(port_uri("obj_raw"))
    land_folder(raw, ctx.sample / "documents")
    indexed = index_keys(raw, open_vectors(), open_embedder(), list(raw.list(DOCUMENTS)))
    share = check_recall(open_vectors(), open_embedder(), ctx.sample / "questions.json")
    return Result("transform", {**asdict(indexed), "recall": share})


def handle(_event: object, _context: object) -> dict[str, int]:
    """Make the table and its indexes, before the knowledge base looks for them."""
    return {"chunks": open_vectors().count()}
