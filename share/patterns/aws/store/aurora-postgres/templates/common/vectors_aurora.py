"""Vector search on Aurora PostgreSQL: `aurora://host:port/database`.

The table has the columns that a Bedrock knowledge base fills, so documents may come from
there or from our own programs; both kinds are found alike.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from common.embedding import open_embedder
from common.vectors import Chunk, Hit
from common.vectors_postgres import literal, session

SCHEMA = """
create extension if not exists vector;
create schema if not exists knowledge;
create table if not exists knowledge.chunk (
    id uuid primary key,
    embedding vector({dimension}) not null,
    text text not null,
    metadata json not null
);
create index if not exists chunk_embedding on knowledge.chunk
    using hnsw (embedding vector_cosine_ops) with (ef_construction = 256);
create index if not exists chunk_text on knowledge.chunk
    using gin (to_tsvector('simple', text));
create index if not exists chunk_source on knowledge.chunk ((metadata ->> 'source'));
"""

SEARCH = """
select id::text,
    coalesce(metadata ->> 'source', metadata ->> 'x-amz-bedrock-kb-source-uri', ''),
    coalesce((metadata ->> 'position')::integer, 0),
    text, 1 - (embedding <=> %s::vector)
from knowledge.chunk order by embedding <=> %s::vector, id limit %s
"""


def row_id(chunk: Chunk) -> str:
    """Return a UUID that depends on the chunk's own id only."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, chunk.id))


class AuroraVectors:
    """One table with an HNSW index; a document's chunks are replaced in one transaction."""

    def __init__(self, connection: Any, dimension: int) -> None:
        self.connection = connection
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(SCHEMA.format(dimension=int(dimension)))

    def replace(self, source: str, chunks: list[Chunk], vectors: list[list[float]]) -> None:
        rows = [
            (
                row_id(chunk),
                literal(vector),
                chunk.text,
                json.dumps({"source": chunk.source, "position": chunk.position}),
            )
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute(
                "delete from knowledge.chunk where metadata ->> 'source' = %s", (source,)
            )
            cursor.executemany(
                "insert into knowledge.chunk (id, embedding, text, metadata) "
                "values (%s, %s, %s, %s) on conflict (id) do nothing",
                rows,
            )

    def search(self, vector: list[float], limit: int) -> list[Hit]:
        with self.connection.cursor() as cursor:
            cursor.execute(SEARCH, (literal(vector), literal(vector), limit))
            return [Hit(Chunk(r[0], r[1], r[2], r[3]), float(r[4])) for r in cursor.fetchall()]

    def count(self) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute("select count(*) from knowledge.chunk")
            return int(cursor.fetchone()[0])


def connect(uri: str, variables: str) -> AuroraVectors:
    """Open the table behind a port, made if it is not there."""
    return AuroraVectors(session(uri, variables), open_embedder().dimension)
