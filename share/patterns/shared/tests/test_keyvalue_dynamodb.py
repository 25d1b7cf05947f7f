"""The wire form of items and the conditional write, against a table in memory."""

from typing import Any

import pytest

from common.keyvalue_dynamodb import DynamoKeyValue, decode, encode
from common.records import Value


class ConditionFailedError(Exception):
    pass


class Table:
    """As much of the client as the adapter uses."""

    class exceptions:  # noqa: N801
        ConditionalCheckFailedException = ConditionFailedError

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.throttle = 1

    def put_item(self, *, Item: dict[str, Any], **more: Any) -> None:  # noqa: N803
        key = Item["pk"]["S"]
        if "ConditionExpression" in more and key in self.items:
            now = int(more["ExpressionAttributeValues"][":now"]["N"])
            if int(self.items[key].get("expires", {"N": now + 1})["N"]) > now:
                raise ConditionFailedError
        self.items[key] = Item

    def delete_item(self, *, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803
        self.items.pop(Key["pk"]["S"], None)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((table, wanted),) = RequestItems.items()
        keys = [key["pk"]["S"] for key in wanted["Keys"]]
        assert len(keys) == len(set(keys)) <= 100
        now, later = (keys[:1], keys[1:]) if self.throttle else (keys, [])
        self.throttle = 0
        found = [self.items[key] for key in now if key in self.items]
        left = {table: {"Keys": [{"pk": {"S": key}} for key in later]}} if later else {}
        return {"Responses": {table: found}, "UnprocessedKeys": left}


@pytest.mark.parametrize("value", ["x", 1, -2.5, True, False, None, 1e-9])
def test_values_survive_the_wire(value: Value) -> None:
    assert decode(encode(value)) == value


def test_items_come_back_also_after_throttling() -> None:
    store = DynamoKeyValue("t", Table())
    for n in range(130):
        store.put(f"k{n}", {"n": n})
    found = store.get_many([f"k{n}" for n in range(140)] + ["k1"])
    assert len(found) == 130
    assert found["k7"] == {"n": 7}
    store.delete("k7")
    assert store.get("k7") is None


def test_the_condition_decides_and_what_has_expired_is_absent() -> None:
    store = DynamoKeyValue("t", Table())
    assert store.put_if_absent("k", {"n": 1}, ttl_s=60)
    assert not store.put_if_absent("k", {"n": 2}, ttl_s=60)
    assert store.get("k") == {"n": 1}
    store.put("old", {"n": 1}, ttl_s=-1)
    assert store.get("old") is None
    assert store.put_if_absent("old", {"n": 2})
