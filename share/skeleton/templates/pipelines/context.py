"""What a step of the pipelines is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.runinfo import RunInfo, start_run

SAMPLE = Path("data/sample")


@dataclass(frozen=True)
class Context:
    """Bundled sample data, and the facts that make the run repeatable."""

    sample: Path
    info: RunInfo


@dataclass(frozen=True)
class Result:
    """Facts of a finished step: counts, hashes and metrics, never data."""

    step: str
    facts: dict[str, object] = field(default_factory=dict)


def start(sample: Path = SAMPLE) -> Context:
    """Seed the run and hash its input."""
    files = sorted(path for path in sample.rglob("*") if path.is_file())
    return Context(sample, start_run(path.read_bytes() for path in files))
