"""What makes a run repeatable: its seed, the hash of its data, the version of its code."""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from common.settings import env, env_int


@dataclass(frozen=True)
class RunInfo:
    """Recorded beside everything that a run produces."""

    seed: int
    data_hash: str
    code_version: str

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def hash_data(chunks: Iterable[bytes]) -> str:
    """SHA-256 over the chunks, each with its length, in their order."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(len(chunk).to_bytes(8, "big"))
        digest.update(chunk)
    return digest.hexdigest()


def start_run(chunks: Iterable[bytes] = ()) -> RunInfo:
    """Seeds `random` from SEED and takes the code's version from CODE_VERSION."""
    seed = env_int("SEED", 20)
    random.seed(seed)
    return RunInfo(seed, hash_data(chunks), env("CODE_VERSION", "local"))
