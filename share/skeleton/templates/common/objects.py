"""Objects under keys, in a local folder or in S3, behind one interface."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from common.errors import InvalidInputError, NotFoundError


class ObjectStore(Protocol):
    """Keys are relative paths with `/`; values are bytes."""

    def get(self, key: str) -> bytes:
        """The object; NotFoundError when there is none."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Writes the object whole or not at all."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Keys below the prefix, in byte order."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def modified(self, key: str) -> datetime:
        """When the object was written, in UTC; NotFoundError when there is none."""
        ...

    def delete(self, key: str) -> None:
        """Removes the object; none is fine."""
        ...


def check_key(key: str) -> str:
    """The key itself, refused when it could leave the store."""
    parts = key.split("/")
    if not key or key.startswith("/") or "\\" in key or any(p in {"", ".", ".."} for p in parts):
        raise InvalidInputError(f"{key!r} is no object key")
    return key


class LocalStore:
    """A folder; each write goes to a temporary name first."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            raise NotFoundError(f"no object {key!r}") from None

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".put-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def list(self, prefix: str = "") -> Iterator[str]:
        if not self.root.is_dir():
            return
        keys = (p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file())
        yield from sorted(k for k in keys if k.startswith(prefix) and "/.put-" not in f"/{k}")

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def modified(self, key: str) -> datetime:
        try:
            return datetime.fromtimestamp(self._path(key).stat().st_mtime, UTC)
        except FileNotFoundError:
            raise NotFoundError(f"no object {key!r}") from None

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)


class S3Store:
    """A prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str, client: Any = None) -> None:
        if client is None:
            import boto3  # noqa: PLC0415 - programs without a cloud start without it

            client = boto3.client("s3")
        self.bucket = bucket
        self.prefix = prefix
        self.client = client

    def _key(self, key: str) -> str:
        return self.prefix + check_key(key)

    def get(self, key: str) -> bytes:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self._key(key))
        except self.client.exceptions.NoSuchKey:
            raise NotFoundError(f"no object {key!r}") from None
        body: bytes = answer["Body"].read()
        return body

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self._key(key), Body=data)

    def list(self, prefix: str = "") -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + prefix
        )
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"][len(self.prefix) :]

    def exists(self, key: str) -> bool:
        full = self._key(key)
        answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=full, MaxKeys=1)
        return any(item["Key"] == full for item in answer.get("Contents", []))

    def modified(self, key: str) -> datetime:
        full = self._key(key)
        answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=full, MaxKeys=1)
        for item in answer.get("Contents", []):
            if item["Key"] == full:
                when: datetime = item["LastModified"]
                return when
        raise NotFoundError(f"no object {key!r}")

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self._key(key))


def open_store(uri: str) -> ObjectStore:
    """`file://folder/` or `s3://bucket/prefix/`."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return LocalStore(Path(uri.removeprefix("file://")))
    if parts.scheme == "s3" and parts.netloc:
        prefix = parts.path.lstrip("/")
        return S3Store(parts.netloc, prefix if prefix.endswith("/") or not prefix else prefix + "/")
    raise InvalidInputError(f"no object store behind {uri!r}")
