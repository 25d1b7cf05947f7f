#!/bin/sh
# Proving a plan: the shipped catalogue in process, and random problems as they grow.
set -eu
build=${1:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

echo "shipped catalogue, planner node (read, plan, candidates, why not), median of 15:"
while read -r name constraints; do
	printf '{"schema_version":2,"constraints":%s}' "$constraints" >"$tmp/in"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		"$build/bin/mlops-plan" --compact <"$tmp/in" >"$tmp/out" 2>/dev/null || [ $? -eq 14 ]
		sed 's/.*"planner":{[^}]*"duration_ms":\([0-9.]*\).*/\1/' "$tmp/out"
	done | sort -n | sed -n "8s/^/  $name ms: /p"
done <tests/golden/plan/cases.txt

echo "random problems:"
"$build/tests/solver-bench" 4 30 6 5 brute
for size in "4 50 10" "8 50 10" "12 20 10" "12 50 10" "12 100 10"; do
	# shellcheck disable=SC2086
	"$build/tests/solver-bench" $size 9
done
