"""Documents to chunks to vectors, and how well a question finds its source again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from common.embedding import Embedder
from common.records import digest
from common.vectors import Chunk, VectorIndex

_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Chunking:
    """Sizes in words; consecutive chunks share `overlap` words."""

    size: int = 120
    overlap: int = 24

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.size:
            raise ValueError("overlap must be at least 0 and less than size")


def text_of(name: str, data: bytes) -> str:
    """Return a document's text; only UTF-8 text formats are read, others are refused by name."""
    if not name.lower().endswith((".md", ".txt", ".csv", ".json", ".html")):
        raise ValueError(f"{name}: not a text document")
    text = data.decode("utf-8")
    if name.lower().endswith(".html"):
        text = _MARKUP.sub(" ", text)
    return text


def chunk(source: str, text: str, chunking: Chunking) -> list[Chunk]:
    """Cut a text at paragraphs where they fit and inside them where not; order is kept."""
    pieces: list[str] = []
    words: list[str] = []
    for paragraph in (part.split() for part in _PARAGRAPH.split(text)):
        if words and len(words) + len(paragraph) > chunking.size:
            pieces.append(" ".join(words))
            words = words[len(words) - chunking.overlap :] if chunking.overlap else []
        words.extend(paragraph)
        while len(words) > chunking.size:
            pieces.append(" ".join(words[: chunking.size]))
            words = words[chunking.size - chunking.overlap :]
    if words:
        pieces.append(" ".join(words))
    return [
        Chunk(digest(f"{source}\n{position}\n{piece}".encode())[:32], source, position, piece)
        for position, piece in enumerate(pieces)
    ]


def index_document(
    index: VectorIndex, embedder: Embedder, source: str, data: bytes, chunking: Chunking
) -> int:
    """Replace a document's chunks in the index; doing it twice changes nothing."""
    chunks = chunk(source, text_of(source, data), chunking)
    index.replace(source, chunks, embedder.embed([piece.text for piece in chunks]))
    return len(chunks)


def recall(
    index: VectorIndex, embedder: Embedder, questions: Iterable[tuple[str, str]], limit: int
) -> float:
    """Return the share of (question, source) pairs whose source is among the first hits."""
    pairs = list(questions)
    vectors = embedder.embed([question for question, _ in pairs])
    found = 0
    for vector, (_, source) in zip(vectors, pairs, strict=True):
        found += any(hit.chunk.source == source for hit in index.search(vector, limit))
    return found / len(pairs) if pairs else 0.0
