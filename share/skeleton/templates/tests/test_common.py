"""The shared parts: settings, logs, objects, run facts."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common import log, objects, runinfo, settings
from common.errors import InvalidInputError, NotFoundError


def test_settings_have_defaults_and_refuse_rubbish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NUMBER", "12")
    assert settings.env_int("SOME_NUMBER", 1) == 12
    assert settings.env_float("SOME_NUMBER", 1) == 12
    assert settings.env("UNSET_NAME", "x") == "x"
    monkeypatch.setenv("SOME_NUMBER", "no")
    with pytest.raises(settings.SettingError, match="SOME_NUMBER"):
        settings.env_int("SOME_NUMBER", 1)
    with pytest.raises(settings.SettingError, match="SOME_NUMBER"):
        settings.env_float("SOME_NUMBER", 1)
    monkeypatch.setenv("SOME_NUMBER", "-4")
    with pytest.raises(settings.SettingError, match="below"):
        settings.env_int("SOME_NUMBER", 1)


def test_a_port_has_a_local_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "somewhere")
    monkeypatch.delenv("OBJ_RAW_URI", raising=False)
    assert settings.port_uri("obj_raw") == "file://somewhere/obj_raw/"
    monkeypatch.setenv("OBJ_RAW_URI", "s3://bucket/raw/")
    assert settings.port_uri("obj_raw") == "s3://bucket/raw/"


def test_log_lines_are_json_with_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    log.setup("unit", "debug")
    token = log.request_id.set("abc")
    logging.getLogger("t").info("hello %s", "you", extra={"rows": 3})
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("t").exception("it failed")
    log.request_id.reset(token)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["message"] == "hello you"
    assert first["request_id"] == "abc"
    assert first["rows"] == 3
    assert "broken" in second["error"]


def test_local_objects(tmp_path: Path) -> None:
    store = objects.open_store(f"file://{tmp_path}/store")
    assert list(store.list()) == []
    store.put("b/two", b"2")
    store.put("a", b"1")
    assert list(store.list()) == ["a", "b/two"]
    assert list(store.list("b/")) == ["b/two"]
    assert store.get("a") == b"1"
    assert store.exists("b/two")
    assert abs((datetime.now(UTC) - store.modified("a")).total_seconds()) < 600
    store.delete("a")
    store.delete("a")
    with pytest.raises(NotFoundError):
        store.get("a")
    with pytest.raises(NotFoundError):
        store.modified("a")
    assert not store.exists("a")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a//b", "a/./b", "a\\b"])
def test_keys_stay_inside(key: str) -> None:
    with pytest.raises(InvalidInputError):
        objects.check_key(key)


WRITTEN = datetime(2026, 1, 2, tzinfo=UTC)


class FakeS3:
    """The few calls of an S3 client that the store makes."""

    class exceptions:  # noqa: N801 - boto3 spells it so
        class NoSuchKey(Exception):  # noqa: N818 - likewise
            pass

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self.data[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key not in self.data:
            raise self.exceptions.NoSuchKey
        value = self.data[Key]

        class Body:
            def read(self) -> bytes:
                return value

        return {"Body": Body()}

    def delete_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        self.data.pop(Key, None)

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int = 1000) -> dict[str, Any]:  # noqa: N803
        keys = sorted(k for k in self.data if k.startswith(Prefix))
        return {"Contents": [{"Key": k, "LastModified": WRITTEN} for k in keys[:MaxKeys]]}

    def get_paginator(self, _name: str) -> "FakeS3":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        return [self.list_objects_v2(Bucket, Prefix), {}]


def test_s3_objects() -> None:
    store = objects.S3Store("bucket", "pre/", FakeS3())
    store.put("x/y", b"1")
    assert store.get("x/y") == b"1"
    assert list(store.list("x/")) == ["x/y"]
    assert store.exists("x/y")
    assert store.modified("x/y") == WRITTEN
    with pytest.raises(NotFoundError):
        store.modified("x")
    store.delete("x/y")
    assert not store.exists("x/y")
    with pytest.raises(NotFoundError):
        store.get("x/y")


def test_unknown_store_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        objects.open_store("ftp://host/x")


def test_runs_are_repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED", "7")
    one, two = runinfo.start_run([b"a", b"b"]), runinfo.start_run([b"a", b"b"])
    assert one == two
    assert one.data_hash != runinfo.hash_data([b"ab"])
    assert one.as_dict()["seed"] == 7
