"""Documents to vectors: parse, cut, embed, index; each document replaces its own chunks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from common.deliveries import PoisonError, batch_failures
from common.embedding import open_embedder
from common.objects import open_store
from common.settings import port_uri
from common.vectors import open_vectors
from pipelines.context import Context, Result
from pipelines.steps.documents import DOCUMENTS, Indexed, check_recall, index_keys, land_folder
from pipelines.steps.queue import s3_keys, sqs_messages


def index(keys: list[str]) -> Indexed:
    """Index documents of the raw zone."""
    raw = open_store(port_uri("obj_raw"))
    return index_keys(raw, open_vectors(), open_embedder(), keys)


def run(ctx: Context) -> Result:
    """Index all documents, then ask the evaluation questions."""
    raw = open_store(port_uri("obj_raw"))
    land_folder(raw, ctx.sample / "documents")
    indexed = index(list(raw.list(DOCUMENTS)))
    share = check_recall(open_vectors(), open_embedder(), ctx.sample / "questions.json")
    return Result("transform", {**asdict(indexed), "recall": share})


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch of the queue, or the nightly order to index everything again."""
    if event.get("action") == "reindex":
        raw = open_store(port_uri("obj_raw"))
        return asdict(index(list(raw.list(DOCUMENTS))))
    failed: list[str] = []
    for message in sqs_messages(event):
        try:
            refused = index(s3_keys(message.body)).refused
        except (PoisonError, OSError):
            refused = [message.id]
        if refused:
            failed.append(message.id)
    return batch_failures(failed)
