#!/bin/sh
# Frozen constraints, the plans they gave: patterns, sizes, money, latency,
# availability, conflicts. UPDATE=1 writes tests/golden/plan/expected.txt anew; the
# difference is for people to read.
set -u
build=${1:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
want=tests/golden/plan/expected.txt

summarise() {
	python3 -c '
import json, sys
s = json.load(sys.stdin)
p, c = s["plan"], s["candidates"]
print("== %s: %s" % (sys.argv[1], "feasible, optimal" if p["feasible"] and p["optimal"] else "feasible" if p["feasible"] else "infeasible"))
for x in p["slots"]:
    print("%-20s %-34s %s" % (x["slot"], x["pattern"], json.dumps(x["params"], sort_keys=True)))
for b in p["bases"]:
    print("%-20s %-34s %s" % (b["module"], b["pattern"], json.dumps(b["params"], sort_keys=True)))
if p["feasible"]:
    e = p["estimates"]
    print("regions", p["regions"], "usd", e["monthly_usd"], "ranked", e["ranked_usd"], "p95", e["p95_latency_ms"], "availability", e["availability_pct"])
    print("assumptions", len(p["assumptions"]), "edges", len(p["edges"]), "bom", len(p["bom"]), "why not", len(c["why_not"]))
else:
    print(p["why"]); print("conflicts", c["conflicts"]); print("nearest", [(n["constraint"], n["value"]) for n in c["nearest"]])
' "$1"
}

while read -r name constraints; do
	printf '{"schema_version":2,"constraints":%s}' "$constraints" |
		"$build/bin/mlops-plan" --compact >"$tmp/state" 2>>"$tmp/err"
	summarise "$name" <"$tmp/state"
done <tests/golden/plan/cases.txt >"$tmp/got"
cases=$(grep -c . tests/golden/plan/cases.txt)

if [ "${UPDATE:-}" = 1 ]; then
	cp "$tmp/got" "$want"
fi
if cmp -s "$tmp/got" "$want" && [ ! -s "$tmp/err" ]; then
	echo "$cases passed, 0 failed, 0 skipped"
	exit 0
fi
cat "$tmp/err"
diff -u "$want" "$tmp/got" | head -40
changed=$(diff "$want" "$tmp/got" | grep -c '^[<>] ==')
echo "$((cases - 1 - changed)) passed, $((changed + 1)) failed, 0 skipped"
exit 1
