"""Key-value storage on Valkey: `rediss://host:port/user`, signed in with a short-lived IAM token."""

from __future__ import annotations

import importlib
import json
from typing import Any
from urllib.parse import urlsplit

from common.records import Row
from common.settings import env

TOKEN_S = 900


class RedisKeyValue:
    """JSON values under their keys; the server expires them."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, key: str) -> Row | None:
        text = self.client.get(key)
        return None if text is None else json.loads(text)

    def get_many(self, keys: list[str]) -> dict[str, Row]:
        pipe = self.client.pipeline(transaction=False)
        for key in keys:
            pipe.get(key)
        found = zip(keys, pipe.execute(), strict=True)
        return {key: json.loads(text) for key, text in found if text is not None}

    def put(self, key: str, item: Row, ttl_s: int | None = None) -> None:
        self.client.set(key, json.dumps(item, sort_keys=True), ex=ttl_s)

    def put_if_absent(self, key: str, item: Row, ttl_s: int | None = None) -> bool:
        text = json.dumps(item, sort_keys=True)
        return bool(self.client.set(key, text, ex=ttl_s, nx=True))

    def delete(self, key: str) -> None:
        self.client.delete(key)


class IamCredentials:
    """User and token for each new connection: the token is a request signed for this cache."""

    def __init__(self, user: str, cache: str, session: Any) -> None:
        self.user = user
        self.cache = cache
        self.session = session

    def get_credentials(self) -> tuple[str, str]:
        """Return what the client signs in with."""
        signers: Any = importlib.import_module("botocore.signers")
        models: Any = importlib.import_module("botocore.model")
        region = self.session.get_config_variable("region")
        signer = signers.RequestSigner(
            models.ServiceId("elasticache"),
            region,
            "elasticache",
            "v4",
            self.session.get_credentials(),
            self.session.get_component("event_emitter"),
        )
        request = {
            "method": "GET",
            "url": f"https://{self.cache}/?Action=connect&User={self.user}",
            "body": {},
            "headers": {},
            "context": {},
        }
        url: str = signer.generate_presigned_url(
            request, operation_name="connect", expires_in=TOKEN_S, region_name=region
        )
        return self.user, url.removeprefix("https://")


def connect(uri: str, variables: str) -> RedisKeyValue:
    """Connect to the cluster over TLS."""
    parts = urlsplit(uri)
    redis: Any = importlib.import_module("redis")
    session = importlib.import_module("botocore.session").get_session()
    credentials = IamCredentials(parts.path.lstrip("/"), env(f"{variables}_CACHE"), session)
    client = redis.RedisCluster(
        host=parts.hostname,
        port=parts.port or 6379,
        ssl=True,
        credential_provider=credentials,
        socket_connect_timeout=2,
        socket_timeout=1,
        decode_responses=True,
    )
    return RedisKeyValue(client)
