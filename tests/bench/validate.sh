#!/usr/bin/env bash
# Brief to zip with every validator that is here: cold, and with verdicts kept, beside
# the specification's five minutes; and what running checks side by side gives, as wall
# time against the sum of the tools and the slowest of them. VALIDATE_RUNS repeats it
# (one takes ten minutes on two busy cores), VALIDATE_BRIEFS names other briefs.
set -u
build=${1:-build} runs=${VALIDATE_RUNS:-1}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$(dirname "$0")/../.." || exit 1
export SOURCE_DATE_EPOCH=1700000000 PATH=$PWD/$build/bin:$PWD/.tools/bin:$PWD/.tools/venv/bin:$PATH LC_ALL=C

# once CACHE OUT BRIEF: seconds of the whole run, then wall, sum and slowest of the checks.
once() {
	local start end
	rm -rf "$2"
	start=$(date +%s%N)
	mlops run -q "$3" -o "$2" --yes --cache "$1" --db "sqlite:$2.db" >/dev/null 2>"$tmp/said"
	end=$(date +%s%N)
	rm -rf "$2.db"
	if [ ! -s "$2/state.json" ]; then
		printf '%s: no state: %s\n' "$3" "$(tail -n 1 "$tmp/said")" >&2
		return 1
	fi
	jq -r --argjson s "$((end - start))" '.reports | [$s / 1e9, .wall_ms / 1e3, .sum_ms / 1e3,
		([.checks[].duration_ms // 0] | max / 1e3), .status, .summary.skipped] | @tsv' "$2/state.json"
}

# p95 of the numbers on stdin, by the nearest rank.
p95() { sort -g | awk '{v[NR] = $1} END {i = int(NR * 0.95 + 0.999999); printf "%.1f", v[i]}'; }

printf '%-18s %-7s %9s %9s %9s %9s  %s\n' brief "" "to zip s" "checks s" "sum s" "slowest s" "result, skipped"
for brief in ${VALIDATE_BRIEFS:-examples/*.md}; do
	name=$(basename "$brief" .md)
	[ "$name" = README ] && continue
	for n in $(seq "$runs"); do
		for kind in cold kept; do
			once "$tmp/cache.$name.$n" "$tmp/$name" "$brief" >"$tmp/line" || exit 1
			read -r whole wall sum slowest status skipped <"$tmp/line"
			printf '%-18s %-7s %9.1f %9.1f %9.1f %9.1f  %s, %s\n' "$name" "$kind" "$whole" "$wall" "$sum" "$slowest" "$status" "$skipped"
			echo "$whole" >>"$tmp/$kind"
		done
		rm -rf "$tmp/cache.$name.$n"
	done
done
printf 'p95, brief to zip with all validators: cold %s s, kept %s s (specification: 300 s)\n' "$(p95 <"$tmp/cold")" "$(p95 <"$tmp/kept")"
