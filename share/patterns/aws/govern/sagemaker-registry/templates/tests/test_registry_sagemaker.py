"""Registration and promotion say the same to SageMaker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.model import Model
from common.objects import LocalStore
from common.records import digest
from common.registry import Version
from common.registry_sagemaker import SageMakerRegistry

MODEL = Model("linear", ["a"], [0.0], [1.0], [1.0], 0.0, 0.5)


class Client:
    """As much of the client as the adapter uses; also its own paginator."""

    def __init__(self) -> None:
        self.packages: list[dict[str, Any]] = []

    def get_paginator(self, name: str) -> "Client":
        assert name == "list_model_packages"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"ModelPackageSummaryList": self.packages}

    def create_model_package(self, **package: Any) -> None:
        self.packages.append({**package, "ModelPackageArn": f"arn:{len(self.packages)}"})

    def update_model_package(self, *, ModelPackageArn: str, **change: Any) -> None:  # noqa: N803
        for package in self.packages:
            if package["ModelPackageArn"] == ModelPackageArn:
                package.update(change)


def test_a_version_is_one_package(tmp_path: Path) -> None:
    client = Client()
    store = LocalStore(tmp_path)
    registry = SageMakerRegistry(store, store, "group", client)
    entry = Version("m", "1", "m/1.json", digest(MODEL.dump()), {}, "d", "c", approved=True)
    registry.register(entry, MODEL)
    registry.register(entry, MODEL)
    assert [one["ModelApprovalStatus"] for one in client.packages] == ["PendingManualApproval"]
    registry.promote(entry)
    assert client.packages[0]["ModelApprovalStatus"] == "Approved"
    assert registry.current("m") == entry
