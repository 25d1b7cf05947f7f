"""The planner over changed catalogues: `planning.py MLOPS_PLAN [ROUNDS]`.

Blank any fact, and the objective does not improve; rename, reorder, add what is
dominated, and the figures stay; loosen a constraint, and the objective is not worse.
Works on a copy of share/ with the real executable.
"""

import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

PLAN = os.path.abspath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
BRIEFS = {
    "inference": {"cloud": "aws", "regions": ["us-east-1"], "use_cases": ["inference"], "workload_types": ["online"],
                  "throughput": {"requests_per_second": 20}},
    "rag": {"cloud": "aws", "regions": ["eu-central-1"], "data_residency": ["EU"], "use_cases": ["rag"],
            "workload_types": ["online"], "sla_latency_ms": 4000, "availability_target": 99.5,
            "throughput": {"documents": 20000, "requests_per_second": 0.5}},
    "fraud": {"cloud": "aws", "regions": ["sa-east-1"], "use_cases": ["fraud"], "workload_types": ["streaming", "online"],
              "compliance": ["PCI-DSS"], "data_classification": "pci", "sla_latency_ms": 150,
              "availability_target": 99.8, "throughput": {"events_per_second": 400, "requests_per_second": 100}},
    "preferring": {"cloud": "aws", "regions": ["eu-west-1"], "use_cases": ["inference"], "workload_types": ["online"],
                   "observability_prefs": ["prometheus"], "team_constraints": {"size": 2},
                   "throughput": {"requests_per_second": 2}},
    "batch": {"cloud": "aws", "regions": ["eu-west-1"], "use_cases": ["training", "forecasting"],
              "workload_types": ["batch"], "compliance": ["HIPAA"], "data_classification": "phi",
              "throughput": {"gb_per_day": 60, "storage_gb": 4000}},
}
passed = failed = 0
rnd = random.Random(20261127)


def check(name, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"planning: {name}: {detail}", file=sys.stderr)


def plan(constraints, share, *options):
    state = json.dumps({"schema_version": 2, "constraints": constraints})
    run = subprocess.run([PLAN, "-q", "--compact", "--share", share, *options], input=state, capture_output=True, text=True)
    if run.returncode not in (0, 14):
        return None, run.stderr.strip()
    return json.loads(run.stdout), ""


def vector(state):
    """Smaller is better; an infeasible plan is worse than any."""
    p = state["plan"]
    if not p["feasible"]:
        return (1,)
    o = p["objective"]
    return (0, o["soft_penalty"], o["monthly_usd"], o["burden"])


def chosen(state):
    return {s["slot"]: s["pattern"] for s in state["plan"]["slots"]}


class Share:
    """A copy of share/ whose files can be changed for one question at a time."""

    def __init__(self, top):
        self.top = top
        shutil.copytree("share", top, ignore=shutil.ignore_patterns("templates", "skeleton", "lexicon", "policies", "web"))

    def change(self, path, edit):
        file = os.path.join(self.top, path)
        with open(file, encoding="utf-8") as f:
            text = f.read()
        data = json.loads(text)
        if edit(data) is False:
            return None
        with open(file, "w", encoding="utf-8") as f:
            json.dump(data, f)
        return lambda: open(file, "w", encoding="utf-8").write(text)


def with_change(share, path, edit, ask):
    undo = share.change(path, edit)
    if undo is None:
        return None
    try:
        return ask()
    finally:
        undo()


def blank_service(id_, fact, value):
    def edit(data):
        for s in data["services"]:
            if s["id"] == id_ and fact in s:
                if value == "absent":
                    del s[fact]
                else:
                    s[fact] = value
                return True
        return False
    return edit


def blank_price(sku):
    def edit(data):
        keys = [k for k in data.get("prices", {}) if k == sku or k.startswith(sku + ".tier")]
        for k in keys:
            del data["prices"][k]
        return bool(keys)
    return edit


def blank_member(*path):
    def edit(data):
        for key in path[:-1]:
            data = data.get(key, {})
        return data.pop(path[-1], None) is not None
    return edit


def blanks_of(state):
    """Every fact that the plan rests on, as (file, what, edit)."""
    p = state["plan"]
    services = sorted({x["service"] for x in p["preflight"]["services"]})
    for s in services:
        for fact, value in (("sla", "absent"), ("compliance", "absent"), ("regions", None), ("lifecycle", None)):
            yield "services/aws.json", f"{fact} of {s}", blank_service(s, fact, value)
    for line in {(x["sku"], x["region"]) for x in p["bom"]}:
        for book in (f"prices/aws/{line[1]}.json", "prices/aws/global.json", f"prices/aws/estimated/{line[1]}.json"):
            if os.path.exists(os.path.join("share", book)):
                yield book, f"price of {line[0]}", blank_price(line[0])
    for slot in p["slots"]:
        _, capability, name = slot["pattern"].split(".")
        file = f"patterns/aws/{capability}/{name}/pattern.json"
        yield file, f"latency of {slot['pattern']}", blank_member("latency")
        yield file, f"availability of {slot['pattern']}", blank_member("availability", "of")


def blank_facts(share):
    for name, constraints in BRIEFS.items():
        best, err = plan(constraints, share.top)
        check(f"{name}: a plan", best is not None and best["plan"]["feasible"], err)
        all_blanks = list(blanks_of(best))
        if ROUNDS == 1:
            all_blanks = rnd.sample(all_blanks, min(40, len(all_blanks)))
        for path, what, edit in all_blanks:
            answer = with_change(share, path, edit, lambda: plan(constraints, share.top))
            if answer is None:
                continue
            blank, err = answer
            check(f"{name}: without the {what}", blank is not None and vector(blank) >= vector(best),
                  err or f"{vector(blank)} is better than {vector(best)}")


def rename(share, pattern, new):
    cloud, capability, name = pattern.split(".")
    old_dir, new_dir = (os.path.join(share.top, "patterns", cloud, capability, n) for n in (name, new))
    os.rename(old_dir, new_dir)
    share.change(f"patterns/{cloud}/{capability}/{new}/pattern.json",
                 lambda d: d.update(id=f"{cloud}.{capability}.{new}"))
    return lambda: (share.change(f"patterns/{cloud}/{capability}/{new}/pattern.json", lambda d: d.update(id=pattern)),
                    os.rename(new_dir, old_dir))


def names_and_order(share):
    for name, constraints in BRIEFS.items():
        best, _ = plan(constraints, share.top)
        for slot in best["plan"]["slots"]:
            undo = rename(share, slot["pattern"], "zz-renamed")
            other, err = plan(constraints, share.top)
            undo()
            check(f"{name}: {slot['pattern']} renamed", other is not None and vector(other) == vector(best),
                  err or f"{vector(other)} is not {vector(best)}")
        for _ in range(3 * ROUNDS):
            answer = with_change(share, "patterns/slots.json", lambda d: rnd.shuffle(d["slots"]),
                                 lambda: plan(constraints, share.top))
            other, err = answer
            check(f"{name}: slots in another order",
                  other is not None and vector(other) == vector(best) and chosen(other) == chosen(best),
                  err or f"{chosen(other)} is not {chosen(best)}")
        shuffled = copy.deepcopy(constraints)
        for value in shuffled.values():
            if isinstance(value, list):
                value.reverse()
        other, err = plan(shuffled, share.top)
        if len(constraints.get("regions", [])) < 2:
            check(f"{name}: lists in another order", other is not None and vector(other) == vector(best), err)


def dominated(share):
    for name, constraints in BRIEFS.items():
        best, _ = plan(constraints, share.top)
        for slot in best["plan"]["slots"]:
            cloud, capability, pattern = slot["pattern"].split(".")
            made = os.path.join(share.top, "patterns", cloud, capability, "aa-dominated")
            shutil.copytree(os.path.join(share.top, "patterns", cloud, capability, pattern), made)

            def worse(d):
                d["id"] = f"{cloud}.{capability}.aa-dominated"
                d["burden"] = min(5, d["burden"] + 1)
                d["bom"].append({"component": "waste", "sku": "kms.key.month", "service": "AWS KMS", "qty": 5,
                                 "unit": "key-month", "kind": "baseline"})
            share.change(f"patterns/{cloud}/{capability}/aa-dominated/pattern.json", worse)
            other, err = plan(constraints, share.top)
            shutil.rmtree(made)
            check(f"{name}: beside a worse {slot['pattern']}",
                  other is not None and chosen(other) == chosen(best) and vector(other) == vector(best),
                  err or f"{chosen(other)} is not {chosen(best)}")


def tighter(constraints):
    """The same brief with one demand more or harder, and what was tightened."""
    c = copy.deepcopy(constraints)
    kind = rnd.choice(["budget", "availability", "compliance", "exclusion", "residency", "latency", "load"])
    if kind == "budget":
        c["budget_band"] = {"max_usd": rnd.choice([50, 150, 400, 1500, 6000]), "currency": "USD", "period": "month", "hard": True}
    elif kind == "availability":
        c["availability_target"] = rnd.choice([99.9, 99.95, 99.99])
        if c["availability_target"] < constraints.get("availability_target", 0):
            return None, kind
    elif kind == "compliance":
        c["compliance"] = [*c.get("compliance", []), rnd.choice(["SOC2", "ISO27001", "HIPAA", "PCI-DSS", "FedRAMP"])]
        if c["compliance"][-1] in constraints.get("compliance", []):
            return None, kind
    elif kind == "exclusion":
        out = rnd.choice(["lambda", "fargate", "dynamodb", "sagemaker", "kinesis", "glue"])
        if out in c.get("exclusions", []):
            return None, kind
        c["exclusions"] = [*c.get("exclusions", []), out]
    elif kind == "residency":
        c["data_residency"] = [rnd.choice(["EU", "US", "BR"])]
        if "data_residency" in constraints:
            return None, kind
    elif kind == "latency":
        c["sla_latency_ms"] = rnd.choice([40, 80, 120, 200, 400, 900, 1400, 2500])
        if c["sla_latency_ms"] >= constraints.get("sla_latency_ms", 1e9):
            return None, kind
    else:
        t = c.setdefault("throughput", {})
        for key in t:
            t[key] *= 2
    return c, kind


def loosening(share):
    for _ in range(40 * ROUNDS):
        name = rnd.choice(list(BRIEFS))
        c, kind = tighter(BRIEFS[name])
        if c is None:
            continue
        loose, _ = plan(BRIEFS[name], share.top)
        tight, err = plan(c, share.top)
        check(f"{name}: with less {kind}", tight is not None and vector(loose)[:3] <= vector(tight)[:3],
              err or f"{vector(loose)} is worse than {vector(tight)}")


def places(share):
    """Where the planner chooses the region, each one weighed costs what it costs when it is named."""
    briefs = [{}, {"data_residency": ["EU"], "use_cases": ["rag"]},
              {"use_cases": ["fraud"], "workload_types": ["streaming", "online"], "existing_stack": ["kubernetes"]},
              {"use_cases": ["inference"], "workload_types": ["online"], "availability_target": 99.99}]
    for c in briefs:
        state, err = plan(c, share.top)
        check(f"places of {c}", state is not None, err)
        for weighed in state["candidates"]["regions"] if state else []:
            if len(weighed["regions"]) > 1 and rnd.random() > 0.2 * ROUNDS:
                continue
            named, _ = plan({**c, "regions": weighed["regions"]}, share.top)
            there = named["plan"]
            if len(weighed["regions"]) == 1 and len(there["regions"]) > 1 or not there["feasible"]:
                check(f"{weighed['regions']}: no plan", not weighed["feasible"] or not there["feasible"])
                continue
            o = there["objective"]
            check(f"{weighed['regions']}: as when named",
                  (weighed["soft_penalty"], weighed["ranked_usd"]) == (o["soft_penalty"], o["monthly_usd"]),
                  f"{weighed}, {o}")


def shared_instance(share):
    """Two slots that one database fills pay for it once."""
    def both_open(d):
        for load in d["load"]:
            if load["id"] == "records":
                load["value"] = 1
    c = {"cloud": "aws", "regions": ["us-east-1"], "use_cases": ["rag"], "workload_types": ["online"],
         "storage_prefs": ["postgres"], "exclusions": ["aurora"], "throughput": {"documents": 2000}}
    undo = share.change("patterns/slots.json", both_open)
    one, err = plan(c, share.top)
    check("one database for vectors and records", one is not None and one["plan"]["feasible"], err)
    file = "patterns/aws/store/rds-postgres/pattern.json"
    apart, _ = with_change(share, file, blank_member("shared_instance"), lambda: plan(c, share.top))
    undo()
    slots = {s["slot"]: s for s in one["plan"]["slots"]}
    vector_slot, records = slots["store@vector"], slots["store@records"]
    check("the second slot names its host", records.get("shared_instance") == "store@vector" or
          vector_slot.get("shared_instance") == "store@records", str(records)[:200])
    check("in one module", records["module"] == vector_slot["module"])
    check("with its lines once", sum("rds.postgresql" in x["sku"] for x in one["plan"]["bom"]) == 1)
    check("cheaper than two", vector(one)[2] < vector(apart)[2], f"{vector(one)} {vector(apart)}")
    check("and not less available", one["plan"]["estimates"]["availability_pct"] >=
          apart["plan"]["estimates"]["availability_pct"])


def without(constraints, pointers):
    """The constraints without these demands."""
    c = copy.deepcopy(constraints)
    drop = {}
    for pointer in pointers:
        parts = pointer.strip("/").split("/")
        if len(parts) == 1:
            c.pop(parts[0], None)
        else:
            drop.setdefault(parts[0], set()).add(int(parts[1]))
    for field, at in drop.items():
        c[field] = [x for i, x in enumerate(c[field]) if i not in at]
    return c


DEMANDS = ("budget_band", "sla_latency_ms", "availability_target", "regions", "data_residency", "data_classification",
           "throughput")


def only(constraints, pointers):
    """The constraints with these demands and no others."""
    drop = [f"/{f}" for f in DEMANDS if f in constraints and f"/{f}" not in pointers]
    for field in ("compliance", "exclusions"):
        drop += [f"/{field}/{i}" for i in range(len(constraints.get(field, []))) if f"/{field}/{i}" not in pointers]
    return without(constraints, drop)


def with_value(constraints, pointer, value):
    c = copy.deepcopy(constraints)
    *path, last = pointer.strip("/").split("/")
    at = c
    for key in path:
        at = at[key]
    at[last] = value
    return c


LOOSER_UP = {"/sla_latency_ms", "/budget_band/max_usd"}


def proven_conflict(name, constraints, state, share):
    """One demand of each set given up makes a plan, all but one do not."""
    sets = state["candidates"]["conflicts"]
    check(f"{name}: a conflict", bool(sets) and all(sets))
    if sets == [["/use_cases"]]:
        return
    for members in sets:
        still, err = plan(only(constraints, members), share.top)
        check(f"{name}: {members} clash", still is not None and not still["plan"]["feasible"], err)
        for one in members:
            fewer = only(constraints, [m for m in members if m != one])
            if one == "/cloud":
                del fewer["cloud"]
            rest, err = plan(fewer, share.top)
            check(f"{name}: {members} without {one}", rest is not None and rest["plan"]["feasible"], err)
    all_hit, err = plan(without(constraints, [s[0] for s in sets]), share.top)
    check(f"{name}: without one of each set", all_hit is not None and (all_hit["plan"]["feasible"] or len(sets) == 4), err)
    if len(sets) > 1:
        return
    for n in state["candidates"]["nearest"]:
        step = n["step"] if n["constraint"] in LOOSER_UP else -n["step"]
        at, err = plan(with_value(constraints, n["constraint"], n["value"]), share.top)
        check(f"{name}: {n['constraint']} {n['value']}", at is not None and at["plan"]["feasible"], err)
        before, err = plan(with_value(constraints, n["constraint"], round(n["value"] - step, 6)), share.top)
        check(f"{name}: {n['constraint']} a step before {n['value']}",
              before is not None and not before["plan"]["feasible"], err)


def labelled(share):
    """Every labelled brief gets a plan, proven best, or a minimal conflict."""
    files = []
    for folder in ("tests/briefs", "../shared/data/briefs"):
        if os.path.isdir(folder):
            files += [os.path.join(folder, f) for f in sorted(os.listdir(folder)) if f.endswith(".expected.json")]
    feasible = 0
    for file in files:
        with open(file, encoding="utf-8") as f:
            constraints = json.load(f)["constraints"]
        name = os.path.basename(file)[:-14]
        state, err = plan(constraints, share.top)
        if state is None:
            check(f"{name}: an answer", False, err)
        elif state["plan"]["feasible"]:
            feasible += 1
            check(f"{name}: proven best", state["plan"]["optimal"])
        else:
            proven_conflict(name, constraints, state, share)
    print(f"planning: {len(files)} labelled briefs: {feasible} plans, {len(files) - feasible} conflicts")


with tempfile.TemporaryDirectory() as tmp:
    copy_of_share = Share(os.path.join(tmp, "share"))
    for prove in (places, shared_instance, labelled, names_and_order, dominated, loosening, blank_facts):
        prove(copy_of_share)
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
