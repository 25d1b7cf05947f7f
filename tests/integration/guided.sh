#!/usr/bin/env bash
# mlops-intake --guided on a real pseudo-terminal: arrow keys, typing, defaults, back,
# help, skip, the meter, going on later, and a terminal that comes back as it was.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { skip "python3: not installed"; finish; }
cat >"$tmp/brief.md" <<'END'
Recommendations for our web shop. Something like 40 requests per second.
END
out=$(python3 tests/integration/guided-keys.py "$build/bin/mlops-intake" "$tmp" 2>&1)
printf '%s\n' "$out" | grep -v '^ok ' || true
while read -r verdict name; do
	case $verdict in
	ok) ok "$name" true ;;
	FAILED) ok "$name" false ;;
	esac
done <<<"$out"
finish
