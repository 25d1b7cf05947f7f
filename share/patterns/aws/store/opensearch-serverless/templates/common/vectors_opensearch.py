"""Vector search on OpenSearch Serverless: `opensearch://host/index`, requests signed as a role."""

from __future__ import annotations

import importlib
import json
import time
import urllib.request
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit

from common.embedding import open_embedder
from common.settings import env
from common.vectors import Chunk, Hit

PAGE = 500
# A role taken lasts an hour.
ROLE_S = 2700.0
MISSING = 404


class Transport(Protocol):
    """Sends one request; the answer is its status and JSON."""

    def send(self, method: str, path: str, body: bytes) -> tuple[int, Any]: ...


class SignedTransport:
    """HTTPS with signature version 4, as the role that may use the collection."""

    def __init__(self, host: str, role_arn: str) -> None:
        self.host = host
        self.role_arn = role_arn
        self.taken: tuple[Any, str] | None = None
        self.until = 0.0

    def _credentials(self) -> tuple[Any, str]:
        """Return what to sign with: the role is taken again in good time, not for each request."""
        if self.taken is None or time.monotonic() > self.until:
            self.taken = self._take_role()
            self.until = time.monotonic() + ROLE_S
        return self.taken

    def _take_role(self) -> tuple[Any, str]:
        session = importlib.import_module("botocore.session").get_session()
        region = str(session.get_config_variable("region"))
        answer = session.create_client("sts").assume_role(
            RoleArn=self.role_arn, RoleSessionName="vectors"
        )["Credentials"]
        credentials: Any = importlib.import_module("botocore.credentials")
        return (
            credentials.Credentials(
                answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
            ),
            region,
        )

    def send(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        request: Any = importlib.import_module("botocore.awsrequest").AWSRequest(
            method=method,
            url=f"https://{self.host}/{path}",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        sha256 = importlib.import_module("hashlib").sha256(body).hexdigest()
        request.headers["X-Amz-Content-SHA256"] = sha256
        credentials, region = self._credentials()
        importlib.import_module("botocore.auth").SigV4Auth(credentials, "aoss", region).add_auth(
            request
        )
        outgoing = urllib.request.Request(
            f"https://{self.host}/{path}", data=body, method=method, headers=dict(request.headers)
        )
        try:
            with urllib.request.urlopen(outgoing, timeout=10) as answer:  # noqa: S310
                return int(answer.status), json.loads(answer.read() or b"{}")
        except HTTPError as problem:
            if problem.code == MISSING:
                return MISSING, {}
            raise


class OpenSearchVectors:
    """One index; documents carry the chunk's own id in a field, as collections assign keys."""

    def __init__(self, transport: Transport, index: str, dimension: int) -> None:
        self.transport = transport
        self.index = index
        if self._call("GET", "")[0] == MISSING:
            self._create(dimension)

    def _call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        return self.transport.send(method, f"{self.index}{path}", data)

    def _create(self, dimension: int) -> None:
        method = {"name": "hnsw", "engine": "faiss", "space_type": "innerproduct"}
        vector = {"type": "knn_vector", "dimension": dimension, "method": method}
        fields = {
            "embedding": vector,
            "id": {"type": "keyword"},
            "source": {"type": "keyword"},
            "position": {"type": "integer"},
            "text": {"type": "text"},
        }
        settings = {"index": {"knn": True}}
        self._call("PUT", "", {"settings": settings, "mappings": {"properties": fields}})

    def _bulk(self, lines: list[dict[str, Any]]) -> None:
        if lines:
            body = "".join(json.dumps(line) + "\n" for line in lines).encode()
            _, answer = self.transport.send("POST", "_bulk", body)
            if answer.get("errors"):
                raise RuntimeError("the collection refused a part of the batch")

    def replace(self, source: str, chunks: list[Chunk], vectors: list[list[float]]) -> None:
        query = {"size": PAGE, "_source": False, "query": {"term": {"source": source}}}
        old = self._call("POST", "/_search", query)[1]["hits"]["hits"]
        lines: list[dict[str, Any]] = []
        for chunk, vector in zip(chunks, vectors, strict=True):
            lines.append({"index": {"_index": self.index}})
            lines.append(
                {
                    "id": chunk.id,
                    "source": chunk.source,
                    "position": chunk.position,
                    "text": chunk.text,
                    "embedding": vector,
                }
            )
        lines.extend({"delete": {"_index": self.index, "_id": hit["_id"]}} for hit in old)
        self._bulk(lines)

    def search(self, vector: list[float], limit: int) -> list[Hit]:
        query = {
            "size": limit,
            "_source": ["id", "source", "position", "text"],
            "query": {"knn": {"embedding": {"vector": vector, "k": limit}}},
        }
        found = self._call("POST", "/_search", query)[1]["hits"]["hits"]
        return [Hit(Chunk(**hit["_source"]), float(hit["_score"]) - 1.0) for hit in found]

    def count(self) -> int:
        return int(self._call("POST", "/_count", {"query": {"match_all": {}}})[1]["count"])


def connect(uri: str, variables: str) -> OpenSearchVectors:
    """Open the index that the URI names, as the role of the port."""
    parts = urlsplit(uri)
    transport = SignedTransport(parts.netloc, env(f"{variables}_ROLE_ARN"))
    return OpenSearchVectors(transport, parts.path.strip("/"), open_embedder().dimension)
