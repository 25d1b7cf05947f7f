"""Key-value storage on PostgreSQL: `postgres://host:port/database`, table `item`."""

from __future__ import annotations

import importlib
import json
from typing import Any
from urllib.parse import urlsplit

from common.aws import secret
from common.records import Row
from common.settings import env

SCHEMA = """
create table if not exists item (
    key text primary key,
    value jsonb not null,
    expires timestamptz
);
create index if not exists item_expires on item (expires) where expires is not null;
"""
LATER = "now() + make_interval(secs => %s)"


class PostgresKeyValue:
    """One table; an expired item counts as absent."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        with connection.cursor() as cursor:
            cursor.execute(SCHEMA)

    def get(self, key: str) -> Row | None:
        return self.get_many([key]).get(key)

    def get_many(self, keys: list[str]) -> dict[str, Row]:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "select key, value from item "
                "where key = any(%s) and (expires is null or expires > now())",
                (keys,),
            )
            return {str(key): value for key, value in cursor.fetchall()}

    def put(self, key: str, item: Row, ttl_s: int | None = None) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"insert into item values (%s, %s::jsonb, {LATER}) on conflict (key) "  # noqa: S608
                "do update set value = excluded.value, expires = excluded.expires",
                (key, json.dumps(item), ttl_s),
            )

    def put_if_absent(self, key: str, item: Row, ttl_s: int | None = None) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"insert into item values (%s, %s::jsonb, {LATER}) on conflict (key) "  # noqa: S608
                "do update set value = excluded.value, expires = excluded.expires "
                "where item.expires <= now()",
                (key, json.dumps(item), ttl_s),
            )
            return bool(cursor.rowcount == 1)

    def delete(self, key: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("delete from item where key = %s", (key,))


def connect(uri: str, variables: str) -> PostgresKeyValue:
    """Connect over TLS with the user and password of the port's secret."""
    parts = urlsplit(uri)
    keys = secret(env(f"{variables}_SECRET_ARN"))
    psycopg: Any = importlib.import_module("psycopg")
    return PostgresKeyValue(
        psycopg.connect(
            host=parts.hostname,
            port=parts.port or 5432,
            dbname=parts.path.lstrip("/"),
            user=keys["username"],
            password=keys["password"],
            sslmode="require",
            connect_timeout=5,
            autocommit=True,
        )
    )
