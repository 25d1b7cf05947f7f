"""Random feasible plans: their repositories pass every static check.

usage: random_plans.py BUILD COUNT [SEED]

Constraints are drawn (use cases, load, data class, regimes, Region) and slots are
pinned to patterns at random; the real planner says what is feasible. A failing plan is
told by its seed, which makes it again.
"""

import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import cover
import matrix
import repos

STATIC = (
    "ruff-lint,ruff-format,mypy,terraform-fmt,tflint,hadolint,actionlint,zizmor,yamllint,shellcheck"
)
REGIONS = [r["code"] for r in json.loads((repos.SHARE / "regions/aws.json").read_text())["regions"]]
USES = sorted({use for work in cover.WORK.values() for use in work["use_cases"]})
WORKLOADS = ("online", "batch", "streaming")
NAMES = ("s3", "postgres", "kafka", "O'Brien & Söhne <x>", 'tab\there "quoted"', "${HOME} {{name}}")


def constraints(dice: random.Random) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "cloud": "aws",
        "regions": [dice.choice(REGIONS)],
        "use_cases": dice.sample(USES, dice.randint(1, 3)),
        "workload_types": dice.sample(WORKLOADS, dice.randint(1, 3)),
        "data_classification": dice.choice(("public", "internal", "confidential", "pii", "phi")),
        "throughput": {
            "requests_per_second": round(10 ** dice.uniform(-1, 2.5), 2),
            "events_per_second": round(10 ** dice.uniform(0, 3), 1),
            "gb_per_day": round(10 ** dice.uniform(-1, 2), 2),
            "storage_gb": dice.randint(1, 5000),
            "documents": dice.randint(100, 200000),
        },
        "existing_stack": dice.sample(NAMES, dice.randint(0, 2)),
    }
    if dice.random() < 0.4:
        drawn["compliance"] = [dice.choice(("GDPR", "SOC2", "HIPAA", "PCI-DSS"))]
    if dice.random() < 0.3:
        drawn["availability_target"] = dice.choice((99.0, 99.5, 99.9, 99.99))
    if dice.random() < 0.3:
        drawn["sla_latency_ms"] = round(10 ** dice.uniform(2, 4))
        drawn["sla_latency_percentile"] = dice.choice((50, 90, 95, 99))
    if dice.random() < 0.4:
        drawn["deployment_pref"] = dice.choice(("serverless", "containers"))
    return drawn


class Draw(cover.Planner):
    """The planner over one drawn set of constraints."""

    def __init__(self, build: Path, drawn: dict[str, Any]) -> None:
        super().__init__(build)
        self.constraints = {"drawn": drawn}


def plan(build: Path, seed: int) -> cover.Plan | None:
    dice = random.Random(seed)
    draw = Draw(build, constraints(dice))
    state = draw("drawn", {})
    if state is None:
        return None
    names = [slot["slot"] for slot in state["plan"]["slots"]]
    kinds: dict[str, list[str]] = {}
    for name in cover.catalogue():
        kinds.setdefault(cover.capability(name), []).append(name)
    for count in range(min(4, len(names)), 0, -1):
        some = dice.sample(names, count)
        pinned = draw("drawn", {s: dice.choice(kinds[s.split("@")[0]]) for s in some})
        if pinned is not None:
            return pinned
    return state


def main() -> int:
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    build, count = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) == 4 else 1
    passed = failed = 0
    skipped: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="random") as tmp:
        checker = matrix.Checker(build, Path(tmp, "cache"))
        while count > 0:
            state = plan(build, seed)
            seed += 1
            if state is None:
                continue
            count -= 1
            repo = repos.generate(build, state, Path(tmp))
            repo.origins = [f"seed {seed - 1}"]
            checks = checker.validate(repo, STATIC)
            checks["leaks"] = (
                "fail " + "; ".join(found) if (found := matrix.leaks(repo)) else "pass"
            )
            good, bad, out = matrix.tell(repo, {"checks": checks})
            passed, failed = passed + good, failed + bad
            skipped.update(out)
    for line in sorted(skipped):
        print(f"skipped: {line}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
