"""The statements on Aurora, against a connection that records them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.vectors import Chunk
from common.vectors_aurora import AuroraVectors, row_id


class Recorder:
    """Connection and cursor in one."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.rows: list[tuple[Any, ...]] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.log.append("begin")
        yield
        self.log.append("commit")

    @contextmanager
    def cursor(self) -> Iterator["Recorder"]:
        yield self

    def execute(self, text: str, values: tuple[Any, ...] = ()) -> None:
        self.log.append(f"{text.split(maxsplit=1)[0]} {len(values)}")

    def executemany(self, text: str, rows: list[tuple[Any, ...]]) -> None:
        self.log.append(f"{text.split(maxsplit=1)[0]} x{len(rows)}")

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows

    def fetchone(self) -> tuple[Any, ...]:
        return (len(self.rows),)


def test_a_document_is_replaced_in_one_transaction() -> None:
    connection = Recorder()
    index = AuroraVectors(connection, 2)
    assert connection.log == ["begin", "create 0", "commit"]
    connection.log.clear()
    index.replace("a", [Chunk("1", "a", 0, "x")], [[0.5, 0.25]])
    assert connection.log == ["begin", "delete 1", "insert x1", "commit"]


def test_a_search_returns_chunks_with_scores() -> None:
    connection = Recorder()
    index = AuroraVectors(connection, 2)
    connection.rows = [("1", "s3://raw/documents/a.md", 0, "x", 0.75)]
    hits = index.search([1.0, 0.0], 3)
    assert [(hit.chunk.source, hit.score) for hit in hits] == [("s3://raw/documents/a.md", 0.75)]
    assert index.count() == 1


def test_a_row_is_named_by_its_chunk() -> None:
    one, other = Chunk("1", "a", 0, "x"), Chunk("2", "a", 1, "x")
    assert row_id(one) == row_id(Chunk("1", "b", 5, "y"))
    assert row_id(one) != row_id(other)
