"""AWS clients, made when first used, so that local runs need neither boto3 nor credentials."""

from __future__ import annotations

import importlib
import json
from typing import Any


def client(service: str, role_arn: str | None = None) -> Any:
    """Return a boto3 client; with `role_arn`, one that acts as that role."""
    boto3: Any = importlib.import_module("boto3")
    config: Any = importlib.import_module("botocore.config").Config(
        retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=5, read_timeout=60
    )
    if role_arn is None:
        return boto3.client(service, config=config)
    answer = boto3.client("sts", config=config).assume_role(
        RoleArn=role_arn, RoleSessionName=f"common-{service}"
    )
    keys = answer["Credentials"]
    return boto3.client(
        service,
        config=config,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def secret(arn: str) -> dict[str, str]:
    """Read a JSON secret; its value stays in memory and is never logged."""
    value = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return {str(key): str(item) for key, item in json.loads(value).items()}
