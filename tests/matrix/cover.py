"""Plans that have each AWS pattern and each pair of patterns that an edge joins.

usage: cover.py find  BUILD     search anew and write plans.json (some minutes)
       cover.py check BUILD     plan plans.json again and say what they have and lack

What pairs there are follows from the catalogue: one pattern provides a port that the
other requires. A pair counts as covered when a feasible plan of the real planner has
the edge; `never` in plans.json names the pairs that the search could not bring about.
"""

import itertools
import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import repos

PLANS = Path(__file__).with_name("plans.json")
TRIES = 40

Pair = tuple[str, str, str]
Plan = dict[str, Any]

# Wide constraints with no budget: what a pattern needs is there, and pins decide.
LOAD = {"requests_per_second": 20, "events_per_second": 50, "gb_per_day": 5, "storage_gb": 200}
WORK: dict[str, dict[str, Any]] = {
    "rag": {"use_cases": ["rag"], "workload_types": ["online", "batch"], "documents": 20000},
    "fraud": {"use_cases": ["fraud"], "workload_types": ["online", "streaming", "batch"]},
    "training": {"use_cases": ["training", "forecasting"], "workload_types": ["batch"]},
    "reco": {"use_cases": ["recommendation", "inference"], "workload_types": ["online", "batch"]},
    "tuning": {"use_cases": ["finetuning", "nlp"], "workload_types": ["online", "batch"]},
    "analytics": {"use_cases": ["analytics"], "workload_types": ["batch", "streaming"]},
    "all": {
        "use_cases": ["rag", "fraud", "training", "recommendation", "finetuning"],
        "workload_types": ["online", "streaming", "batch"],
        "documents": 20000,
    },
}
CLASS = {
    "internal": {"data_classification": "internal", "existing_stack": ["app-runner"]},
    "pii": {"data_classification": "pii", "compliance": ["GDPR"]},
}


def bases() -> dict[str, dict[str, Any]]:
    """Named constraint sets."""
    made = {}
    for (work, extra), (kind, data) in itertools.product(WORK.items(), CLASS.items()):
        # What is small where the data is internal: some patterns are for little.
        load = {k: v / 50 if kind == "internal" else v for k, v in LOAD.items()}
        if "documents" in extra:
            load["documents"] = int(extra["documents"])
        made[f"{work}-{kind}"] = {
            "cloud": "aws",
            "regions": ["eu-central-1" if kind == "pii" else "us-east-1"],
            "throughput": load,
            **{k: v for k, v in extra.items() if k != "documents"},
            **data,
        }
    return made


def catalogue() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted((repos.SHARE / "patterns" / "aws").glob("*/*/pattern.json")):
        pattern = json.loads(path.read_text())
        if pattern.get("files"):
            found[pattern["id"]] = pattern
    return found


def universe(patterns: dict[str, dict[str, Any]]) -> set[Pair]:
    givers: dict[str, set[str]] = {}
    for name, pattern in patterns.items():
        for port in pattern.get("provides", []):
            givers.setdefault(port["port"], set()).add(name)
    return {
        (giver, need["port"], name)
        for name, pattern in patterns.items()
        for need in pattern.get("requires", [])
        for giver in givers.get(need["port"], set())
        if giver != name
    }


class Planner:
    def __init__(self, build: Path) -> None:
        self.build = build
        self.constraints = bases()

    def __call__(self, base: str, pins: dict[str, str]) -> Plan | None:
        text = json.dumps({"schema_version": 2, "constraints": self.constraints[base]}).encode()
        options = [w for slot, p in sorted(pins.items()) for w in ("--pin", f"{slot}={p}")]
        try:
            state = repos.planned(self.build, text, *options, "--candidates", "1")
        except repos.Refused:
            return None
        return state if state["plan"]["feasible"] else None


def capability(pattern: str) -> str:
    return pattern.split(".")[1]


def attempts(wanted: Pair, slots: dict[str, list[str]]) -> list[tuple[str, dict[str, str]]]:
    """Constraint sets and pins that may join the pair, nearest first."""
    giver, _, taker = wanted
    found = []
    for base, names in slots.items():
        gives = [s for s in names if s.split("@")[0] == capability(giver)] or [""]
        takes = [s for s in names if s.split("@")[0] == capability(taker)] or [""]
        for a, b in itertools.product(gives, takes):
            pins = {k: v for k, v in ((a, giver), (b, taker)) if k and capability(v) != "base"}
            if a != b or a == "":
                found.append((base, pins))
    return found


def find(build: Path) -> None:
    plan = Planner(build)
    patterns = catalogue()
    wanted = universe(patterns)
    pool: list[tuple[str, dict[str, str], set[Pair], set[str]]] = []
    slots: dict[str, list[str]] = {}

    def note(base: str, pins: dict[str, str]) -> set[Pair]:
        state = plan(base, pins)
        if state is None:
            return set()
        slots.setdefault(base, [s["slot"] for s in state["plan"]["slots"]])
        got = repos.pairs_of(state) & wanted
        pool.append((base, pins, got, set(repos.patterns_of(state))))
        return got

    with ThreadPoolExecutor(2) as work:
        list(work.map(lambda base: note(base, {}), plan.constraints))

        def chase(pair: Pair) -> None:
            choices = attempts(pair, slots)
            random.Random(str(pair)).shuffle(choices)
            for base, pins in choices[:TRIES]:
                if any(pair in got for _, _, got, _ in pool):
                    return
                note(base, pins)

        list(work.map(chase, sorted(wanted)))
        # Every slot pinned at random: plans that have much at once.
        dice = random.Random(1)
        by_kind: dict[str, list[str]] = {}
        for name in patterns:
            by_kind.setdefault(capability(name), []).append(name)
        rolls = [
            (base, {s: dice.choice(by_kind[s.split("@")[0]]) for s in dice.sample(names, k)})
            for base, names in sorted(slots.items())
            for k in range(1, min(7, len(names)))
            for _ in range(40)
        ]
        list(work.map(lambda roll: note(*roll), rolls))
    reached = set().union(*(got for _, _, got, _ in pool))
    left, missing = set(reached), set(patterns)
    chosen = []
    while left or missing & set().union(*(have for _, _, _, have in pool)):
        best = max(pool, key=lambda p: (len(p[2] & left) + len(p[3] & missing), -len(p[1]), p[0]))
        if not (best[2] & left or best[3] & missing):
            break
        chosen.append({"constraints": best[0], "pins": best[1]})
        left -= best[2]
        missing -= best[3]
    never = [" ".join(pair) for pair in sorted(wanted - reached)]
    PLANS.write_text(json.dumps({"plans": chosen, "never": never}, indent=1) + "\n")
    print(f"{len(pool)} plans tried, {len(chosen)} kept")


def load(build: Path) -> list[tuple[dict[str, Any], Plan | None]]:
    plan = Planner(build)
    rows = json.loads(PLANS.read_text())["plans"]
    return [(row, plan(row["constraints"], row["pins"])) for row in rows]


def check(build: Path) -> int:
    patterns = catalogue()
    wanted = universe(patterns)
    never: set[Any] = {tuple(line.split()) for line in json.loads(PLANS.read_text())["never"]}
    have: set[str] = set()
    got: set[Pair] = set()
    bad = 0
    for row, state in load(build):
        if state is None:
            print(f"no longer feasible: {row}")
            bad += 1
            continue
        have |= set(repos.patterns_of(state))
        got |= repos.pairs_of(state)
    for name in sorted(set(patterns) - have):
        print(f"pattern in no plan: {name}")
    for pair in sorted(wanted - got - never):
        print(f"pair in no plan: {' '.join(pair)}")
    print(
        f"{len(set(patterns) & have)} of {len(patterns)} patterns, "
        f"{len(wanted & got)} of {len(wanted)} pairs joined by a port, {len(never)} never joined"
    )
    return int(bool(bad or set(patterns) - have or wanted - got - never))


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in ("find", "check"):
        print(__doc__, file=sys.stderr)
        return 2
    build = Path(sys.argv[2]).resolve()
    if sys.argv[1] == "find":
        find(build)
    return check(build)


if __name__ == "__main__":
    sys.exit(main())
