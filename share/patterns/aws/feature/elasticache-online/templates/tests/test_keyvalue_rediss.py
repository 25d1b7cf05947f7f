"""Commands and the signed token, against a cache in memory."""

from typing import Any

from common.keyvalue_rediss import IamCredentials, RedisKeyValue


class Cache:
    """As much of the client as the adapter uses; also its own pipeline."""

    def __init__(self) -> None:
        self.data: dict[str, str] = {}
        self.asked: list[str] = []

    def get(self, key: str) -> str | None:
        self.asked.append(key)
        return self.data.get(key)

    def set(self, key: str, text: str, ex: int | None = None, nx: bool = False) -> bool | None:
        assert ex is None or ex > 0
        if nx and key in self.data:
            return None
        self.data[key] = text
        return True

    def delete(self, key: str) -> None:
        self.data.pop(key, None)

    def pipeline(self, *, transaction: bool) -> "Cache":
        assert not transaction
        self.asked.clear()
        return self

    def execute(self) -> list[str | None]:
        return [self.data.get(key) for key in self.asked]


def test_items_come_back_and_go() -> None:
    store = RedisKeyValue(Cache())
    store.put("a", {"n": 1.5}, 60)
    assert store.get("a") == {"n": 1.5}
    assert store.get_many(["a", "b"]) == {"a": {"n": 1.5}}
    assert not store.put_if_absent("a", {"n": 2})
    assert store.put_if_absent("b", {"n": 2}, 60)
    store.delete("a")
    assert store.get("a") is None


def test_the_token_is_a_signed_request_for_this_cache() -> None:
    botocore_session: Any = __import__("botocore.session").session
    session = botocore_session.get_session()
    session.set_config_variable("region", "eu-west-1")
    session.set_credentials("AKIDEXAMPLE", "x" * 8)
    user, token = IamCredentials("reader", "cache", session).get_credentials()
    assert user == "reader"
    assert token.startswith("cache/?Action=connect&User=reader&X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert "X-Amz-Expires=900" in token
