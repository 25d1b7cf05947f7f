"""Chunks, embeddings and the local vector index."""

import io
import json
import math
from pathlib import Path

import pytest

from common.documents import Chunking, chunk, index_document, recall, text_of
from common.embedding import BedrockEmbedder, HashingEmbedder, open_embedder
from common.vectors import LocalVectors, open_vectors


def test_chunks_keep_order_overlap_and_every_word() -> None:
    words = [f"w{n}" for n in range(250)]
    text = " ".join(words[:100]) + "\n\n" + " ".join(words[100:])
    pieces = chunk("a.md", text, Chunking(50, 10))
    assert all(len(piece.text.split()) <= 50 for piece in pieces)
    assert [piece.position for piece in pieces] == list(range(len(pieces)))
    assert {word for piece in pieces for word in piece.text.split()} == set(words)
    assert pieces == chunk("a.md", text, Chunking(50, 10))
    assert chunk("a.md", " \n ", Chunking()) == []
    with pytest.raises(ValueError, match="overlap"):
        Chunking(10, 10)


def test_only_text_is_read_and_markup_is_left_out() -> None:
    html = b"<p>Hello <b>there</b></p><script>no()</script>"
    assert text_of("x.html", html).split() == ["Hello", "there"]
    with pytest.raises(ValueError, match="not a text"):
        text_of("x.exe", b"MZ")


def test_the_local_embedder_is_stable_and_of_unit_length() -> None:
    embedder = HashingEmbedder(64)
    one, two = embedder.embed(["resetting a password", "resetting a password"])
    assert one == two
    assert math.fsum(v * v for v in one) == pytest.approx(1.0)
    assert embedder.embed(["the of"])[0] == [0.0] * 64


def test_bedrock_is_asked_with_the_dimension() -> None:
    class Client:
        def __init__(self) -> None:
            self.bodies: list[dict[str, object]] = []

        def invoke_model(self, *, modelId: str, body: str) -> dict[str, object]:  # noqa: N803
            assert modelId == "model"
            self.bodies.append(json.loads(body))
            return {"body": io.BytesIO(b'{"embedding": [1, 0, 0, 0]}')}

    client = Client()
    assert BedrockEmbedder("model", 4, client).embed(["hi"]) == [[1.0, 0.0, 0.0, 0.0]]
    assert client.bodies == [{"inputText": "hi", "dimensions": 4, "normalize": True}]


def test_a_document_replaces_its_own_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VEC_URI", "EMBED_MODEL_ID", "EMBED_DIMENSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    index, embedder = open_vectors(), open_embedder()
    index_document(
        index, embedder, "a.md", b"Invoices come monthly.\n\nPay by card.", Chunking(3, 0)
    )
    first = index.count()
    index_document(
        index, embedder, "a.md", b"Invoices come monthly.\n\nPay by card.", Chunking(3, 0)
    )
    assert index.count() == first
    index_document(index, embedder, "b.md", b"Passwords are reset by mail.", Chunking())
    hit = index.search(embedder.embed(["reset my password"])[0], 1)[0]
    assert hit.chunk.source == "b.md"
    assert recall(index, embedder, [("reset password", "b.md"), ("invoice", "c.md")], 2) == 0.5
    index_document(index, embedder, "a.md", b"Short.", Chunking())
    assert index.count() == 2
    assert isinstance(index, LocalVectors)
    index.close()
