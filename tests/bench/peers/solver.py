"""OR-Tools CP-SAT on the solver's own instances: `solver.py FILE [WORKERS]`.

FILE is what `solver-bench ... dump FILE` wrote, one instance a line, all numbers whole
(cents, microseconds, 1e-9 of availability). Prints median and largest time; an optimum
that differs from ours is an error. Model building is not part of the time.
"""

import json
import statistics
import sys
import time

from ortools.sat.python import cp_model

LIMIT_S = 60


def build(inst):
    m = cp_model.CpModel()
    x = [[m.new_bool_var(f"x{i}_{j}") for j in range(len(slot))] for i, slot in enumerate(inst["slots"])]
    y = [m.new_bool_var(f"y{c}") for c in range(len(inst["components"]))]
    options = [(x[i][j], o) for i, slot in enumerate(inst["slots"]) for j, o in enumerate(slot)]
    for row in x:
        m.add_exactly_one(row)
    for var, o in options:
        for c in range(len(y)):
            if o["components"] >> c & 1:
                m.add_implication(var, y[c])
    for port in range(64):
        givers = [var for var, o in options if o["provides"] >> port & 1]
        for var, o in options:
            if o["requires"] >> port & 1:
                m.add_bool_or([*givers, var.negated()])
    cents = sum(var * o["cents"] for var, o in options) + sum(v * c for v, c in zip(y, inst["components"]))
    m.add(cents <= inst["budget_cents"])
    for k, path in enumerate(inst["paths"]):
        m.add(sum(var * o["loss"][k] for var, o in options) <= path["loss_max"])
        # P + sqrt(S) <= T: S <= (T - P)^2 with T - P >= 0
        left = m.new_int_var(0, path["latency_max_us"], f"left{k}")
        m.add(left == path["latency_max_us"] - sum(var * o["p50_us"][k] for var, o in options))
        square = m.new_int_var(0, path["latency_max_us"] ** 2, f"square{k}")
        m.add_multiplication_equality(square, [left, left])
        m.add(sum(var * o["sigma_us"][k] ** 2 for var, o in options) <= square)
    penalty = sum(var * o["penalty"] for var, o in options)
    burden = sum(var * o["burden"] for var, o in options)
    m.minimize(penalty * 10**9 + cents * 1000 + burden)
    return m


def main():
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    took = []
    for line in open(sys.argv[1]):
        inst = json.loads(line)
        model = build(inst)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = workers
        solver.parameters.max_time_in_seconds = LIMIT_S
        start = time.perf_counter()
        status = solver.solve(model)
        took.append((time.perf_counter() - start) * 1000)
        if status == cp_model.UNKNOWN:
            continue
        best = inst["best"]
        ours = None if best is None else best["penalty"] * 10**9 + best["cents"] * 1000 + best["burden"]
        theirs = None if status == cp_model.INFEASIBLE else round(solver.objective_value)
        if status == cp_model.OPTIMAL and ours != theirs or (ours is None) != (theirs is None):
            sys.exit(f"another optimum: {theirs} is not our {ours}")
    out = sum(t >= LIMIT_S * 1000 for t in took)
    print(f"  OR-Tools CP-SAT, {workers} worker{'s'[:workers > 1]}: median {statistics.median(took):.2f} ms, "
          f"largest {max(took):.2f} ms, same optima" + (f", {out} not proven in {LIMIT_S} s" if out else ""))


main()
