"""The same cleaning on Spark: the job fetches the repository's modules and runs their steps."""

from __future__ import annotations

import importlib
import pathlib
import shutil
import sys
import tempfile
from typing import Any
from urllib.parse import urlsplit

ARGUMENTS = ["code_uri", "obj_raw_uri", "obj_curated_uri"]


def fetch_code(uri: str, client: Any, target: pathlib.Path) -> pathlib.Path:
    """Copy the repository's modules from S3 to a folder and put it on the path."""
    parts = urlsplit(uri)
    prefix = parts.path.lstrip("/")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            name = entry["Key"][len(prefix) :]
            if name.startswith("/") or ".." in name.split("/"):
                continue
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(parts.netloc, entry["Key"], str(path))
    sys.path.insert(0, str(target))
    return target


def main() -> None:
    """Run on Glue."""
    boto3: Any = importlib.import_module("boto3")
    utilities: Any = importlib.import_module("awsglue.utils")
    sessions: Any = importlib.import_module("pyspark.sql")
    chosen: dict[str, str] = utilities.getResolvedOptions(sys.argv, ARGUMENTS)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="code-"))
    code = fetch_code(chosen["code_uri"], boto3.client("s3"), folder)
    spark = sessions.SparkSession.builder.getOrCreate()
    archive = shutil.make_archive(str(folder.with_suffix("")) + "-modules", "zip", code)
    spark.sparkContext.addPyFile(archive)
    steps: Any = importlib.import_module("pipelines.steps.spark")
    contract = (code / "data" / "contract.json").read_text(encoding="utf-8")
    steps.clean(spark.sparkContext, chosen["obj_raw_uri"], chosen["obj_curated_uri"], contract)


if __name__ == "__main__":
    main()
