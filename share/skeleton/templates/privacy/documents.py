"""Documents and their passages in the search index: handed over, removed, expired."""

from __future__ import annotations

from common.objects import open_store
from common.settings import port_uri
from common.vectors import open_vectors
from pipelines.steps.documents import DOCUMENTS


def find(name: str) -> list[dict[str, object]]:
    """The document of a name, as a list of one or none."""
    raw = open_store(port_uri("obj_raw"))
    if not raw.exists(DOCUMENTS + name):
        return []
    text = raw.get(DOCUMENTS + name).decode("utf-8", "replace")
    return [{"store": "obj_raw", "object": DOCUMENTS + name, "text": text}]


def erase(name: str) -> dict[str, int]:
    """Remove a document, its passages first: what cannot be found must not be answered from."""
    raw = open_store(port_uri("obj_raw"))
    if not raw.exists(DOCUMENTS + name):
        return {}
    open_vectors().replace(name, [], [])
    raw.delete(DOCUMENTS + name)
    return {"documents": 1}


def expire(before: str) -> dict[str, int]:
    """Remove documents that were last stored before a day (YYYY-MM-DD)."""
    raw = open_store(port_uri("obj_raw"))
    old = [k for k in raw.list(DOCUMENTS) if raw.modified(k).date().isoformat() < before]
    for key in old:
        erase(key.removeprefix(DOCUMENTS))
    return {"documents": len(old)} if old else {}
