#!/usr/bin/env bash
# Start-up and peak memory of each filter, beside jq and python3 doing nothing.
set -u
build=${1:-build} runs=${RUNS:-31}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
measure=$build/tests/measure
cd "$(dirname "$0")/../.." || exit 1
export SOURCE_DATE_EPOCH=1700000000 PATH=$PWD/$build/bin:$PATH LC_ALL=C
python=$(python3 -c "import sys; print(sys.executable)") # not a launcher in front of it

# The state as it stands before each filter.
brief=examples/rag-startup.md
mlops-intake -q <"$brief" >"$tmp/plan" 2>/dev/null
mlops-plan -q <"$tmp/plan" >"$tmp/critic"
mlops-critic -q <"$tmp/critic" >"$tmp/policy"
mlops-policy -q <"$tmp/policy" >"$tmp/gate"
mlops-gate -q --approve --actor bench <"$tmp/gate" >"$tmp/codegen"
mkdir -p "$tmp/repo"
mlops-codegen -q -o "$tmp/repo" <"$tmp/codegen" >"$tmp/validate"
cp "$tmp/validate" "$tmp/rationale"
mlops-rationale -q -C "$tmp/repo" <"$tmp/rationale" >"$tmp/diff"

row() { # NAME TARGET INPUT COMMAND...
	local name=$1 target=$2 input=$3 median min max kib status
	shift 3
	read -r median min max kib status < <("$measure" "$runs" "$input" "$@")
	printf '%-28s %8s ms median %8s min %8s max %7s MiB  status %s  %s\n' "$name" "$median" "$min" "$max" \
		"$(echo "scale=1; $kib/1024" | bc)" "$status" "$target"
}

echo "start-up: --version, then the filter's real work on the RAG example"
for f in intake plan critic policy gate; do
	row "mlops-$f --version" "(target 3 ms)" - mlops-$f --version
done
for f in codegen validate rationale diff; do
	row "mlops-$f --version" "(target 15 ms)" - mlops-$f --version
done
row "mlops-intake" "(target 8 ms)" "$brief" mlops-intake
row "mlops-plan" "" "$tmp/plan" mlops-plan
row "mlops-critic" "" "$tmp/critic" mlops-critic
row "mlops-policy" "" "$tmp/policy" mlops-policy
row "mlops-gate" "" "$tmp/gate" mlops-gate --approve --actor bench
row "mlops-codegen" "(target 60 ms)" "$tmp/codegen" mlops-codegen -o "$tmp/repo"
row "mlops-rationale" "" "$tmp/rationale" mlops-rationale -C "$tmp/repo"
row "mlops-diff" "" "$tmp/diff" mlops-diff -C "$tmp/repo" --zip "$tmp/out.zip"
echo "peers"
row "jq . (the same state)" "" "$tmp/gate" jq -c .
row "python3 -c pass" "" - "$python" -c pass
row "python3 json.load+dump" "" "$tmp/gate" "$python" -c 'import json,sys; json.dump(json.load(sys.stdin), sys.stdout)'

echo "peak memory on a brief of 1 MiB (target 32 MiB)"
yes "$(cat "$brief")" | head -c 1048576 >"$tmp/big.md"
row "mlops-intake, 1 MiB" "(target 32 MiB)" "$tmp/big.md" mlops-intake
mlops-intake -q <"$tmp/big.md" >"$tmp/big.plan" 2>/dev/null
row "mlops-plan, 1 MiB" "(target 32 MiB)" "$tmp/big.plan" mlops-plan
