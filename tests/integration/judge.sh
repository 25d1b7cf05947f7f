#!/usr/bin/env bash
# The filters that judge a plan, as a user runs them: critic, policy, gate.
. "$(dirname "$0")/lib.sh"
export SOURCE_DATE_EPOCH=1767225600 # 2026-01-01

state() {
	printf '%s' '{"schema_version":2,"constraints":{"budget_band":{"max_usd":100,"hard":true}},
"plan":{"feasible":true,"cloud":"aws","regions":["eu-west-1"],"optimal":true,"open_questions":[],
"slots":[{"slot":"serve@online","capability":"serve","pattern":"x","version":"1","module":"serve_online",
"params":{"replicas":2},"components":["work"],"monthly_usd":60,"queue":{"of":"requests","rate_rps":'"${1:-10}"',"service_ms":100,"servers":2},
"latency":{"hops":[{"name":"work","p50_ms":100,"p95_ms":200,"p99_ms":300,"evidence":"est."}]}}],
"bom":[{"component":"key","sku":"kms.key.month","service":"kms","qty":'"${2:-3}"',"unit":"key-month"},
{"component":"lake","sku":"s3.standard.gb_month","qty":60000,"kind":"usage"},
{"component":"odd","sku":"no.such.sku","qty":1}]}}'
}
# status WANT NAME COMMAND...: stdin is $tmp/in; stdout goes to $tmp/out.
status() {
	local want=$1 name=$2 got
	shift 2
	"$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	got=$?
	if [ "$got" -eq "$want" ]; then pass; else
		fail "$name: status $got, not $want"
		tail -n 3 "$tmp/err"
	fi
}
# is NAME FILTER WANT: of $tmp/out.
is() { same "$1" "$(jq -rc "$2" <"$tmp/out" 2>&1)" "$3"; }

# ---- cost ----
state >"$tmp/in"
status 0 'cost prices a plan' mlops-critic cost
is 'the sum is exact' .cost.monthly_usd 1374.2 # 3*1 + 51200*0.023 + 8800*0.022
is 'with all digits' .cost.monthly_usd_exact 1374.2
is 'the tiers are split' '[.cost.breakdown[1].tiers[].quantity]' '[51200,8800]'
is 'an unpriced line has no amount' '.cost.breakdown[2]|[.usd,.status]' '[null,"unpriced"]'
is 'it is listed' '[.cost.unpriced[].sku]' '["no.such.sku"]'
is 'the sum is a lower bound' .cost.lower_bound true
is 'no delta without a previous version' '[.cost.delta_vs_prev_usd,.cost.delta_vs_prev_pct]' '[null,null]'
is 'every priced line has source and date' \
	'[.cost.breakdown[]|select(.usd!=null)|(.source|length>0),(.date|length>0)]|all' true
cp "$tmp/out" "$tmp/previous.json"
state 10 5 >"$tmp/in"
status 0 'cost compares' mlops-critic cost --previous "$tmp/previous.json"
is 'the delta' '[.cost.delta_vs_prev_usd,.cost.delta_vs_prev_pct,.cost.delta.by_cause]' '[2,0.1,{"resized":2}]'
printf '{"schema_version":2,"cost":{"monthly_usd":1000}}' >"$tmp/bare.json"
status 0 'a previous cost without lines' mlops-critic cost --previous "$tmp/bare.json"
is 'is compared as a whole' '[.cost.delta_vs_prev_usd,.cost.delta.by_cause]' '[376.2,{"not itemised":376.2}]'
status 66 'a previous state that is not there' mlops-critic cost --previous "$tmp/none.json"
same 'nothing on stdout then' "$(cat "$tmp/out")" ''
printf '{"schema_version":1,"lines":[{"match":{"sku":"s3.*"},"qty":100}],
"discounts":[{"match":{"sku":"kms.key.month"},"percent":50,"why":"deal"}]}' >"$tmp/usage.json"
status 0 'a usage file' mlops-critic cost --usage "$tmp/usage.json"
is 'changes quantities and prices' .cost.monthly_usd 4.8 # 5*1*0.5 + 100*0.023
printf '{"schema_version":1,"load":{"rps_avg":1},"preset":"large","lines":[{"match":{"component":"key"},"schedule":{"hours_per_day":12,"days_per_week":3.5}}],
"commitments":[{"match":{"sku":"kms.*"},"qty":2,"unit_usd":0.25,"why":"1 year"},{"match":{"sku":"kms.*"},"qty":2,"unit_usd":0.5,"why":"3 years"},
{"match":{"sku":"none"},"qty":1,"unit_usd":9,"why":"other"},{"match":{"component":"odd"},"qty":1,"unit_usd":7,"why":"made to order"}],
"discounts":[{"match":{"component":"lake"},"percent":10,"why":"contract"}]}' >"$tmp/usage.json"
status 0 'commitments and a schedule' mlops-critic cost --usage "$tmp/usage.json"
# keys: 5 * 12/24 * 3.5/7 = 1.25 of 2 committed at 0.25, all 4 paid: 0.5 + 1; odd: 1 * 7
# lake: (51200*0.023 + 68800*0.022) * 0.9
is 'are exact' '.cost.breakdown|map(.usd)' '[1.5,2422.08,7]'
is 'what is left at list price' '.cost.breakdown|map([.quantity,.committed_quantity])' '[[1.25,1.25],[120000,null],[1,1]]'
is 'a committed line has a price' '[.cost.lower_bound,.cost.unpriced_lines]' '[false,0]'
is 'rules that did nothing are named' '.cost.usage_file|[.preset,.unmatched,(.sha256|length)]' '["large",["/commitments/2"],64]'
for bad in '{"schema_version":1,"lines":[{"match":{},"qty":1}]}' \
	'{"schema_version":1,"lines":[{"match":{"sku":"a"},"schedule":{"hours_per_day":25,"days_per_week":7}}]}' \
	'{"schema_version":1,"lines":[{"match":{"sku":"a"},"schedule":{"hours_per_day":5}}]}' \
	'{"schema_version":1,"commitments":[{"match":{"sku":"a"},"qty":1,"unit_usd":-1,"why":"x"}]}' \
	'{"schema_version":1,"commitments":[{"match":{"sku":"a"},"qty":1,"why":"x"}]}' \
	'{"schema_version":1,"load":5}' \
	'{"schema_version":1,"lines":[{"match":{"sku":"a"},"qty":-1}]}' \
	'{"schema_version":1,"discounts":[{"match":{"sku":"a"},"percent":101,"why":"x"}]}' \
	'{"schema_version":1,"extra":1}' '{"lines":[]}' 'nonsense'; do
	printf '%s' "$bad" >"$tmp/usage.json"
	status 65 "a broken usage file: $bad" mlops-critic cost --usage "$tmp/usage.json"
done
status 0 'text' mlops-critic cost --format text
ok 'the table has the total' grep -q '^at least 1376.20 USD a month' "$tmp/out"
status 0 'a usage template' mlops-critic cost --format usage
is 'has the usage lines' '[.lines[].match.component]' '["lake"]'
mlops-intake -q <examples/rag-startup.md | mlops-plan -q >"$tmp/planned"
mlops-critic cost --format usage <"$tmp/planned" >"$tmp/usage.json" 2>/dev/null
same 'a template has the load that was stated' "$(jq '.load|[.users,.rps_avg]' "$tmp/usage.json")" \
	"$(jq '.constraints.throughput|[.users,.requests_per_second]' "$tmp/planned")"
same 'and changes nothing as it is' "$(mlops-critic cost --usage "$tmp/usage.json" <"$tmp/planned" 2>/dev/null | jq -c '.cost|del(.usage_file,.price_book)')" \
	"$(mlops-critic cost <"$tmp/planned" 2>/dev/null | jq -c '.cost|del(.usage_file,.price_book)')"
status 2 'an unknown format' mlops-critic cost --format xml
for bad in '{"sku":"a","qty":-1}' '{"sku":"a"}' '{"qty":1}' '{"sku":"a","qty":"1"}' 5; do
	printf '{"schema_version":2,"plan":{"bom":[%s]}}' "$bad" >"$tmp/in"
	status 65 "a line that is none: $bad" mlops-critic cost
done
printf '{"schema_version":2,"plan":{"bom":[{"component":"a","sku":"kms.key.month","region":"us-east-1","qty":1e15}]}}' >"$tmp/in"
status 65 'an amount that no JSON number holds' mlops-critic cost
printf '{"schema_version":2}' >"$tmp/in"
status 65 'no plan' mlops-critic cost
printf '{"schema_version":2,"plan":{"feasible":false,"bom":[]}}' >"$tmp/in"
status 0 'an infeasible plan passes through' mlops-critic
is 'without a cost' '[.cost.monthly_usd,.critique.feasible]' '[null,false]'

# ---- tech ----
state 10 >"$tmp/in"
status 0 'a plan that holds' mlops-critic tech
is 'has no finding' '[.critique.findings[]|select(.severity=="high")]' '[]'
is 'and a figure of its use' '.critique.utilisation[0].peak' 0.5
state 25 >"$tmp/in"
status 0 'a plan that does not' mlops-critic tech
is 'says so' '[.critique.feasible,.critique.findings[0].id,.critique.findings[0].severity]' \
	'[false,"capacity.serve@online","high"]'
is 'with a remedy and its cost' '.critique.findings[0].remedy|[.change.to,.monthly_usd,.estimated]' '[4,60,true]'

# ---- policy ----
status 0 'the rules pass their own tests' mlops-policy --test
ok 'and say so' grep -q ' passed, 0 failed, 0 skipped$' "$tmp/out"
state 10 >"$tmp/in"
status 0 'judge' mlops-critic
cp "$tmp/out" "$tmp/criticised"
cp "$tmp/out" "$tmp/in"
status 0 'a verdict is a result' mlops-policy
is 'the budget fails' '.policy|[.overall,(.rules[]|select(.id=="budget_band")|.status)]' '["fail","fail"]'
is 'only listed statuses' \
	'[.policy.rules[].status]|unique-["pass","warn","fail","not_applicable","unknown"]' '[]'
status 11 'fail on fail' mlops-policy --fail-on fail
is 'with the state' .policy.overall fail
waive() { printf '{"schema_version":1,"waivers":[%s]}' "$1" >"$tmp/waivers.json"; }
all=$(jq -c '[.policy.rules[]|select(.status=="fail")|{rule:.id,owner:"ann",reason:"pilot",expires:"2026-06-01"}]' "$tmp/out")
waive "$(printf '%s' "$all" | jq -rc 'map(tojson)|join(",")')"
status 13 'waived failures warn' mlops-policy --fail-on warn --waivers "$tmp/waivers.json"
is 'and stay visible' '[.policy.overall,(.policy.rules[]|select(.id=="budget_band")|.status,.waiver.owner)]' \
	'["warn","fail","ann"]'
cp "$tmp/out" "$tmp/waived"
waive '{"rule":"budget_band","owner":"a","reason":"b","expires":"2025-12-31"}'
status 11 'an expired waiver does not count' mlops-policy --fail-on fail --waivers "$tmp/waivers.json"
is 'and is shown' '.policy.waivers[0].state' expired
for bad in '{"rule":"a","owner":"b","reason":"c"}' '{"rule":"a","owner":"","reason":"c","expires":"2026-01-01"}' \
	'{"rule":"a","owner":"b","reason":"c","expires":"soon"}' \
	'{"rule":"a","owner":"b","reason":"c","expires":"2026-09-01"},{"rule":"a","owner":"b","reason":"c","expires":"2026-09-01"}' \
	'{"rule":"a","owner":"b","reason":"c","expires":null}' '{"rule":"a","owner":"b","reason":"c","expires":"2026-02-30"}'; do
	waive "$bad"
	status 65 "a broken waiver: $bad" mlops-policy --waivers "$tmp/waivers.json"
done
echo '{"schema_version":1,"waivers":[],"always":true}' >"$tmp/waivers.json"
status 65 'a waivers file with more in it' mlops-policy --waivers "$tmp/waivers.json"
mkdir "$tmp/own"
printf '%s' '{"pack":"own","version":"1","title":"t","rules":[{"id":"own_rule","title":"t","severity":"warn",
"assert":{"==":[1,2]},"message":{"pass":"p","fail":"f"},"remediation":"r",
"tests":[{"expect":"pass","state":{}}]}]}' >"$tmp/own/own.json"
status 0 'a team'\''s own rule' mlops-policy --policy-dir "$tmp/own"
is 'is judged' '.policy.rules[]|select(.id=="own_rule")|.status' warn
mkdir "$tmp/odd" && mkfifo "$tmp/odd/own.json"
status 78 'a pack that is no file' timeout 10 mlops-policy --policy-dir "$tmp/odd"
# A rule that cannot be: RULE is its assertion, and what is said of it.
refuse() {
	sed "s/{\"==\":\[1,2\]}/$2/" "$tmp/own/own.json" >"$tmp/bad/own.json"
	status 78 "a rule with $1" mlops-policy --policy-dir "$tmp/bad"
	ok "$1: is named with its place" grep -qE "own.json: (/rules/0: assert: |byte )" "$tmp/err"
}
mkdir "$tmp/bad"
refuse 'an unknown operator' '{"nosuch":1}'
refuse 'a wrong arity' '{"subset":[[]]}'
refuse 'a type error' '{"usd_le":["x",1]}'
refuse 'enormous nesting' "$(printf '{"!":[%.0s' {1..600})true$(printf ']}%.0s' {1..600})"
status 12 'a case that fails' mlops-policy --test --policy-dir "$tmp/own"
sed -i 's/own_rule/latency_slo/' "$tmp/own/own.json"
status 78 'an id that is taken' mlops-policy --policy-dir "$tmp/own"
ok 'is named with its place' grep -q "own.json: /rules/0: there is already a rule 'latency_slo'" "$tmp/err"
status 0 'explain' mlops-policy --explain
ok 'tells operands' grep -q 'usd_le .*-> false' "$tmp/err"
status 0 'sarif' mlops-policy --format sarif
is 'is 2.1.0 with an error' '[.version,([.runs[0].results[]|select(.level=="error")]|length>0)]' '["2.1.0",true]'

# ---- gate ----
mlops-policy <"$tmp/criticised" >"$tmp/in" 2>/dev/null
status 10 'the gate waits' mlops-gate -q
is 'and says for what' '.hitl|[.status,.blocked]' '["waiting",true]'
status 10 'a failing rule cannot be approved' mlops-gate -q --approve --actor ann
status 2 'a decision needs an author' mlops-gate --approve
status 2 'a rejection needs a reason' mlops-gate --reject --actor ann
status 10 'a rejection' mlops-gate --reject --actor ann --comment /plan/slots/0=slow
is 'is written down' '.hitl|[.status,.actor,.comments[0].pointer,.comments[0].text]' \
	'["rejected","ann","/plan/slots/0","slow"]'
status 65 'a comment on nothing' mlops-gate --reject --actor ann --comment /plan/slots/9=x
cp "$tmp/waived" "$tmp/in"
status 10 'auto never waives' mlops-gate -q --mode auto
status 2 'read-only decides nothing' mlops-gate --mode read-only --approve --actor ann
status 0 'a person can, with a waiver' mlops-gate --approve --actor ann --expires 72h
is 'bound to identity, time and digest' '.hitl|[.status,.actor,.decided_at,.expires_at,(.digest.all|length)]' \
	'["approved","ann","2026-01-01T00:00:00Z","2026-01-04T00:00:00Z",64]'
cp "$tmp/out" "$tmp/approved"
jq -c '.plan.bom[0].qty=99' "$tmp/waived" >"$tmp/in"
status 10 'a verdict on another plan is none' mlops-gate -q --approve --actor ann
ok 'the reason' grep -q 'policy verdict is stale: plan changed' "$tmp/out"
jq -c '.plan.bom[0].qty=99' "$tmp/approved" >"$tmp/in"
status 10 'codegen refuses a voided approval' mlops-codegen -o "$tmp/repo"
ok 'and generates nothing' test ! -e "$tmp/repo"
jq -c 'del(.policy)' "$tmp/criticised" >"$tmp/in"
status 10 'no verdict, no approval' mlops-gate -q --approve --actor ann
printf '%s' '{"schema_version":2,"plan":{"feasible":true,"slots":[{"slot":"a\u001b[2Jb\u009bc\u202ed","pattern":"p","capability":"serve","version":"1",
"module":"a","params":{},"components":[]}]}}' >"$tmp/in"
status 10 'the screen' mlops-gate
ok 'shows no control character' grep -q 'a?\[2Jb?c?d  *p' "$tmp/err"
status 14 'an infeasible plan' sh -c 'echo "{\"schema_version\":2,\"plan\":{\"feasible\":false}}" | mlops-gate -q --approve --actor ann'

# ---- prices import ----
cp -r share "$tmp/share"
offer() {
	printf '%s' '{"offerCode":"AmazonS3","publicationDate":"2026-12-01T10:00:00Z","products":{"A":{"sku":"A",
"productFamily":"Storage","attributes":{"regionCode":"eu-west-1","usagetype":"EU-TimedStorage-ByteHrs"}}},
"terms":{"OnDemand":{"A":{"A.J":{"priceDimensions":{
"A.J.2":{"beginRange":"'"$1"'","endRange":"Inf","pricePerUnit":{"USD":"'"$2"'"}},
"A.J.1":{"beginRange":"0","endRange":"51200","pricePerUnit":{"'"${3:-USD}"'":"0.0250000000"}}}}}}}}' >"$tmp/offer.json"
}
import() { mlops catalog prices import "$tmp/offer.json"; }
export MLOPS_SHARE=$tmp/share
offer 51200 0.0210000000
state 10 >"$tmp/in"
mlops-critic cost <"$tmp/in" >"$tmp/yesterday.json" 2>/dev/null
status 0 'import an offer' import
ok 'the change is reported' grep -q 's3.standard.gb_month .*0.023 -> 0.025' "$tmp/out"
state 10 >"$tmp/in"
status 0 'the new price counts' mlops-critic cost
is 'with its tiers' .cost.monthly_usd 1467.8 # 3*1 + 51200*0.025 + 8800*0.021
is 'source and date' '.cost.breakdown[1]|[.source,.date]' '["AWS Price List offer file offer.json","2026-12-01"]'
cp "$tmp/out" "$tmp/today.json"
status 0 'an old estimate by the book that it names' mlops-critic cost --book "$tmp/yesterday.json"
same 'is the old estimate' "$(jq -S .cost "$tmp/out")" "$(jq -S .cost "$tmp/yesterday.json")"
status 0 'and by its own' mlops-critic cost --book "$tmp/today.json"
same 'is the new one' "$(jq -S .cost "$tmp/out")" "$(jq -S .cost "$tmp/today.json")"
status 0 'what changed' mlops-critic cost --previous "$tmp/yesterday.json"
is 'is the price' '.cost.delta.by_cause' '{"re-priced":93.6}'
jq -c '.cost.price_book.files|=map_values("0"*64)' "$tmp/yesterday.json" >"$tmp/lost.json"
status 66 'a book that is nowhere' mlops-critic cost --book "$tmp/lost.json"
ok 'is named' grep -q 'no price book share/prices/aws/eu-west-1.json with SHA-256 000000000000' "$tmp/err"
jq -c 'del(.cost.price_book)' "$tmp/yesterday.json" >"$tmp/lost.json"
status 65 'an estimate that names no book' mlops-critic cost --book "$tmp/lost.json"
for hash in '"../../../etc/passwd"' 5 '""'; do
	jq -c ".cost.price_book.files|=map_values($hash)" "$tmp/yesterday.json" >"$tmp/lost.json"
	status 65 "a book's hash that is $hash" mlops-critic cost --book "$tmp/lost.json"
done
before=$(cksum <"$tmp/share/prices/aws/eu-west-1.json")
offer 100 0.0210000000
status 65 'overlapping tiers' import
offer 51200 -1
status 65 'a negative price' import
offer 51200 0.021 CNY
status 65 'another currency' import
printf '[]' >"$tmp/offer.json"
status 65 'no offer' import
same 'and the book is as it was' "$(cksum <"$tmp/share/prices/aws/eu-west-1.json")" "$before"
cp "$tmp/share/prices/aws/eu-west-1.json" "$tmp/good.json"
# broken WHAT FILTER: one price book, changed, and where it is named
broken() {
	jq -c "$2" "$tmp/good.json" >"$tmp/share/prices/aws/eu-west-1.json"
	status 78 "a book with $1" mlops-critic cost
	ok "$1: is named with its place" grep -qE "^mlops-critic: .*eu-west-1.json: /[^ ]*: " "$tmp/err"
}
state 10 >"$tmp/in"
broken 'a negative price' '.prices["kms.key.month"][0]=-1'
broken 'a price that is no number' '.prices["kms.key.month"][0]="NaN"'
broken 'tiers that overlap' '.prices["s3.standard.gb_month.tier2"][2]=1'
broken 'a gap between tiers' '.prices["s3.standard.gb_month.tier2"][2]=60000'
broken 'no source' '.origins|=map(.source="")'
broken 'another region' '.region="us-east-1"'
cp "$tmp/good.json" "$tmp/share/prices/aws/eu-west-1.json"
sed -i 's/"currency":"USD"/"currency":"EUR"/' "$tmp/share/prices/aws/eu-west-1.json"
status 78 'a book in another currency' mlops-critic cost
ok 'is named with its place' grep -q 'eu-west-1.json: /currency' "$tmp/err"
unset MLOPS_SHARE

# What being wrong by a factor of two costs is what planning with twice as much says; what
# another answer costs is what planning with it says.
for name in rag-startup batch-training streaming-fraud; do
	mlops-intake -q --compact <"examples/$name.md" | mlops-plan -q --compact >"$tmp/once"
	mlops-critic -q --compact tech <"$tmp/once" >"$tmp/judged"
	ok "$name: volumes that nobody stated are weighed" jq -e '.critique.assumptions | length > 0' "$tmp/judged"
	while read -r member value said; do
		jq -c --arg m "$member" --argjson v "$value" \
			'.constraints.regions=.plan.regions | .constraints.throughput[$m]=2*$v | del(.plan,.candidates)' "$tmp/once" |
			mlops-plan -q --compact >"$tmp/twice"
		same "$name: twice as much $member" "$said" "$(jq -n --slurpfile a "$tmp/once" --slurpfile b "$tmp/twice" -r \
			'if $b[0].plan.feasible then (($b[0].plan.estimates.ranked_usd-$a[0].plan.estimates.ranked_usd)*100|round/100) else "none" end')"
	done < <(jq -r '(.plan.assumptions | map({(.field): .value}) | add) as $v | .critique.assumptions[] | select(.field|startswith("/throughput/")) |
		"\(.field|ltrimstr("/throughput/")) \($v[.field]) \(if .feasible then .twice_usd else "none" end)"' "$tmp/judged")
done

echo 'Churn scoring API for a web shop, 10 requests per second.' | mlops-intake -q --compact | mlops-plan -q --compact >"$tmp/once"
mlops-critic -q --compact tech <"$tmp/once" >"$tmp/judged"
same "every assumption says what it decides" "$(jq '.critique.assumptions | map(select(.text != "")) | length' "$tmp/judged")" \
	"$(jq '.plan.assumptions | length' "$tmp/once")"
while read -r field value said; do
	jq -c --arg f "$field" --argjson v "$value" '.constraints.regions=.plan.regions | .constraints[$f]=$v |
		if $f == "cloud" then del(.constraints.regions) else . end | del(.plan,.candidates)' "$tmp/once" |
		mlops-plan -q --compact >"$tmp/other"
	same "$field: $value" "$said" "$(jq -n --slurpfile a "$tmp/once" --slurpfile b "$tmp/other" -r \
		'if $b[0].plan.feasible then (($b[0].plan.estimates.ranked_usd-$a[0].plan.estimates.ranked_usd)*100|round/100) else "none" end')"
done < <(jq -rc '.critique.assumptions[] | .field as $f | .alternatives[]? | select($f != "/cloud") |
	"\($f|ltrimstr("/")) \(.value|tojson) \(if .feasible then .delta_usd else "none" end)"' "$tmp/judged")

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
