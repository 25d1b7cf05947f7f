"""Registry that also keeps SageMaker's model packages: approval there and here say the same."""

from __future__ import annotations

from typing import Any

from common import aws
from common.model import Model
from common.objects import ObjectStore
from common.registry import PRODUCTION, Registry, Version
from common.settings import env

LIMIT = 256


class SageMakerRegistry(Registry):
    """Entries and artifacts as in the plain registry, a model package for each version."""

    def __init__(
        self, entries: ObjectStore, artifacts: ObjectStore, group: str, client: Any = None
    ) -> None:
        super().__init__(entries, artifacts)
        self.group = group
        self.client = client if client is not None else aws.client("sagemaker")

    def _package(self, entry: Version) -> str | None:
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.group
        )
        for page in pages:
            for package in page["ModelPackageSummaryList"]:
                if package.get("ModelPackageDescription") == describe(entry):
                    return str(package["ModelPackageArn"])
        return None

    def register(self, entry: Version, model: Model) -> Version:
        super().register(entry, model)
        if self._package(entry) is None:
            facts = {**entry.lineage, "sha256": entry.sha256, "data_hash": entry.data_hash}
            self.client.create_model_package(
                ModelPackageGroupName=self.group,
                ModelPackageDescription=describe(entry),
                ModelApprovalStatus="PendingManualApproval" if entry.approved else "Rejected",
                CustomerMetadataProperties={k: v[:LIMIT] for k, v in facts.items()},
            )
        return entry

    def promote(self, entry: Version, stage: str = PRODUCTION) -> None:
        super().promote(entry, stage)
        package = self._package(entry)
        if package is not None:
            self.client.update_model_package(
                ModelPackageArn=package,
                ModelApprovalStatus="Approved",
                ApprovalDescription=f"promoted to {stage}",
            )


def describe(entry: Version) -> str:
    """Return the text that finds the package of a version again."""
    return f"{entry.model} {entry.version}"


def connect(entries: ObjectStore, artifacts: ObjectStore) -> SageMakerRegistry:
    """Open the group that MODEL_PACKAGE_GROUP names."""
    return SageMakerRegistry(entries, artifacts, env("MODEL_PACKAGE_GROUP"))
