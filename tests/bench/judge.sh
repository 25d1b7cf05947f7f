#!/usr/bin/env bash
# Rules and prices in process (targets: 100 rules over 200 components in 2 ms, 10,000
# rules/s; a region's prices in 1 ms). Beside them, on the same rules and data, the
# reference implementation of JSONLogic and its translation to Python, and Python
# parsing the same price book.
set -u
build=${1:-build}
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export PATH=$PWD/$build/bin:$PATH LC_ALL=C
mlops-intake -q <examples/rag-startup.md | mlops-plan -q | mlops-critic -q >"$tmp/state.json"
"$build/tests/rules-bench" "$tmp/state.json" "$tmp/inputs.json" >"$tmp/ours" || exit 1
grep -v '^assertions' "$tmp/ours"
read -r ms rate ours < <(sed -n 's/^assertions alone: //p' "$tmp/ours")
row() { printf '%-44s %8s ms %9s rules/s  %s\n' "$@"; }
row '100 assertions, mlops' "$ms" "$rate" ''
tests/bench/peers/install
# peer NAME COMMAND...: how many verdicts are the same stands beside the figure.
peer() {
	local name=$1 ms rate verdicts
	shift
	if ! read -r ms rate verdicts < <("$@" "$tmp/inputs.json" 2>"$tmp/err"); then
		printf 'skipped: %s: %s\n' "$name" "$(tail -n 1 "$tmp/err")"
		return 0
	fi
	row "100 assertions, $name" "$ms" "$rate" \
		"$(cmp -l <(fold -w 1 <<<"$ours") <(fold -w 1 <<<"$verdicts") | wc -l) other verdicts"
	[ "$verdicts" = "$ours" ]
}
status=0
# The reference must agree. Its translation to Python takes null for no number.
peer 'json-logic-js 2.0.5 (node)' node tests/bench/peers/rules.js || status=1
peer 'json-logic-qubit 0.9.1 (python3)' .tools/peers/venv/bin/python3 tests/bench/peers/rules.py
python3 - <<'P'
import json, time
text = open("share/prices/aws/us-east-1.json").read()
def once():
    t = time.perf_counter()
    json.loads(text)
    return time.perf_counter() - t
print(f"python3 json.loads of the same book: {min(once() for _ in range(20)) * 1000:.3f} ms")
P
exit "$status"
