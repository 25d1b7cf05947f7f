"""Vector search: a local SQLite file, or the adapter of the provisioned store."""

from __future__ import annotations

import importlib
import sqlite3
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

from common.settings import port_uri


@dataclass(frozen=True)
class Chunk:
    """A piece of a document; `id` is derived from its content, so indexing twice is harmless."""

    id: str
    source: str
    position: int
    text: str


@dataclass(frozen=True)
class Hit:
    """A chunk that a search found, with its cosine similarity."""

    chunk: Chunk
    score: float


class VectorIndex(Protocol):
    """Replaces all chunks of a source at once; searches by cosine similarity."""

    def replace(self, source: str, chunks: list[Chunk], vectors: list[list[float]]) -> None: ...

    def search(self, vector: list[float], limit: int) -> list[Hit]: ...

    def count(self) -> int: ...


class LocalVectors:
    """Exact search over a SQLite file: right for sample data, tests and small corpora."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, timeout=10.0, check_same_thread=False)
        self.db.execute(
            "create table if not exists chunk (id text primary key, source text not null, "
            "position integer not null, text text not null, vector blob not null)"
        )
        self.db.execute("create index if not exists chunk_source on chunk (source)")

    def close(self) -> None:
        self.db.close()

    def replace(self, source: str, chunks: list[Chunk], vectors: list[list[float]]) -> None:
        rows = [
            (chunk.id, chunk.source, chunk.position, chunk.text, array("f", vector).tobytes())
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        with self.db:
            self.db.execute("delete from chunk where source = ?", (source,))
            self.db.executemany("insert or replace into chunk values (?, ?, ?, ?, ?)", rows)

    def search(self, vector: list[float], limit: int) -> list[Hit]:
        hits: list[Hit] = []
        for row in self.db.execute("select id, source, position, text, vector from chunk"):
            stored = array("f")
            stored.frombytes(row[4])
            score = sum(a * b for a, b in zip(vector, stored, strict=True))
            hits.append(Hit(Chunk(row[0], row[1], row[2], row[3]), score))
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))[:limit]

    def count(self) -> int:
        return int(self.db.execute("select count(*) from chunk").fetchone()[0])


def open_vectors(port: str = "vec") -> VectorIndex:
    """Open the index behind a port; a scheme other than `file` names `common.vectors_<scheme>`."""
    uri = port_uri(port)
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        return LocalVectors(Path(uri.removeprefix("file://")) / "chunks.sqlite")
    adapter = importlib.import_module(f"common.vectors_{scheme}")
    return cast("VectorIndex", adapter.connect(uri, port.replace(".", "_").upper()))
