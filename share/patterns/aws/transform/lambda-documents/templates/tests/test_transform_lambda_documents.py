"""The function: a batch of the queue, and the nightly order."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.objects import open_store
from common.settings import port_uri
from common.vectors import open_vectors
from pipelines.transform_documents.main import handle


@pytest.fixture(autouse=True)
def _local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OBJ_RAW_URI", "VEC_URI", "EMBED_MODEL_ID", "EMBED_DIMENSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    raw = open_store(port_uri("obj_raw"))
    raw.put("documents/a.md", b"Invoices are issued monthly.")
    raw.put("documents/b.bin", b"\x00")


def message(identifier: str, body: str) -> dict[str, Any]:
    return {"messageId": identifier, "body": body}


def uploaded(key: str) -> str:
    return json.dumps({"detail": {"object": {"key": key}}})


def test_a_batch_names_what_must_come_again() -> None:
    records = [
        message("1", uploaded("documents/a.md")),
        message("2", uploaded("documents/b.bin")),
        message("3", "not an event"),
    ]
    answer = handle({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]}
    assert open_vectors().count() == 1


def test_the_nightly_order_indexes_everything() -> None:
    assert handle({"action": "reindex"}, None)["refused"] == ["b.bin"]
    assert handle({"action": "reindex"}, None)["documents"] == 1
    assert open_vectors().count() == 1
