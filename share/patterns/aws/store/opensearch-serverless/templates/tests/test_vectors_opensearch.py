"""Requests to the collection, against an index in memory."""

import json
from typing import Any

import pytest

from common.vectors import Chunk
from common.vectors_opensearch import OpenSearchVectors


class Collection:
    """As much of the interface as the adapter uses."""

    def __init__(self) -> None:
        self.mapping: dict[str, Any] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.refuse = False

    def send(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path == "_bulk":
            return self._bulk([json.loads(line) for line in body.splitlines()])
        if path == "chunk" and method == "GET":
            return (200, self.mapping) if self.mapping else (404, {})
        if path == "chunk":
            self.mapping = json.loads(body)
            return 200, {}
        if path == "chunk/_count":
            return 200, {"count": len(self.documents)}
        return 200, {"hits": {"hits": self._search(json.loads(body))}}

    def _bulk(self, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        while lines:
            action = lines.pop(0)
            if "delete" in action:
                del self.documents[action["delete"]["_id"]]
            else:
                self.documents[f"auto-{len(self.documents)}-{len(lines)}"] = lines.pop(0)
        return 200, {"errors": self.refuse}

    def _search(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        if "term" in query["query"]:
            source = query["query"]["term"]["source"]
            return [{"_id": k} for k, d in self.documents.items() if d["source"] == source]
        vector = query["query"]["knn"]["embedding"]["vector"]
        hits = []
        for key, document in self.documents.items():
            fields = {name: document[name] for name in query["_source"]}
            score = 1.0 + sum(a * b for a, b in zip(vector, document["embedding"], strict=True))
            hits.append({"_id": key, "_score": score, "_source": fields})
        return sorted(hits, key=lambda hit: -float(str(hit["_score"])))[: query["size"]]


def test_a_document_replaces_its_chunks_and_is_found() -> None:
    collection = Collection()
    index = OpenSearchVectors(collection, "chunk", 2)
    fields = collection.mapping["mappings"]["properties"]
    assert fields["embedding"]["dimension"] == 2
    index.replace("a", [Chunk("1", "a", 0, "x"), Chunk("2", "a", 1, "y")], [[1, 0], [0, 1]])
    index.replace("b", [Chunk("3", "b", 0, "z")], [[0.5, 0.5]])
    index.replace("a", [Chunk("1", "a", 0, "x")], [[1, 0]])
    assert index.count() == 2
    hit = index.search([1.0, 0.0], 1)[0]
    assert (hit.chunk, hit.score) == (Chunk("1", "a", 0, "x"), 1.0)


def test_a_refused_batch_is_an_error() -> None:
    collection = Collection()
    index = OpenSearchVectors(collection, "chunk", 2)
    collection.refuse = True
    with pytest.raises(RuntimeError, match="refused"):
        index.replace("a", [Chunk("1", "a", 0, "x")], [[1, 0]])
