"""The statements of the key-value table, against a connection that records them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.keyvalue_postgres import PostgresKeyValue


class Recorder:
    """Connection and cursor in one."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.rows: list[tuple[Any, ...]] = []
        self.rowcount = 0

    @contextmanager
    def cursor(self) -> Iterator["Recorder"]:
        yield self

    def execute(self, text: str, values: tuple[Any, ...] = ()) -> None:
        self.calls.append((text, values))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows


def test_values_travel_as_parameters_only() -> None:
    connection = Recorder()
    store = PostgresKeyValue(connection)
    connection.rows = [("k", {"n": 1})]
    assert store.get("k") == {"n": 1}
    store.put("'; drop table item; --", {"n": 1}, 60)
    text, values = connection.calls[-1]
    assert "drop" not in text
    assert values == ("'; drop table item; --", '{"n": 1}', 60)
    store.delete("k")
    assert connection.calls[-1][1] == ("k",)


def test_only_the_first_writer_wins() -> None:
    connection = Recorder()
    store = PostgresKeyValue(connection)
    connection.rowcount = 1
    assert store.put_if_absent("k", {"n": 1})
    connection.rowcount = 0
    assert not store.put_if_absent("k", {"n": 2})
