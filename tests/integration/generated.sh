#!/usr/bin/env bash
# Generated repositories under every check that is here: the example briefs' and at
# most eight in all of the labelled ones' best three, chosen so that as many pairs of
# patterns as can be stand together somewhere. `make matrix` checks all of them.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh" "${1:-build}"
[ $# -gt 0 ] && shift
export PATH=$top/.tools/bin:$top/.tools/venv/bin:$PATH
briefs=("$@")
if [ "${#briefs[@]}" -eq 0 ]; then
	labelled=../shared/data/briefs
	[ -d "$labelled" ] || labelled=tests/briefs
	for b in examples/*.md "$labelled"/*.md; do
		if [ "$b" != examples/README.md ]; then briefs+=("$b"); fi
	done
fi
exec python3 tests/matrix/matrix.py "$build" --cover 8 "${briefs[@]}"
