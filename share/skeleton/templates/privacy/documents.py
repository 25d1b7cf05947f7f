"""Documents and their passages in the search index: handed over, removed, expired."""

from __future__ import annotations

import re

from common.objects import open_store
from common.settings import port_uri
from common.vectors import open_vectors
from pipelines.steps.documents import DOCUMENTS


def find(subject: str) -> list[dict[str, object]]:
    """The document of that name, and those whose text has it as a word."""
    raw = open_store(port_uri("obj_raw"))
    word = re.compile(rf"(?<!\w){re.escape(subject)}(?!\w)", re.IGNORECASE)
    found: list[dict[str, object]] = []
    for key in raw.list(DOCUMENTS):
        text = raw.get(key).decode("utf-8", "replace")
        if key == DOCUMENTS + subject or word.search(text):
            found.append({"store": "obj_raw", "object": key, "text": text})
    return found


def _remove(key: str) -> None:
    """Remove a document, its passages first: what cannot be found must not be answered from."""
    open_vectors().replace(key.removeprefix(DOCUMENTS), [], [])
    open_store(port_uri("obj_raw")).delete(key)


def erase(subject: str) -> dict[str, int]:
    """Remove the document of that name; others that name the person are counted, for people."""
    keys = [str(one["object"]) for one in find(subject)]
    own = [key for key in keys if key == DOCUMENTS + subject]
    for key in own:
        _remove(key)
    counts = {"documents": len(own), "documents_to_correct": len(keys) - len(own)}
    return {what: count for what, count in counts.items() if count}


def expire(before: str) -> dict[str, int]:
    """Remove documents that were last stored before a day (YYYY-MM-DD)."""
    raw = open_store(port_uri("obj_raw"))
    old = [k for k in raw.list(DOCUMENTS) if raw.modified(k).date().isoformat() < before]
    for key in old:
        _remove(key)
    return {"documents": len(old)} if old else {}
