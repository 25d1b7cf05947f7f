#!/bin/sh
# What is read from briefs of many shapes, frozen: each constraint with its words, rule
# and confidence; what is open and what contradicts. UPDATE=1 writes
# tests/golden/intake/expected.txt anew; the difference is for people to read.
set -u
build=${1:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
want=tests/golden/intake/expected.txt

summarise() {
	python3 -c '
import json, sys
s = json.load(sys.stdin)
print("==", sys.argv[1])
for key, e in s["provenance"].items():
    value = s
    for part in key.strip("/").split("/"):
        value = value[int(part)] if isinstance(value, list) else value.get(part) if isinstance(value, dict) else None
    open_ = "  OPEN " + e["ambiguous"] if "ambiguous" in e else ""
    print("%-46s %-24s %s  <- %s %s%s" % (key[13:], json.dumps(value), json.dumps(e["quote"], ensure_ascii=False), e["rule"], e["confidence"], open_))
for c in s["coverage"]["conflicts"]:
    print("CONFLICT", c["fields"], c["why"], json.dumps(c["quotes"], ensure_ascii=False))
print("coverage", s["coverage"]["score"], "missing", s["coverage"]["missing"])
' "$1"
}

while read -r brief; do
	"$build/bin/mlops-intake" --compact --only extract --brief "tests/briefs/$brief.md" 2>>"$tmp/err" |
		"$build/bin/mlops-intake" --compact --only coverage >"$tmp/state" 2>>"$tmp/err"
	summarise "$brief" <"$tmp/state"
done <tests/golden/intake/cases.txt >"$tmp/got"
cases=$(grep -c . tests/golden/intake/cases.txt)

[ "${UPDATE:-}" = 1 ] && cp "$tmp/got" "$want"
if cmp -s "$tmp/got" "$want" && [ ! -s "$tmp/err" ]; then
	echo "$cases passed, 0 failed, 0 skipped"
	exit 0
fi
cat "$tmp/err"
diff -u "$want" "$tmp/got" | head -40
echo "0 passed, $cases failed, 0 skipped"
exit 1
