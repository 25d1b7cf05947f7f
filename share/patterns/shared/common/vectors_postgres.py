"""Vector search on PostgreSQL with pgvector: `postgres://host:port/database`."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import urlsplit

from common.aws import secret
from common.embedding import open_embedder
from common.settings import env
from common.vectors import Chunk, Hit

SCHEMA = """
create extension if not exists vector;
create table if not exists chunk (
    id text primary key,
    source text not null,
    position integer not null,
    text text not null,
    embedding vector({dimension}) not null
);
create index if not exists chunk_source on chunk (source);
create index if not exists chunk_embedding on chunk using hnsw (embedding vector_cosine_ops);
"""


def literal(vector: list[float]) -> str:
    """Return a vector as pgvector reads it."""
    return "[" + ",".join(format(value, ".8g") for value in vector) + "]"


class PostgresVectors:
    """One table with an HNSW index; a document's chunks are replaced in one transaction."""

    def __init__(self, connection: Any, dimension: int) -> None:
        self.connection = connection
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(SCHEMA.format(dimension=int(dimension)))

    def replace(self, source: str, chunks: list[Chunk], vectors: list[list[float]]) -> None:
        rows = [
            (chunk.id, chunk.source, chunk.position, chunk.text, literal(vector))
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("delete from chunk where source = %s", (source,))
            cursor.executemany(
                "insert into chunk values (%s, %s, %s, %s, %s) on conflict (id) do nothing", rows
            )

    def search(self, vector: list[float], limit: int) -> list[Hit]:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "select id, source, position, text, 1 - (embedding <=> %s::vector) as score "
                "from chunk order by embedding <=> %s::vector, id limit %s",
                (literal(vector), literal(vector), limit),
            )
            return [Hit(Chunk(r[0], r[1], r[2], r[3]), float(r[4])) for r in cursor.fetchall()]

    def count(self) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute("select count(*) from chunk")
            return int(cursor.fetchone()[0])


def session(uri: str, variables: str) -> Any:
    """Connect over TLS with the user and password of the port's secret."""
    parts = urlsplit(uri)
    keys = secret(env(f"{variables}_SECRET_ARN"))
    psycopg: Any = importlib.import_module("psycopg")
    return psycopg.connect(
        host=parts.hostname,
        port=parts.port or 5432,
        dbname=parts.path.lstrip("/"),
        user=keys["username"],
        password=keys["password"],
        sslmode="require",
        connect_timeout=5,
        autocommit=True,
    )


def connect(uri: str, variables: str) -> PostgresVectors:
    """Open the table behind a port."""
    return PostgresVectors(session(uri, variables), open_embedder().dimension)
