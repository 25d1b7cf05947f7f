#!/bin/sh
# Proving a plan: the shipped catalogue in process (target: 5 ms), the planner as a
# process, and random problems as they grow, beside OR-Tools CP-SAT and brute force on
# the same ones (target: 12 slots x 50 options with 10 shared components and 6
# constraints in 200 ms, 64 MiB).
set -eu
build=${1:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

echo "shipped catalogue: reading it, plan, 3 candidates, why not; medians of 15, ms"
echo "  in process   as a process   constraints"
while read -r name constraints; do
	printf '{"schema_version":2,"constraints":%s}' "$constraints" >"$tmp/in"
	inside=$("$build/tests/plan-bench" share "$tmp/in" 15)
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		"$build/bin/mlops-plan" --compact <"$tmp/in" >"$tmp/out" 2>/dev/null || [ $? -eq 14 ]
		sed 's/.*"planner":{[^}]*"duration_ms":\([0-9.]*\).*/\1/' "$tmp/out"
	done | sort -n | sed -n 8p >"$tmp/process"
	printf '  %10.2f %14.2f   %s\n' "$inside" "$(cat "$tmp/process")" "$name"
done <tests/golden/plan/cases.txt

tests/bench/peers/install-solver
python=.tools/solver-peer/venv/bin/python3
# compare SLOTS OPTIONS COMPONENTS INSTANCES: and CP-SAT on the same instances.
compare() {
	"$build/tests/solver-bench" "$1" "$2" "$3" "$4" dump "$tmp/instances"
	if [ -x "$python" ]; then
		for workers in 1 2; do
			"$python" tests/bench/peers/solver.py "$tmp/instances" "$workers"
		done
	else
		echo "  OR-Tools CP-SAT: skipped (not installed)"
	fi
}

echo "random problems:"
"$build/tests/solver-bench" 4 30 6 5 brute
compare 4 50 10 9
compare 8 50 10 9
compare 12 20 10 9
compare 12 50 10 9
echo "growing further:"
for size in "12 100 10" "16 50 10" "20 50 12" "12 50 20"; do
	# shellcheck disable=SC2086
	"$build/tests/solver-bench" $size 5
done
