"""Key-value storage: a local SQLite file, or the adapter of the provisioned store."""

from __future__ import annotations

import importlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

from common.records import Row
from common.settings import port_uri


class KeyValue(Protocol):
    """Items are small flat objects; `put_if_absent` is atomic, which idempotency rests on."""

    def get(self, key: str) -> Row | None: ...

    def get_many(self, keys: list[str]) -> dict[str, Row]: ...

    def put(self, key: str, item: Row, ttl_s: int | None = None) -> None: ...

    def put_if_absent(self, key: str, item: Row, ttl_s: int | None = None) -> bool: ...

    def delete(self, key: str) -> None: ...


class LocalKeyValue:
    """A SQLite file; several processes may use it at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute(
            "create table if not exists item "
            "(key text primary key, value text not null, expires real) without rowid"
        )

    def close(self) -> None:
        self.db.close()

    def get(self, key: str) -> Row | None:
        return self.get_many([key]).get(key)

    def get_many(self, keys: list[str]) -> dict[str, Row]:
        now = time.time()
        found: dict[str, Row] = {}
        for key in keys:
            row = self.db.execute(
                "select value, expires from item where key = ?", (key,)
            ).fetchone()
            if row is not None and (row[1] is None or row[1] > now):
                found[key] = json.loads(row[0])
        return found

    def put(self, key: str, item: Row, ttl_s: int | None = None) -> None:
        expires = None if ttl_s is None else time.time() + ttl_s
        self.db.execute(
            "insert into item values (?, ?, ?) on conflict (key) do update "
            "set value = excluded.value, expires = excluded.expires",
            (key, json.dumps(item, sort_keys=True), expires),
        )

    def put_if_absent(self, key: str, item: Row, ttl_s: int | None = None) -> bool:
        now = time.time()
        expires = None if ttl_s is None else now + ttl_s
        cursor = self.db.execute(
            "insert into item values (?, ?, ?) on conflict (key) do update "
            "set value = excluded.value, expires = excluded.expires where item.expires <= ?",
            (key, json.dumps(item, sort_keys=True), expires, now),
        )
        return cursor.rowcount == 1

    def delete(self, key: str) -> None:
        self.db.execute("delete from item where key = ?", (key,))


def open_keyvalue(port: str) -> KeyValue:
    """Open the store behind a port; a scheme other than `file` names `common.keyvalue_<scheme>`."""
    uri = port_uri(port)
    scheme = urlsplit(uri).scheme
    if scheme == "file":
        return LocalKeyValue(Path(uri.removeprefix("file://")) / "items.sqlite")
    adapter = importlib.import_module(f"common.keyvalue_{scheme}")
    return cast("KeyValue", adapter.connect(uri, port.replace(".", "_").upper()))
