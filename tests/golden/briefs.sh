#!/usr/bin/env bash
# The example briefs, frozen: states and repository hashes must come out the same.
# After a wanted change: mlops golden record tests/golden/briefs, and say in the
# commit what changed in each key.
# shellcheck source-path=SCRIPTDIR/../integration disable=SC2154
. "$(dirname "$0")/../integration/lib.sh"

cp -R tests/golden/briefs "$tmp/briefs"
for brief in tests/golden/briefs/*.md; do
	ok "the frozen $(basename "$brief") is the example" cmp "$brief" "examples/$(basename "$brief")"
done
mlops golden verify "$tmp/briefs" >"$tmp/out" 2>&1
status=$?
sed -n '/^ok/!p' "$tmp/out" | tail -n 40
checks=$(sed -n 's/^\([0-9]*\) checks, \([0-9]*\) failed$/\1 \2/p' "$tmp/out" | tail -n 1)
read -r all bad <<<"${checks:-0 1}"
passed=$((passed + all - bad)) failed=$((failed + bad))
[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || fail "mlops golden verify ended with $status"
finish
