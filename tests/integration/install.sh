#!/usr/bin/env bash
# `make install` into a staging folder; the installed programs find their data,
# their manual pages cover their options, completion knows them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ok "make install" make -s B="$build" install DESTDIR="$tmp/root" PREFIX=/usr
bin=$tmp/root/usr/bin
export PATH=$bin:/usr/bin:/bin
cd "$tmp" || exit 1
unset MLOPS_SHARE

ok "installed programs share nothing with the source tree" \
	sh -c 'mlops-intake -q < "$1" | mlops-plan -q | mlops-critic -q | mlops-policy -q > state' sh "$top/examples/rag-startup.md"
same "the installed plan is feasible" "$(jq .plan.feasible state)" true

for program in "$bin"/*; do
	name=$(basename "$program")
	ok "$name --version" "$program" --version
	ok "$name --help" "$program" --help
	page=$(find "$tmp/root/usr/share/man" -name "$name.[18]")
	if [ -z "$page" ]; then
		fail "$name has no manual page"
		continue
	fi
	mandoc -T ascii "$page" | col -b >"$tmp/page"
	for option in $("$program" --help | sed -n '/^common options/q; s/^  \(-., \|    \)--\([a-z-]*\).*/\2/p'); do
		if grep -q -e "--*$option" "$tmp/page"; then pass; else fail "$name(1) does not tell --$option"; fi
	done
done
finish
