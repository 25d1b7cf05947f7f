#!/usr/bin/env bash
# The whole pipeline without external validators: the nine-process pipe and the
# driver, beside a Python process that only parses and prints the final state
# nine times over (what a scripted pipeline would pay for its processes alone).
set -u
build=${1:-build} runs=${RUNS:-11}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
measure=$build/tests/measure
cd "$(dirname "$0")/../.." || exit 1
export SOURCE_DATE_EPOCH=1700000000 PATH=$PWD/$build/bin:$PATH LC_ALL=C
python=$(python3 -c "import sys; print(sys.executable)") # not a launcher in front of it

cat >"$tmp/pipe" <<'P'
#!/bin/sh
mlops-intake -q < "$1" | mlops-plan -q | mlops-critic -q | mlops-policy -q | mlops-gate -q --approve --actor bench |
	mlops-codegen -q -o "$2/repo" | mlops-validate -q -C "$2/repo" --tools none | mlops-rationale -q -C "$2/repo" |
	mlops-diff -q -C "$2/repo" --zip "$2/repo.zip" > "$2/state.json"
P
cat >"$tmp/pythons" <<'P'
#!/bin/sh
one() { "$PYTHON" -c 'import json,sys; json.dump(json.load(sys.stdin), sys.stdout)'; }
one < "$1" | one | one | one | one | one | one | one | one
P
export PYTHON=$python
chmod +x "$tmp/pipe" "$tmp/pythons"
row() {
	local name=$1 median min max kib status
	shift
	read -r median min max kib status < <("$measure" "$runs" - "$@")
	printf '%-44s %8s ms median %8s min %8s max  status %s\n' "$name" "$median" "$min" "$max" "$status"
}
for brief in examples/*.md; do
	name=$(basename "$brief" .md)
	[ "$name" = README ] && continue
	mkdir -p "$tmp/$name"
	row "nine filters, $name (target 150)" "$tmp/pipe" "$brief" "$tmp/$name"
	row "mlops run, $name" mlops run -q "$brief" -o "$tmp/$name/run" --yes --tools none --db "sqlite:$tmp/$name/db"
	row "nine python3 json round trips, same state" "$tmp/pythons" "$tmp/$name/state.json"
	echo "    files generated: $(find "$tmp/$name/repo" -type f | wc -l)"
done
