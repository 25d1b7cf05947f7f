"""Vectors beside their text on DynamoDB: `dynamodb://table`, searched exactly in memory."""

from __future__ import annotations

from array import array
from typing import Any
from urllib.parse import urlsplit

from common import aws
from common.vectors import Chunk, Hit

BATCH = 25


class DynamoVectors:
    """One partition for each source; a search reads the table, so it suits small corpora."""

    def __init__(self, table: str, client: Any = None) -> None:
        self.table = table
        self.client = client if client is not None else aws.client("dynamodb")

    def _write(self, requests: list[dict[str, Any]]) -> None:
        for start in range(0, len(requests), BATCH):
            pending: dict[str, Any] = {self.table: requests[start : start + BATCH]}
            while pending:
                pending = self.client.batch_write_item(RequestItems=pending)["UnprocessedItems"]

    def _positions(self, source: str) -> list[str]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#s = :s",
            ExpressionAttributeNames={"#s": "source", "#p": "position"},
            ExpressionAttributeValues={":s": {"S": source}},
            ProjectionExpression="#p",
        )
        return [str(item["position"]["N"]) for page in pages for item in page["Items"]]

    def replace(self, source: str, chunks: list[Chunk], vectors: list[list[float]]) -> None:
        old = set(self._positions(source)) - {str(chunk.position) for chunk in chunks}
        puts = [
            {
                "PutRequest": {
                    "Item": {
                        "source": {"S": chunk.source},
                        "position": {"N": str(chunk.position)},
                        "id": {"S": chunk.id},
                        "text": {"S": chunk.text},
                        "vector": {"B": array("f", vector).tobytes()},
                    }
                }
            }
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
        deletes = [
            {"DeleteRequest": {"Key": {"source": {"S": source}, "position": {"N": position}}}}
            for position in sorted(old)
        ]
        self._write(puts + deletes)

    def search(self, vector: list[float], limit: int) -> list[Hit]:
        hits: list[Hit] = []
        for page in self.client.get_paginator("scan").paginate(TableName=self.table):
            for item in page["Items"]:
                stored = array("f")
                stored.frombytes(bytes(item["vector"]["B"]))
                score = sum(a * b for a, b in zip(vector, stored, strict=True))
                place = int(item["position"]["N"])
                chunk = Chunk(item["id"]["S"], item["source"]["S"], place, item["text"]["S"])
                hits.append(Hit(chunk, score))
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.id))[:limit]

    def count(self) -> int:
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, Select="COUNT")
        return sum(int(page["Count"]) for page in pages)


def connect(uri: str, _variables: str) -> DynamoVectors:
    """Open the table that the URI names; the workload's role is all that access needs."""
    return DynamoVectors(urlsplit(uri).netloc)
