"""Producer of events: checks them against the contract before they enter the delivery stream."""

from __future__ import annotations

import zlib
from typing import Any, Protocol
from urllib.parse import urlsplit

from common import aws
from common.contract import load_contract
from common.deliveries import Message
from common.events import StoredDeadLetters
from common.objects import open_store
from common.settings import env, port_uri
from pipelines.context import Context, Result
from pipelines.steps.events import in_batches, land_events, sample_history, sample_messages

BATCH = 500


class Delivery(Protocol):
    """Takes records for the lake; the answer is how many were refused."""

    def send(self, bodies: list[bytes]) -> int: ...


class FirehoseDelivery:
    """Delivery streams, used in turn by the hash of the record."""

    def __init__(self, streams: list[str], client: Any = None) -> None:
        self.streams = streams
        self.client = client if client is not None else aws.client("firehose")

    def send(self, bodies: list[bytes]) -> int:
        refused = 0
        for number, stream in enumerate(self.streams):
            mine = [b for b in bodies if zlib.crc32(b) % len(self.streams) == number]
            for start in range(0, len(mine), BATCH):
                records = [{"Data": body} for body in mine[start : start + BATCH]]
                answer = self.client.put_record_batch(DeliveryStreamName=stream, Records=records)
                refused += int(answer["FailedPutCount"])
        return refused


class LakeDelivery:
    """Writes to the raw zone itself: what the delivery stream does, on this machine."""

    def send(self, bodies: list[bytes]) -> int:
        raw = open_store(port_uri("obj_raw"))
        messages = [Message(str(n), body) for n, body in enumerate(bodies)]
        return land_events(messages, raw, StoredDeadLetters(raw), load_contract()).dead


def open_delivery() -> Delivery:
    """Return the delivery streams of EVT_URI, else the local raw zone."""
    parts = urlsplit(env("EVT_URI", "file://"))
    if parts.scheme == "firehose":
        return FirehoseDelivery(parts.netloc.split(","))
    return LakeDelivery()


def run(ctx: Context) -> Result:
    """Send the bundled history and events."""
    history = sample_history(ctx.sample / "rows")
    events = sample_messages(ctx.sample / "events.jsonl")
    delivery = open_delivery()
    batches = [*in_batches(history, 100), *in_batches(events, 10)]
    refused = [delivery.send([message.body for message in batch]) for batch in batches]
    return Result("ingest", {"sent": len(history) + len(events), "refused": sum(refused)})
