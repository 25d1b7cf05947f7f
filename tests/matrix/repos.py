"""Repositories for the proofs: from briefs or constraints, by the real programs.

Every program is called as a user would call it, from BUILD/bin. A repository lies in
a folder named by its content digest, so that two states with the same repository
share one.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent.parent
SHARE = TOP / "share"
# The current provider schemas, served to the real Terraform.
SCHEMAS = TOP.parent / "shared/terraform"
PLACES = (
    "/opt/tf-plugins",
    "/usr/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    str(Path.home() / ".terraform.d/plugins"),
)


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "SOURCE_DATE_EPOCH": "315532800",
        "MLOPS_SHARE": str(SHARE),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def real_mirror() -> str | None:
    """A directory with a real AWS provider: its program is large."""
    for place in (*os.environ.get("MLOPS_TF_MIRRORS", "").split(":"), *PLACES):
        binaries = Path(place or "/nowhere").glob(
            "registry.terraform.io/hashicorp/aws/*/linux_*/terraform-provider-aws_v*"
        )
        if any(b.stat().st_size > 50_000_000 for b in binaries):
            return place
    return None


def mirrors() -> list[str]:
    """The real provider's mirror and the stand-in for the current major, as there are."""
    found = [place for place in (real_mirror(),) if place]
    made = TOP / ".tools/cache/schemas"
    setup = SCHEMAS / "schema-provider/setup.js"
    if not (made / "terraform.rc").exists() and setup.exists() and shutil.which("node"):
        subprocess.run(["node", setup, SCHEMAS, made], capture_output=True, check=True)
    if (made / "terraform.rc").exists():
        found.append(str(made / "mirror"))
    return found


class Refused(Exception):
    """A program that ended with a status that is no answer."""


def run(build: Path, name: str, stdin: bytes, *options: str, ok: Iterable[int] = (0,)) -> bytes:
    command = [str(build / "bin" / name), "-q", "--compact", *options]
    done = subprocess.run(command, input=stdin, capture_output=True, env=environment(), check=False)
    if done.returncode not in ok:
        why = done.stderr.decode(errors="replace").strip()
        raise Refused(f"{name} ended with {done.returncode}: {why}")
    return done.stdout


def planned(build: Path, constraints: bytes, *options: str) -> dict[str, Any]:
    """The state after the planner; exit 14 (nothing feasible) is an answer."""
    state: dict[str, Any] = json.loads(run(build, "mlops-plan", constraints, *options, ok=(0, 14)))
    return state


def patterns_of(state: dict[str, Any]) -> list[str]:
    plan = state["plan"]
    units = [*plan.get("bases", []), *plan["slots"]]
    return sorted({unit["pattern"] for unit in units})


def pairs_of(state: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(pattern, port, pattern) of each edge of the plan."""
    plan = state["plan"]
    names = {slot["slot"]: slot["pattern"] for slot in plan["slots"]}
    for base in plan.get("bases", []):
        names[base.get("module", base.get("slot", ""))] = base["pattern"]
    return {
        (names[e["from"]], e["port"], names[e["to"]])
        for e in plan["edges"]
        if e["from"] in names and e["to"] in names
    }


@dataclass
class Repo:
    digest: str
    path: Path
    patterns: list[str]
    origins: list[str] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.path.with_suffix(".state.json")


def generate(build: Path, plan_state: dict[str, Any], out: Path) -> Repo:
    """Approves a planned state, whatever policy says of it, and generates below out."""
    state = run(build, "mlops-critic", json.dumps(plan_state).encode())
    judged = json.loads(run(build, "mlops-policy", state))
    for rule in judged["policy"]["rules"]:
        rule["status"] = "warn" if rule["status"] == "fail" else rule["status"]
    judged["policy"]["overall"] = "warn"
    approve = ("--approve", "--actor", "matrix")
    approved = run(build, "mlops-gate", json.dumps(judged).encode(), *approve)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        fresh = Path(scratch) / "repo"
        raw = run(build, "mlops-codegen", approved, "-o", str(fresh))
        digest = json.loads(raw)["artifacts"]["content_digest"][:24]
        repo = Repo(digest, out / digest, patterns_of(plan_state))
        if not repo.path.exists():
            repo.state.write_bytes(raw)
            shutil.move(fresh, repo.path)
    return repo


def candidates(build: Path, brief: Path, count: int) -> list[tuple[int, dict[str, Any]]]:
    """The best plans of a brief, each as the planner's own answer to pins."""
    intake = run(build, "mlops-intake", brief.read_bytes(), "--brief", str(brief))
    first = planned(build, intake, "--candidates", str(count))
    if not first["plan"]["feasible"]:
        return []
    found = [(1, first)]
    for rank, plan in enumerate(first["candidates"]["plans"][1:count], start=2):
        pins: list[str] = []
        for slot in plan["slots"]:
            pins += ["--pin", f"{slot['slot']}={slot['pattern']}"]
        state = planned(build, intake, *pins)
        if state["plan"]["feasible"]:
            found.append((rank, state))
    return found


def cover(repos: list[Repo], limit: int, first: Iterable[str] = ()) -> tuple[list[Repo], int, int]:
    """Few repositories whose pairs of patterns are those of all: greedy, at most limit.

    `first` are digests that are taken in any case. Also gives how many pairs there are
    and how many are covered.
    """
    pairs = {r.digest: {(a, b) for a in r.patterns for b in r.patterns if a <= b} for r in repos}
    everything: set[tuple[str, str]] = set().union(*pairs.values()) if pairs else set()
    wanted = set(first)
    chosen = [r for r in repos if r.digest in wanted][:limit]
    left = everything.difference(*(pairs[r.digest] for r in chosen))
    while left and len(chosen) < limit:
        best = max(repos, key=lambda r: (len(pairs[r.digest] & left), r.digest))
        chosen.append(best)
        left -= pairs[best.digest]
    return chosen, len(everything), len(everything) - len(left)
