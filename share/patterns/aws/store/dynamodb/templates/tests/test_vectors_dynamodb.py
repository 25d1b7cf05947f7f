"""Chunks as items, against a table in memory."""

from collections.abc import Iterator
from typing import Any

from common.vectors import Chunk
from common.vectors_dynamodb import DynamoVectors


class Pages:
    def __init__(self, table: "Table", name: str) -> None:
        self.table = table
        self.name = name

    def paginate(self, **query: Any) -> Iterator[dict[str, Any]]:
        items = list(self.table.items.values())
        if self.name == "query":
            source = query["ExpressionAttributeValues"][":s"]["S"]
            items = [item for item in items if item["source"]["S"] == source]
        for start in range(0, len(items), 2):
            page = items[start : start + 2]
            yield {"Items": page, "Count": len(page)}


class Table:
    """As much of the client as the adapter uses; each call leaves one request undone."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    def get_paginator(self, name: str) -> Pages:
        return Pages(self, name)

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, requests),) = RequestItems.items()
        assert len(requests) <= 25
        last = requests[-1:] if len(requests) > 1 else []
        for request in requests[: len(requests) - len(last)]:
            if "PutRequest" in request:
                item = request["PutRequest"]["Item"]
                self.items[item["source"]["S"], item["position"]["N"]] = item
            else:
                key = request["DeleteRequest"]["Key"]
                del self.items[key["source"]["S"], key["position"]["N"]]
        return {"UnprocessedItems": {table: last} if last else {}}


def test_a_document_replaces_its_chunks_and_is_found() -> None:
    index = DynamoVectors("t", Table())
    three = [Chunk(str(n), "a", n, f"text {n}") for n in range(3)]
    index.replace("a", three, [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    assert index.count() == 3
    hits = index.search([0.0, 1.0], 2)
    assert [hit.chunk.position for hit in hits] == [1, 2]
    index.replace("a", three[:1], [[1.0, 0.0]])
    assert index.count() == 1
