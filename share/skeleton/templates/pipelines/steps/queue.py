"""Messages of a queue, and the objects that they tell of."""

from __future__ import annotations

import json
from typing import Any

from common.deliveries import Message, PoisonError


def sqs_messages(event: dict[str, Any]) -> list[Message]:
    """Return the messages of an SQS batch."""
    return [Message(r["messageId"], r["body"].encode()) for r in event["Records"]]


def s3_keys(body: bytes) -> list[str]:
    """Return the object keys of an S3 event that came through EventBridge, or raise PoisonError."""
    try:
        return [str(json.loads(body)["detail"]["object"]["key"])]
    except (ValueError, KeyError, TypeError) as problem:
        raise PoisonError("not an S3 event") from problem
