"""Text to vectors: feature hashing on this machine by default, Bedrock where configured."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from typing import Any, Protocol

from common import aws
from common.settings import env, env_int

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_STOP = frozenset(
    """
    a an and are as at be by can do does for from how i if in is it its must not of on or our
    that the their there this to was we what when where which who will with you your
    """.split()
)


class Embedder(Protocol):
    """Vectors have `dimension` numbers and unit length."""

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: list[str]) -> list[list[float]]: ...


def normalise(vector: list[float]) -> list[float]:
    """Scale to unit length; the zero vector stays."""
    length = math.sqrt(sum(value * value for value in vector))
    return vector if length == 0.0 else [value / length for value in vector]


def terms(text: str) -> list[str]:
    """Return words without stop words, and a stem-like prefix of the long ones."""
    words = [word for word in _WORD.findall(text.lower()) if word not in _STOP]
    return words + [f"{word[:5]}*" for word in words if len(word) > 5]


class HashingEmbedder:
    """Signed feature hashing: deterministic and without a model file; for tests and small sets."""

    def __init__(self, dimension: int = 512) -> None:
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: list[str]) -> list[list[float]]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> list[float]:
        vector = [0.0] * self._dimension
        for term, count in sorted(Counter(terms(text)).items()):
            code = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big")
            sign = 1.0 if code & 1 else -1.0
            vector[(code >> 1) % self._dimension] += sign * (1.0 + math.log(count))
        return normalise(vector)


class BedrockEmbedder:
    """Titan text embeddings through Bedrock."""

    def __init__(self, model_id: str, dimension: int, client: Any = None) -> None:
        self.model_id = model_id
        self._dimension = dimension
        self.client = client if client is not None else aws.client("bedrock-runtime")

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: list[str]) -> list[list[float]]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> list[float]:
        body = {"inputText": text, "dimensions": self._dimension, "normalize": True}
        answer = self.client.invoke_model(modelId=self.model_id, body=json.dumps(body))
        return [float(value) for value in json.loads(answer["body"].read())["embedding"]]


def open_embedder() -> Embedder:
    """Return the embedder of `EMBED_MODEL_ID` (Bedrock), else the local one."""
    model_id = env("EMBED_MODEL_ID")
    dimension = env_int("EMBED_DIMENSION", 512, 8)
    return BedrockEmbedder(model_id, dimension) if model_id else HashingEmbedder(dimension)
