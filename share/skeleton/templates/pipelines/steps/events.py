"""Events: checked, and landed in the raw zone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.contract import Contract
from common.deliveries import Message, PoisonError
from common.events import DeadLetters, Event, parse_event
from common.objects import ObjectStore
from common.records import Row
from pipelines.steps.land import land_rows, read_table


@dataclass(frozen=True)
class Landing:
    """What became of a batch of events."""

    landed: int
    dead: int


def kinesis_messages(event: dict[str, Any]) -> list[Message]:
    """Return the records of a Kinesis batch; a message's id is its sequence number."""
    records = (record["kinesis"] for record in event["Records"])
    return [Message(r["sequenceNumber"], base64.b64decode(r["data"])) for r in records]


def sample_messages(path: Path) -> list[Message]:
    """Return the lines of a file as deliveries."""
    lines = path.read_bytes().splitlines()
    return [Message(str(number_), line) for number_, line in enumerate(lines, start=1)]


def sample_history(folder: Path) -> list[Message]:
    """Return the rows of a folder's tables as deliveries: what the stream brought before."""
    rows = [
        row
        for path in sorted(folder.glob("*.csv"))
        for row in read_table(path.name, path.read_bytes())
    ]
    return [Message(f"history-{n}", json.dumps(row).encode()) for n, row in enumerate(rows)]


def in_batches(messages: list[Message], size: int) -> Iterator[list[Message]]:
    """Yield the messages as a transport would deliver them."""
    for start in range(0, len(messages), size):
        yield messages[start : start + size]


def checked(event: Event, contract: Contract) -> Row:
    """Return an event as a row; one that breaks the contract is poison."""
    row = contract.convert(event)
    problems = contract.problems(row, need_label=False)
    if problems:
        raise PoisonError("; ".join(problems))
    return row


def land_events(
    messages: Iterable[Message], raw: ObjectStore, dead: DeadLetters, contract: Contract
) -> Landing:
    """Land good events as one object named by its content; a redelivered batch changes nothing."""
    rows: list[Row] = []
    poison = 0
    for message in messages:
        try:
            rows.append(checked(parse_event(message.body, contract.key)[1], contract))
        except PoisonError as problem:
            dead.put(message, str(problem))
            poison += 1
    if rows:
        land_rows(raw, contract, rows)
    return Landing(len(rows), poison)
