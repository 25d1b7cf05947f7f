"""Key-value storage on DynamoDB: `dynamodb://table`; key `pk`, time to live `expires`."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from common import aws
from common.records import Row, Value

BATCH = 100


def encode(value: Value) -> dict[str, Any]:
    """Return a value in DynamoDB's wire form."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": format(Decimal(repr(value)), "f")}
    return {"S": value}


def decode(value: dict[str, Any]) -> Value:
    """Return the Python value of DynamoDB's wire form."""
    if "N" in value:
        number = Decimal(value["N"])
        return int(number) if number == number.to_integral_value() else float(number)
    if "BOOL" in value:
        return bool(value["BOOL"])
    return None if "NULL" in value else str(value["S"])


class DynamoKeyValue:
    """One table; reads are eventually consistent, conditional writes are atomic."""

    def __init__(self, table: str, client: Any = None) -> None:
        self.table = table
        self.client = client if client is not None else aws.client("dynamodb")

    def _item(self, key: str, item: Row, ttl_s: int | None) -> dict[str, Any]:
        wire = {name: encode(value) for name, value in item.items()}
        wire["pk"] = {"S": key}
        if ttl_s is not None:
            wire["expires"] = {"N": str(int(time.time()) + ttl_s)}
        return wire

    def _row(self, wire: dict[str, Any]) -> Row | None:
        expires = wire.get("expires")
        if expires is not None and int(expires["N"]) <= time.time():
            return None
        return {k: decode(v) for k, v in wire.items() if k not in ("pk", "expires")}

    def get(self, key: str) -> Row | None:
        return self.get_many([key]).get(key)

    def get_many(self, keys: list[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        unique = sorted(set(keys))
        for start in range(0, len(unique), BATCH):
            wanted: dict[str, Any] = {
                self.table: {"Keys": [{"pk": {"S": key}} for key in unique[start : start + BATCH]]}
            }
            while wanted:
                answer = self.client.batch_get_item(RequestItems=wanted)
                for wire in answer["Responses"].get(self.table, []):
                    row = self._row(wire)
                    if row is not None:
                        found[wire["pk"]["S"]] = row
                wanted = answer.get("UnprocessedKeys") or {}
        return found

    def put(self, key: str, item: Row, ttl_s: int | None = None) -> None:
        self.client.put_item(TableName=self.table, Item=self._item(key, item, ttl_s))

    def put_if_absent(self, key: str, item: Row, ttl_s: int | None = None) -> bool:
        try:
            self.client.put_item(
                TableName=self.table,
                Item=self._item(key, item, ttl_s),
                ConditionExpression="attribute_not_exists(pk) OR expires <= :now",
                ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def delete(self, key: str) -> None:
        self.client.delete_item(TableName=self.table, Key={"pk": {"S": key}})


def connect(uri: str, _variables: str) -> DynamoKeyValue:
    """Open the table that the URI names; the workload's role is all that access needs."""
    return DynamoKeyValue(urlsplit(uri).netloc)
