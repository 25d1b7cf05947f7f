#!/usr/bin/env bash
# Rules and prices in process (targets: 100 rules over a plan of 200 lines in 2 ms,
# 10,000 rules/s; a region's prices in 1 ms), beside Python parsing the same book.
set -u
build=${1:-build}
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export PATH=$PWD/$build/bin:$PATH LC_ALL=C
mlops-intake -q <examples/rag-startup.md | mlops-plan -q | mlops-critic -q >"$tmp/state.json"
"$build/tests/rules-bench" "$tmp/state.json"
python3 - <<'P'
import json, time
text = open("share/prices/aws/us-east-1.json").read()
def once():
    t = time.perf_counter()
    json.loads(text)
    return time.perf_counter() - t
print(f"python3 json.loads of the same book: {min(once() for _ in range(20)) * 1000:.3f} ms")
P
