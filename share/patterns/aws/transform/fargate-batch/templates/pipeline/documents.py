"""Documents to vectors in a nightly task: parse, cut, embed with the local model, index."""

from __future__ import annotations

from dataclasses import asdict

from common.embedding import open_embedder
from common.objects import open_store
from common.settings import port_uri
from common.vectors import open_vectors
from pipelines.context import Context, Result
from pipelines.steps.documents import DOCUMENTS, check_recall, index_keys, land_folder


def run(ctx: Context) -> Result:
    """Index all documents, then ask the evaluation questions."""
    raw = open_store(port_uri("obj_raw"))
    land_folder(raw, ctx.sample / "documents")
    indexed = index_keys(raw, open_vectors(), open_embedder(), list(raw.list(DOCUMENTS)))
    share = check_recall(open_vectors(), open_embedder(), ctx.sample / "questions.json")
    return Result("transform", {**asdict(indexed), "recall": share})
