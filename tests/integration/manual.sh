#!/usr/bin/env bash
# The pages of examples are what the programs say today.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
ok 'man/mlops-rules.7 and man/mlops-reports.7 are fresh' tools/example-pages --check "$build"
for page in man/mlops-rules.7 man/mlops-reports.7; do
	ok "$page reads well" mandoc -T lint -W warning "$page"
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
