"""The access log: who did what to a person's data, why and when, without naming the person."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

from common.objects import ObjectStore, open_store
from common.records import digest, dump_json
from common.settings import env, port_uri


@dataclass(frozen=True)
class Action:
    """`request` names the ticket or letter that the action answers; `counts` what it touched."""

    what: str
    subject: str
    actor: str
    request: str
    counts: dict[str, int]


def pseudonym(subject: str) -> str:
    """Return a keyed hash: entries on one person can be found again, the person cannot."""
    key = env("PRIVACY_LOG_KEY", "local").encode()
    return hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()


def write(action: Action, store: ObjectStore | None = None, now: datetime | None = None) -> str:
    """Keep an entry under its time and content; returns its key."""
    store = store if store is not None else open_store(port_uri("privacy_log"))
    stamp = (now if now is not None else datetime.now(UTC)).isoformat(timespec="milliseconds")
    entry = dump_json(
        {
            "at": stamp,
            "what": action.what,
            "subject": pseudonym(action.subject),
            "actor": action.actor,
            "request": action.request,
            "counts": action.counts,
        }
    )
    key = f"{stamp[:10]}/{stamp[11:23].replace(':', '')}-{digest(entry)[:16]}.json"
    store.put(key, entry)
    return key
