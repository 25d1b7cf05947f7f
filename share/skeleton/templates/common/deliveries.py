"""What a queue or a stream hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class PoisonError(ValueError):
    """An event that will never succeed; retrying it would block those behind it."""


@dataclass(frozen=True)
class Message:
    """A delivery: `id` is what the transport acknowledges, `body` what was sent."""

    id: str
    body: bytes


def batch_failures(failed: list[str]) -> dict[str, Any]:
    """Return what tells the event source to deliver these again and no others."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}
