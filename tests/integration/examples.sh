#!/usr/bin/env bash
# The examples run as written: the pipelines, the Makefile, the CI job's commands.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export USER=tester SOURCE_DATE_EPOCH=1700000000
# generated.sh runs the validators on these briefs; here the pipelines are tested,
# with the tools of the base system alone.
actionlint=$(command -v actionlint)
PATH=$top/$build/bin:/usr/bin:/bin

for brief in examples/*.md; do
	case $brief in */README.md) continue ;; esac
	name=$(basename "$brief" .md)
	ok "nine-filters.sh $name" examples/pipelines/nine-filters.sh "$brief" "$tmp/nine/$name"
	ok "$name: a zip" unzip -tq "$tmp/nine/$name/repo.zip"
	ok "$name: a report" test -s "$tmp/nine/$name/repo/reports/index.html"
done

examples/pipelines/what-would-it-cost.sh examples/rag-startup.md 2500 100 1 >"$tmp/cost" 2>"$tmp/cost.err" ||
	fail "what-would-it-cost.sh: $(cat "$tmp/cost.err")"
same "what-would-it-cost.sh: a row for each budget" "$(wc -l <"$tmp/cost")" 4

ok "policy-check.sh" examples/pipelines/policy-check.sh examples/batch-training.md
ok "make -C examples" make -s -j2 -C examples OUT="$tmp/batch"
for brief in examples/*.md; do
	case $brief in */README.md) continue ;; esac
	ok "make -C examples: $brief" test -s "$tmp/batch/$(basename "$brief" .md)/state.json"
done

mkdir "$tmp/golden-work" && cp examples/batch-training.md "$tmp/golden-work/"
ok "golden record" mlops golden record "$tmp/golden-work"
ok "golden verify" mlops golden verify "$tmp/golden-work" --junit "$tmp/golden.xml"
ok "golden.xml" grep -q '<testsuite' "$tmp/golden.xml"
if [ -n "$actionlint" ]; then
	ok "examples/ci/golden.yml" "$actionlint" examples/ci/golden.yml
else
	skip "actionlint on examples/ci/golden.yml: not installed"
fi
finish
