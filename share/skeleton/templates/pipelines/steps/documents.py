"""Documents: land, index and check that questions find their source again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.documents import Chunking, index_document, recall
from common.embedding import Embedder
from common.errors import InvalidInputError
from common.objects import ObjectStore
from common.records import digest
from common.settings import env_float, env_int
from common.vectors import VectorIndex

DOCUMENTS = "documents/"
MAX_BYTES = 20_000_000
MIN_RECALL = 0.8
HITS = 5


class RecallError(RuntimeError):
    """Too many questions do not find their source."""


@dataclass(frozen=True)
class Indexed:
    """What was indexed and what could not be read."""

    documents: int
    chunks: int
    refused: list[str]


def chunking() -> Chunking:
    """Return the sizes of chunks: CHUNK_TOKENS, at three quarters of a word a token."""
    words = max(20, env_int("CHUNK_TOKENS", 160, 40) * 3 // 4)
    return Chunking(words, words // 5)


def land_document(raw: ObjectStore, name: str, data: bytes) -> bool:
    """Store a document unless it is there already; False when nothing changed."""
    if not data or len(data) > MAX_BYTES:
        raise InvalidInputError(f"{name}: empty or larger than {MAX_BYTES} bytes")
    key = DOCUMENTS + name
    if raw.exists(key) and digest(raw.get(key)) == digest(data):
        return False
    raw.put(key, data)
    return True


def land_folder(raw: ObjectStore, folder: Path) -> int:
    """Land all files of a folder; the count of those that were new or changed."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sum(land_document(raw, n.as_posix(), (folder / n).read_bytes()) for n in names)


def index_keys(
    raw: ObjectStore, index: VectorIndex, embedder: Embedder, keys: Iterable[str]
) -> Indexed:
    """Index documents by key; one that cannot be read is named and does not stop the others."""
    documents = chunks = 0
    refused: list[str] = []
    for key in keys:
        source = key.removeprefix(DOCUMENTS)
        try:
            chunks += index_document(index, embedder, source, raw.get(key), chunking())
            documents += 1
        except ValueError:
            refused.append(source)
    return Indexed(documents, chunks, refused)


def check_recall(index: VectorIndex, embedder: Embedder, questions: Path) -> float:
    """Return the share of evaluation questions that find their source, or raise RecallError."""
    pairs = [(q["question"], q["source"]) for q in json.loads(questions.read_text("utf-8"))]
    share = recall(index, embedder, pairs, HITS)
    least = env_float("MIN_RECALL", MIN_RECALL)
    if share < least:
        raise RecallError(f"recall at {HITS} is {share:.2f}, needed {least:.2f}")
    return share
