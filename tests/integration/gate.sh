#!/usr/bin/env bash
# The gate against those who want past it: thresholds, the automatic mode, a decision that
# is edited afterwards, one that has expired, text that would paint the screen.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
export SOURCE_DATE_EPOCH=1767225600 # 2026-01-01

mlops-intake -q <examples/batch-training.md | mlops-plan -q | mlops-critic -q | mlops-policy -q >"$tmp/judged"
# gate STATUS NAME FILTER OPTION...: the judged state, changed, at the gate.
gate() {
	local want=$1 name=$2 filter=$3 got
	shift 3
	jq -c "$filter" "$tmp/judged" >"$tmp/in"
	mlops-gate -q "$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	got=$?
	same "$name" "$got" "$want"
}
# judge FILTER: what makes a change a judged one again: the policy's word for it.
judge() { jq -c "$1" "$tmp/judged" | mlops-policy -q >"$tmp/again" && cp "$tmp/again" "$tmp/judged"; }

# ---- who may decide ----
gate 0 'auto approves what nobody has to look at' . --mode auto
same 'in its own name' "$(jq -r .hitl.actor "$tmp/out")" auto
gate 10 'review does not' .
gate 10 'read-only does not' . --mode read-only
cp "$tmp/judged" "$tmp/clean"
for change in '.policy.rules[0].status="warn"' '.policy.rules[0].status="unknown"' '.policy.rules[0].status="fail"' \
	'.policy.overall="fail"' 'del(.policy)' 'del(.cost)' '.plan.feasible=false'; do
	gate "$([[ $change == *feasible* ]] && echo 14 || echo 10)" "auto: $change" "$change" --mode auto
done
judge '.cost.lower_bound=true'
gate 10 'auto: a cost that is a lower bound' . --mode auto
cp "$tmp/clean" "$tmp/judged"

# ---- thresholds: more than Y USD or X %, and they are options ----
grow() { cp "$tmp/clean" "$tmp/judged"; judge ".cost.delta_vs_prev_usd=$1|.cost.delta_vs_prev_pct=$2"; }
grow 500 20
gate 0 'at the thresholds' . --mode auto
grow 500.01 20
gate 10 'a cent over' . --mode auto
ok 'and says so' grep -q 'the cost grows by 500.01 USD a month, more than 500.00' "$tmp/out"
gate 0 'with another threshold' . --mode auto --max-delta-usd 501
grow 1 15
gate 0 'under the percentage' . --mode auto
gate 10 'over another one' . --mode auto --max-delta-pct 14.9
ok 'which is named' grep -q 'the cost grows by 15.0 %, more than 14.9 %' "$tmp/out"
grow -9000 -90
gate 0 'a cost that shrinks' . --mode auto
for bad in -1 nan inf x ''; do
	mlops-gate --max-delta-usd "$bad" <"$tmp/judged" >"$tmp/out" 2>"$tmp/err"
	same "the threshold '$bad'" $? 2
done
cp "$tmp/clean" "$tmp/judged"

# ---- comments ----
gate 10 'a comment on an element' . --reject --actor ann --comment '/plan/slots/0/pattern=too = dear'
same 'keeps its text' "$(jq -c '.hitl.comments[0]|[.pointer,.text,.actor]' "$tmp/out")" '["/plan/slots/0/pattern","too = dear","ann"]'
gate 65 'on none' . --reject --actor ann --comment '/plan/slots/99=x'
gate 65 'on a bad pointer' . --reject --actor ann --comment '/plan/~2=x'
gate 10 'on everything' . --reject --actor ann --comment 'no = no'
same 'has no pointer' "$(jq -c '.hitl.comments[0]|[.pointer,.text]' "$tmp/out")" '[null,"no = no"]'
gate 2 'a rejection without a word' . --reject --actor ann
gate 2 'an empty name' . --approve --actor ''
gate 2 'two decisions' . --approve --reject --actor ann --comment x
for t in 0h 72 h -1h 99999h 1w ''; do gate 2 "expires '$t'" . --approve --actor ann --expires "$t"; done

# ---- a decision that is changed afterwards ----
gate 0 'approved for an hour' . --approve --actor ann --expires 1h
cp "$tmp/out" "$tmp/approved"
# codegen STATUS NAME FILTER [WHY]
codegen() {
	rm -rf "$tmp/repo"
	jq -c "$3" "$tmp/approved" >"$tmp/in"
	mlops-codegen -o "$tmp/repo" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	same "$2" "$?" "$1"
	[ "$1" = 0 ] || ok "$2: nothing is written" test ! -e "$tmp/repo"
	[ -z "${4:-}" ] || ok "$2: says why" grep -q "$4" "$tmp/err"
}
codegen 0 'as approved' .
codegen 0 'in other words' '(.plan.slots[]|.title)="x"|.plan.slots|=reverse|.cost.breakdown|=reverse|.constraints.use_cases|=reverse|.reason_cards=[]'
codegen 10 'another name' '.hitl.actor="bob"' 'who approved what, and when'
codegen 10 'another time' '.hitl.decided_at="2026-01-01T00:00:01Z"' 'who approved what, and when'
codegen 10 'a longer one' '.hitl.expires_at="2027-01-01T00:00:00Z"' 'who approved what, and when'
codegen 10 'no end' '.hitl.expires_at=null' 'who approved what, and when'
codegen 10 'another digest' '.hitl.digest.plan=("0"*64)' 'who approved what, and when'
codegen 10 'a rejection made an approval' '.hitl.status="rejected"' 'not approved'
codegen 10 'another class of data' '.constraints.data_classification="public"' 'void: constraints changed'
codegen 10 'another parameter' '.plan.slots[0].params.x=1' 'void: plan changed'
codegen 10 'another price' '.cost.breakdown[0].usd=0' 'void: cost changed'
codegen 10 'no decision' 'del(.hitl)' 'not approved'
export SOURCE_DATE_EPOCH=1767229200
codegen 10 'an hour later' . 'has expired'
export SOURCE_DATE_EPOCH=1767229199
codegen 0 'a second before' .
export SOURCE_DATE_EPOCH=1767225600

# ---- the screen ----
evil='\u001b[2J\u0007\r\nYES\u0085\u009b31m\u202e\u2066\u200b\ufeff'
jq -c ".plan.cloud=\"a$evil\"|.plan.slots[0].slot=\"b$evil\"|.plan.slots[0].pattern=\"c$evil\"|.plan.regions=[\"d$evil\"]
|.critique.findings[0].severity=\"high\"|.critique.findings[0].title=\"e$evil\"|.plan.assumptions[0].field=\"f$evil\"|.plan.assumptions[0].why=\"g$evil\"
|.plan.open_questions=[\"h$evil\"]|.policy.rules[0].status=\"fail\"|.policy.rules[0].detail=\"i$evil\"
|.cost.by_capability[0].capability=\"j$evil\"" "$tmp/clean" >"$tmp/in"
mlops-gate <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
same 'all of it is shown' "$(grep -o '[a-j]?\[2J' "$tmp/err" | tr -d '?[2J' | sort -u | tr -d '\n')" abcdefghij
same 'and no control character' "$(LC_ALL=C tr -d '\n' <"$tmp/err" | LC_ALL=C grep -c '[[:cntrl:]]')" 0
same 'nor one of the second kind, a turn of direction, a character without width' \
	"$(LC_ALL=C grep -cE $'\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf' "$tmp/err")" 0

# ---- waivers stand in the reports, with who answers for them ----
mkdir "$tmp/own"
printf '%s' '{"pack":"own","version":"1","title":"t","rules":[{"id":"own_rule","title":"A rule of ours","severity":"fail",
"assert":{"==":[{"var":"plan.cloud"},"none"]},"message":{"pass":"p","fail":"not as we do it"},"remediation":"do it our way",
"tests":[{"expect":"fail","state":{}}]}]}' >"$tmp/own/own.json"
printf '%s' '{"schema_version":1,"waivers":[{"rule":"own_rule","owner":"ann <b>","reason":"pilot & co","expires":"2026-06-30"},
{"rule":"tagging","owner":"bob","reason":"old","expires":"2025-06-30"}]}' >"$tmp/waivers.json"
mlops-policy -q --policy-dir "$tmp/own" --waivers "$tmp/waivers.json" <"$tmp/clean" | mlops-gate -q --approve --actor ann |
	mlops-codegen -q -o "$tmp/waived" | mlops-validate -q -C "$tmp/waived" --tools none | mlops-rationale -q -C "$tmp/waived" >"$tmp/out"
for text in 'waived by ann &lt;b&gt; until 2026-06-30: pilot &amp; co' 'do it our way' '<td>expired</td>' '<td>counts</td>' '<svg'; do
	ok "index.html has $text" grep -qF "$text" "$tmp/waived/reports/index.html"
done
ok 'docs have them, too' grep -qE 'tagging.*bob.*old.*2025-06-30.*expired' "$tmp/waived/docs/rationale.md"
same 'policy.json has both' "$(jq -c '[.waivers[].state]' "$tmp/waived/reports/policy.json")" '["counts","expired"]'

# ---- in a run: what has expired is stale ----
mkdir "$tmp/run" && cd "$tmp/run" || exit 1
cp "$top/examples/batch-training.md" brief.md
run() {
	SOURCE_DATE_EPOCH=$1 mlops run brief.md -o out --tools none "${@:3}" >run.out 2>&1
	same "a run at $1" "$?" "$2"
}
set_status() { sqlite3 .mlops/mlops.db 'SELECT status FROM decision_sets'; }
run 1767225600 10 --expires 1h
same 'waits' "$(set_status)" waiting
run 1767225700 10 --resume --expires 1h
same 'still in time' "$(set_status)" waiting
run 1767239999 10 --resume --expires 1h
same 'too late' "$(set_status)" stale
ok 'says so' grep -q 'stale: the decision at the gate has expired' run.out
same 'with an event' "$(mlops log --format json 2>/dev/null | jq -c '[.. | objects | select(.type == "stale") | .payload.expired_at]')" '["2026-01-01T01:01:40Z"]'
run 1767240000 0 --resume --yes
same 'and can be decided again' "$(set_status)" complete

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
