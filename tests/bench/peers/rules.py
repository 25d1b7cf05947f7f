"""rules.py INPUTS - json-logic-qubit over the same rules and data as rules-bench."""

import json
import sys
import time

from json_logic import add_operation, jsonLogic

inputs = json.load(open(sys.argv[1], encoding="utf-8"))


def proves(claims, control):
    wanted = control if isinstance(control, list) else [control]
    return isinstance(claims, list) and any(c in claims for c in wanted)


own = {
    "subset": lambda a, b: all(x in (b or []) for x in a or []),
    "common": lambda a, b: [x for x in a or [] if x in (b or [])],
    "without": lambda a, b: [x for x in a or [] if x not in (b or [])],
    "count": lambda a: len(a or []),
    "within": lambda code, places: any(p in inputs["within"].get(code, []) for p in places or []),
    "usd_le": lambda a, b: round(a * 100) <= round(b * 100),
    "where": lambda objects, member, values: [o for o in objects or [] if member in o and o[member] in (values or [])],
    "lacking": lambda control, parts: [
        p["module"] for p in parts or [] if isinstance(p.get("claims"), list) and not proves(p["claims"], control)
    ],
    "unclaimed": lambda parts: ["claims of " + p["pattern"] for p in parts or [] if not isinstance(p.get("claims"), list)],
}
for name, run in own.items():
    add_operation(name, run)

best = float("inf")
verdicts = ""
for _ in range(5):
    start = time.perf_counter()
    verdicts = "".join("1" if jsonLogic(r, inputs["data"]) else "0" for r in inputs["rules"])
    best = min(best, (time.perf_counter() - start) * 1000)
print(f"{best:.3f} {round(len(inputs['rules']) * 1000 / best)} {verdicts}")
