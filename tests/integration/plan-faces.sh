#!/usr/bin/env bash
# plan-faces.sh BUILD: a plan as a table and as drawings, and its Reason Card.
. "$(dirname "$0")/lib.sh"

echo '{"schema_version":2,"constraints":{"cloud":"aws","regions":["eu-west-1"],"use_cases":["fraud"],"workload_types":["streaming","online"],"compliance":["GDPR"],"throughput":{"events_per_second":400}}}' >"$tmp/in"
echo '{"schema_version":2,"constraints":{"cloud":"aws","regions":["us-east-1"],"data_residency":["EU"]}}' >"$tmp/none"
mlops-plan -q --compact <"$tmp/in" >"$tmp/state" || fail "no plan"

face() { mlops-plan -q --format "$1" <"$tmp/in" >"$tmp/$1"; }
for f in text mermaid dot; do ok "--format $f" face "$f"; done
# every slot is drawn
drawn() {
	python3 - "$tmp/state" "$tmp/$1" <<-'P'
		import json, sys
		plan = json.load(open(sys.argv[1]))["plan"]
		text = open(sys.argv[2]).read()
		missing = [s["slot"] for s in plan["slots"] if s["slot"] not in text and s["module"] not in text]
		assert not missing, missing
	P
}
for f in text mermaid dot; do ok "$f has every slot" drawn "$f"; done
same 'mermaid is the one of the plan' "$(cat "$tmp/mermaid")" \
	"$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["plan"]["diagram_mermaid"], end="")' "$tmp/state")"

if command -v dot >/dev/null; then
	ok '--format svg' face svg
	ok 'svg is XML and has every slot' python3 -c '
import json, sys, xml.etree.ElementTree as E
E.parse(sys.argv[2])
text = open(sys.argv[2]).read()
assert all(s["slot"] in text for s in json.load(open(sys.argv[1]))["plan"]["slots"])' "$tmp/state" "$tmp/svg"
else
	skip 'svg (Graphviz is not installed)'
fi
plan=$(command -v mlops-plan)
mkdir "$tmp/empty"
PATH=$tmp/empty "$plan" -q --format svg <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
same 'svg without Graphviz' "$?" 78
ok 'says what is missing' grep -q 'dot is not installed' "$tmp/err"
same 'and prints nothing' "$(cat "$tmp/out")" ""
mlops-plan -q --format xml <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
same 'an unknown format' "$?" 2

mlops-plan -q --format text <"$tmp/none" >"$tmp/out"
same 'nothing fits' "$?" 14
ok 'and the table says what clashes' grep -q 'these cannot all hold: /regions, /data_residency' "$tmp/out"

# The card: every open question is a risk, candidates say what they trade.
ok 'the Reason Card' python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))
card = [c for c in s["reason_cards"] if c["agent"] == "planner"][-1]
risks = json.dumps(card["risks"])
assert s["plan"]["open_questions"], "no question"
for q in s["plan"]["open_questions"]:
    assert json.dumps(q) in risks or json.dumps(q)[1:-1] in risks, q
assert len(card["candidates"]) == 3
for c in card["candidates"]:
    assert len(c["tradeoffs"]) >= 3, c
assert any("against the best" in t for t in card["candidates"][1]["tradeoffs"])' "$tmp/state"

finish
