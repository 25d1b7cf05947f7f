"""The local key-value store: what every backend must do."""

import time
from pathlib import Path

import pytest

from common.keyvalue import LocalKeyValue, open_keyvalue


def test_items_come_back_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEAT_ONLINE_URI", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    store = open_keyvalue("feat.online")
    store.put("a", {"n": 1.5, "s": "x"})
    store.put("a", {"n": 2.5})
    store.put("b", {"n": 1})
    assert store.get("a") == {"n": 2.5}
    assert store.get_many(["a", "b", "c"]) == {"a": {"n": 2.5}, "b": {"n": 1}}
    store.delete("a")
    store.delete("a")
    assert store.get("a") is None
    assert isinstance(store, LocalKeyValue)
    store.close()


def test_only_the_first_writer_wins(tmp_path: Path) -> None:
    one, two = LocalKeyValue(tmp_path / "kv"), LocalKeyValue(tmp_path / "kv")
    assert one.put_if_absent("k", {"by": "one"})
    assert not two.put_if_absent("k", {"by": "two"})
    assert two.get("k") == {"by": "one"}
    one.close()
    two.close()


def test_what_has_expired_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalKeyValue(tmp_path / "kv")
    store.put("k", {"n": 1}, ttl_s=10)
    assert store.get("k") == {"n": 1}
    later = time.time() + 11
    monkeypatch.setattr(time, "time", lambda: later)
    assert store.get("k") is None
    assert store.put_if_absent("k", {"n": 2})
    store.close()
