#!/usr/bin/env bash
# The catalogue: sound as shipped, its manual page fresh, each pattern right for at
# least one case; a broken pattern named with file and place while the rest still
# plans; own folders of patterns beside the shipped ones.
# shellcheck source=tests/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh" "${1:-build}"

state='{"schema_version":2,"constraints":{"workload_types":["online"],"use_cases":["inference"]}}'

# says WANTED COMMAND...: the exit status, whatever is printed.
status() {
	local want=$1 got
	shift
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ "$got" = "$want" ] || {
		echo "status $got, not $want"
		head -n 5 "$tmp/err"
		return 1
	}
}
clean() { [ "$(mlops catalog lint)" = "no findings" ]; }
fresh() { mlops catalog manual | cmp - man/mlops-patterns.7; }

ok 'lint of the shipped catalogue' clean
ok 'manual page is fresh (make man)' fresh
ok 'list' test "$(mlops catalog list aws | wc -l)" -ge 38
ok 'list as JSON' grep -q '"id": "aws.base.kms"' <(mlops catalog list --json)
ok 'list names what is planned only' grep -q 'gcp.serve.gke .*(planned, not generated)' <(mlops catalog list gcp)
ok 'show' grep -q '^parameters' <(mlops catalog show aws.serve.fargate-alb)
ok 'show tells the lifecycle' grep -q 'closed to new customers since 2026-04-30' <(mlops catalog show aws.serve.apprunner)
ok 'show of an unknown id' status 66 mlops catalog show aws.serve.nothing
ok 'lint of an unknown id' status 66 mlops catalog lint aws.serve.nothing
ok 'lint of no id' status 66 mlops catalog lint nothing
ok 'no command' status 2 mlops catalog
ok 'an unknown command' status 2 mlops catalog dream
ok 'a data directory by option' status 0 mlops catalog list --share share aws
ok 'a data directory that is not there' status 78 mlops catalog list --share "$tmp/none"
ok 'a folder of patterns that is not there' status 78 mlops catalog list --patterns "$tmp/none"

# At least four patterns a capability on AWS, two on GCP and Azure.
for cloud in aws:4 gcp:2 azure:2; do
	for capability in ingest transform store feature train serve observe govern; do
		n=$(mlops catalog list "${cloud%:*}" | grep -c "^${cloud%:*}.$capability\\.")
		ok "$cloud $capability ($n)" test "$n" -ge "${cloud#*:}"
	done
done

# ---- each kind of mistake, named with file and JSON Pointer ----

# broken FILE SED POINTER TEXT [out]: a sed script for one pattern, and what the finding
# must say. The planner works on, with a warning where the whole pattern is left out.
broken() {
	local file=patterns/aws/$1/pattern.json status
	sed "$2" "share/$file" >"$tmp/share/$file"
	cmp -s "share/$file" "$tmp/share/$file" && {
		echo "the case changes nothing"
		return 1
	}
	mlops catalog lint --share "$tmp/share" aws >"$tmp/lint"
	status=$?
	echo "$state" | mlops-plan --compact --share "$tmp/share" >"$tmp/plan" 2>"$tmp/warn"
	cp "share/$file" "$tmp/share/$file"
	[ "$status" -eq 12 ] || {
		echo "lint: $status"
		return 1
	}
	grep -q "$file: .*$3.*$4" "$tmp/lint" || {
		echo "not said of $3: $4"
		cat "$tmp/lint"
		return 1
	}
	grep -q '"feasible":true' "$tmp/plan" || {
		cat "$tmp/warn"
		return 1
	}
	[ "${5:-}" = out ] || return 0
	grep -q "warning: pattern left out: .*$file" "$tmp/warn" &&
		grep -q "\"pattern\":\"aws.${1/\//.}\"[^}]*\"kind\":\"broken\"" "$tmp/plan"
}
cp -r share "$tmp/share"

ok 'unknown port' broken serve/lambda-api 's/"ep.sync"/"ep.sideways"/' /provides/0/port "no such port 'ep.sideways'" out
ok 'an entry without its port' broken serve/batch-score '0,/{"port": /s//{"porto": /' /requires/0 "'port' is missing" out
ok 'missing provider' broken serve/lambda-api 's/{"port": "image"}/{"port": "gov.dlp"}, {"port": "id.user"}/' /requires/1 "provides 'id.user'"
ok 'unknown base' broken serve/lambda-api 's/"aws.base.ecr"/"aws.base.moon"/' /shares/0 "no such base 'aws.base.moon'" out
ok 'cyclic bases' broken base/alb 's/"shares": \["aws.base.network"\]/"shares": ["aws.base.network", "aws.base.alb"]/' /shares 'a cycle'
ok 'cyclic requirement' broken base/kms 's/"requires": \[\]/"requires": [{"port": "obs.logs"}]/' /requires 'a cycle'
ok 'unknown capability' broken serve/batch-score 's/"capability": "serve"/"capability": "dream"/' /capability 'dream'
ok 'division by zero' broken serve/fargate-alb 's/"value": {"max": \[1, {"\/": \[1, {"var": "p.vcpu"}\]}\]}/"value": {"\/": [1, 0]}/' /parameters/slowdown/value 'fails for no load' out
ok 'division by a load that may be nothing' broken observe/cloudwatch 's/"qty": {"var": "p.dashboards"}/"qty": {"\/": [1, {"var": "load.documents_month"}]}/' /bom/1/qty 'fails for no load'
ok 'division by a load when only that one is nothing' broken observe/cloudwatch 's/"qty": {"var": "p.dashboards"}/"qty": {"\/": [1, {"+": [{"var": "load.users"}, {"abs": [{"-": [{"var": "load.rps_avg"}, 1]}]}]}]}/' /bom/1/qty 'fails for load.users of 0'
ok 'NaN' broken observe/cloudwatch 's/"qty": {"var": "p.dashboards"}/"qty": {"pow": [{"-": [0, 1]}, 0.5]}/' /bom/1/qty 'no load'
ok 'negative quantity' broken observe/cloudwatch 's/"qty": {"var": "p.dashboards"}/"qty": {"-": [0, 5]}/' /bom/1/qty 'is -5' out
ok 'negative size' broken observe/cloudwatch 's/"value": 5, "min": 0/"value": {"-": [1, {"var": "load.users"}]}, "min": 0/' /parameters/trace_sample_pct/value 'is -'
ok 'percentiles out of order' broken serve/lambda-api '0,/"p95_ms": [0-9]*/s//"p95_ms": 1/' /latency/hops/0 'a percentile is below' out
ok 'a negative percentile' broken serve/lambda-api '0,/"p50_ms": [0-9]*/s//"p50_ms": -3/' /latency/hops/0 'is -3' out
ok 'a size from a load that is not there' broken observe/cloudwatch 's/"value": 5, "min": 0/"value": {"var": "load.moon"}, "min": 0/' /parameters/trace_sample_pct/value "'load.moon' is not known" out
ok 'a choice of nothing' broken serve/fargate-alb '0,/"choices": \[[^]]*\]/s//"choices": []/' '/parameters/[a-z_]*/choices' 'at least 1' out
ok 'more choices than can be weighed' broken serve/fargate-alb "0,/\"choices\": \[[^]]*\]/s//\"choices\": [$(seq -s, 1 300)]/" /parameters 'or 256 combinations' out
ok 'a least size above the greatest' broken observe/cloudwatch 's/"value": 5, "min": 0/"value": 5, "min": 1e9/' /parameters/trace_sample_pct/min 'above max'
ok 'a size that is no number' broken observe/cloudwatch 's/"qty": {"var": "p.dashboards"}/"qty": "two"/' /bom/1/qty 'is no number'
ok 'a load that nobody knows' broken observe/cloudwatch 's/load.requests_month/load.requests_moon/' /bom/2 "'load.requests_moon' is not known"
ok 'a parameter before its time' broken train/fargate-train 's/"choices": \[2, 4, 8, 16\], "value": {"if"/"choices": [2, 4, 8, 16], "value": {"max": [{"var": "p.hours_per_run"}, 2]}, "was": {"if"/' /parameters/vcpu/value "'p.hours_per_run' is not known here"
ok 'id of another folder' broken serve/batch-score 's/"id": "aws.serve.batch-score"/"id": "aws.serve.other"/' /id 'lies in the folder' out
ok 'sku without a price' broken serve/lambda-api 's/"sku": "lambda.requests.x86"/"sku": "lambda.wishes"/' /bom/1/sku "'lambda.wishes' is in no price book"
ok 'broken JSON' broken serve/batch-score '1s/{/[/' '' 'byte' out
ok 'unknown service' broken serve/batch-score 's/"ecs-fargate"/"ecs-unicorn"/' /services/0 "'ecs-unicorn'"
ok 'unknown region' broken observe/cloudwatch 's/"region": "global"/"region": "eu-moon-1"/' /bom/1/region "unknown region 'eu-moon-1'"
ok 'missing template' broken serve/batch-score 's/"from": "pipeline\/main.py"/"from": "pipeline\/absent.py"/' '/files/[0-9]*/from' 'cannot read templates/pipeline/absent.py'
ok 'missing shared file' broken serve/batch-score 's/"\/pipeline\/__main__.py"/"\/pipeline\/absent.py"/' '/files/[0-9]*/from' 'cannot read share/patterns/shared/pipeline/absent.py'
ok 'a claim about no file' broken serve/fargate-alb 's/"file": "infra\/modules\/serve_fargate_alb\/main.tf"/"file": "infra\/modules\/serve_fargate_alb\/other.tf"/' /claims/0/file 'no entry of'
# What is broken is never silently replaced: a pin to it is refused by name.
pinned() {
	local file=patterns/aws/serve/batch-score/pattern.json status
	sed '1s/{/[/' "share/$file" >"$tmp/share/$file"
	echo '{"schema_version":2,"constraints":{"workload_types":["batch"],"use_cases":["inference"]}}' |
		mlops-plan --share "$tmp/share" --pin serve@batch=aws.serve.batch-score >"$tmp/plan" 2>"$tmp/warn"
	status=$?
	cp "share/$file" "$tmp/share/$file"
	[ "$status" -eq 78 ] && [ ! -s "$tmp/plan" ] && grep -q "$file" "$tmp/warn"
}
ok 'a pin to a broken pattern' pinned
ok 'nothing said on trade-offs' broken serve/batch-score 's/"tradeoffs": \[.*\],/"tradeoffs": [],/' '' "'tradeoffs' is missing"
ok 'no such slot' broken serve/batch-score 's/"workloads": \["batch"\]/"workloads": ["dream"]/' /serves/workloads 'no slot serve@dream'

# file NAME PATH CONTENT PATTERN: a change of another file of share/.
changed() {
	local path=$1 content=$2 text=$3
	cp "$tmp/share/$path" "$tmp/kept" 2>/dev/null || : >"$tmp/kept"
	mkdir -p "$(dirname "$tmp/share/$path")"
	printf '%s' "$content" >"$tmp/share/$path"
	mlops catalog lint --share "$tmp/share" aws >"$tmp/lint"
	local status=$?
	if [ -s "$tmp/kept" ]; then cp "$tmp/kept" "$tmp/share/$path"; else rm "$tmp/share/$path"; fi
	if [ "$status" -ne 12 ] || ! grep -q "$text" "$tmp/lint"; then
		cat "$tmp/lint"
		return 1
	fi
}
train=patterns/aws/train/fargate-train/templates
ok 'unescaped text' changed $train/infra/main.tf.mustache '{{{name}}}' 'train/fargate-train/pattern.json: /files/0/from: infra/main.tf.mustache:1: unescaped'
ok 'unescaped text with other delimiters' changed $train/infra/main.tf.mustache '{{=<% %>=}}
<%& name %>' '/files/0/from: .*:2: unescaped'
ok 'a partial that is not there' changed $train/infra/main.tf.mustache '
{{>aws/absent}}' "/files/0/from: infra/main.tf.mustache:2: no partial 'aws/absent'"
ok 'an open section' changed $train/infra/main.tf.mustache '{{#a}}' "/files/0/from: .*section 'a' is not closed"
ok 'a partial on itself' changed skeleton/partials/aws/dead-queue.mustache '{{>aws/dead-queue}}' "partial 'aws/dead-queue' stands on itself"
ok 'a folder that is no capability' changed patterns/aws/dream/one/pattern.json '{}' "share/patterns/aws/dream: unknown capability 'dream'"
ok 'a folder that is no cloud' changed patterns/moon/serve/one/pattern.json '{}' "share/patterns/moon: unknown cloud 'moon'"
rmdir -p "$tmp/share/patterns/aws/dream/one" "$tmp/share/patterns/moon/serve/one" 2>/dev/null
ok 'a case for no slot' changed patterns/aws/serve/batch-score/tests/cases.json '{"cases":[{"name":"x","constraints":{},"wins":"serve@dream"}]}' "batch-score/tests/cases.json: /cases/0/wins: no slot 'serve@dream'"
ok 'a case without an end' changed patterns/aws/serve/batch-score/tests/cases.json '{"cases":[{"name":"x"}]}' 'batch-score/tests/cases.json: .*constraints'
ok 'a region that a service cannot have' changed services/aws.json "$(sed 's/"only":\["ap-northeast-1"/"only":["mars-1"/' share/services/aws.json)" "share/services/aws.json: /services/0/regions/only/0: unknown region 'mars-1'"
ok 'a service that may be gone' changed services/aws.json "$(sed '0,/"as_of":"2026-11-22"}/s//"read":"2020-01-01"}/' share/services/aws.json)" "share/services/aws.json: /services/0/lifecycle: 'as_of' is missing"

# A service whose lifecycle nobody has read is not planned on, unless it is accepted.
sed -i 's/"id":"lambda","name":"AWS Lambda","lifecycle":{[^}]*},/"id":"lambda","name":"AWS Lambda",/' "$tmp/share/services/aws.json"
ok 'the fact is blanked' test "$(grep -c '"id":"lambda","name":"AWS Lambda","lifecycle"' "$tmp/share/services/aws.json")" = 0
mlops-plan --compact --share "$tmp/share" <<<"$state" >"$tmp/plan"
ok 'no part rests on it' test "$(grep -c '"pattern":"aws.serve.lambda-api","version"' "$tmp/plan")" = 0
ok 'and why is told' grep -q 'nobody has read whether a new customer can get' "$tmp/plan"
mlops-plan --compact --share "$tmp/share" --accept-unknown lambda <<<"$state" >"$tmp/plan"
ok 'unless it is accepted' grep -q '"pattern":"aws.serve.lambda-api","version"' "$tmp/plan"
cp share/services/aws.json "$tmp/share/services/aws.json"

# ---- cases ----
for id in $(mlops catalog list | cut -d' ' -f1 | grep -v '\.base\.'); do
	folder=share/patterns/${id//./\/}
	grep -qs '"wins"' "$folder/tests/cases.json" ||
		fail "$id is the optimum of no case ($folder/tests/cases.json)"
done
ok 'each pattern is the proven optimum of a case' mlops catalog test

# A case that comes out otherwise is named.
printf '%s' '{"cases":[{"name":"too dear","constraints":{},"wins":"observe@metrics","monthly_usd":[0,1],"params":{"dashboards":7}},{"name":"elsewhere","constraints":{},"wins":"store@lake"}]}' \
	>"$tmp/share/patterns/aws/observe/cloudwatch/tests/cases.json"
ok 'cases that fail' status 12 mlops catalog test --share "$tmp/share" aws.observe.cloudwatch
ok 'with the parameter' grep -q 'aws.observe.cloudwatch: too dear: dashboards is 1, not 7' "$tmp/out"
ok 'with the cost' grep -q 'too dear: the plan costs' "$tmp/out"
ok 'with the slot' grep -q 'elsewhere: store@lake is aws.store.s3-lake' "$tmp/out"
ok 'cases of an unknown id' status 66 mlops catalog test aws.serve.nothing

# ---- own patterns beside the shipped ones ----
own=$tmp/own
mkdir "$own"
ok 'new' status 0 mlops catalog new aws.serve.mine -C "$own" --like aws.serve.fargate-alb
ok 'new tells what to do next' grep -q "mlops catalog lint --patterns $own aws.serve.mine" "$tmp/out"
ok 'never over one that is there' status 73 mlops catalog new aws.serve.mine -C "$own"
ok 'new of another capability' status 2 mlops catalog new aws.serve.other -C "$own" --like aws.store.dynamodb
ok 'new with a bad id' status 2 mlops catalog new 'aws.serve.../x' -C "$own"
ok 'new without a place' status 2 mlops catalog new aws.serve.other
ok 'it lints clean' status 0 mlops catalog lint --patterns "$own" aws.serve.mine
ok 'it is listed' grep -q '^aws.serve.mine ' <(mlops catalog list --patterns "$own" aws)
ok 'by the environment, too' grep -q '^aws.serve.mine ' <(MLOPS_PATTERNS=$own mlops catalog list aws)
mine=$own/aws/serve/mine
sed -i 's/"burden": [0-9]/"burden": 1/; s/"title": "[^"]*"/"title": "Our own way"/' "$mine/pattern.json"
echo "$state" | mlops-plan --compact --patterns "$own" --pin serve@online=aws.serve.mine >"$tmp/plan"
ok 'it is planned' grep -q '"pattern":"aws.serve.mine"' "$tmp/plan"
mlops-critic -q --compact <"$tmp/plan" --patterns "$own" | mlops-policy -q --compact --patterns "$own" |
	mlops-gate -q --compact --approve --actor me --patterns "$own" >"$tmp/approved"
ok 'it is generated' status 0 mlops-codegen -q --patterns "$own" -o "$tmp/repo" <"$tmp/approved"
ok 'with its own module' test -f "$tmp/repo/infra/modules/serve_mine/main.tf"
ok 'without its folder it cannot be' status 78 mlops-codegen -q -o "$tmp/repo2" <"$tmp/approved"
echo 'An online inference API on AWS in us-east-1, 5 requests per second.' >"$tmp/brief.md"
again() { # runs, and says how many nodes were not reused
	mlops run "$tmp/brief.md" -o "$tmp/run" --yes --tools none --patterns "$own" --db "sqlite:$tmp/db" 2>&1 |
		sed -n 's/.*complete (\([0-9]*\) nodes run, .*/\1/p'
}
ok 'a run with own patterns' test "$(again)" -gt 0
ok 'is used again' test "$(again)" = 0
sed -i 's/"burden": 1/"burden": 2/' "$mine/pattern.json"
ok 'until an own pattern changes' test "$(again)" -gt 0
echo 'what our patterns are for' >"$own/aws/serve/README.md"
ok 'a file among the folders is no pattern' test "$(again)" = 0
mlops catalog new aws.observe.mine -C "$own" >/dev/null
ok 'or one more comes' test "$(again)" -gt 0
mkdir "$own/aws/serve/empty"
ok 'a folder without its file' grep -q "cannot read '$own/aws/serve/empty/pattern.json'" <(mlops catalog lint --patterns "$own" aws)
rmdir "$own/aws/serve/empty"
sed -i 's#"from": "infra/main.tf[^"]*"#"from": "../../../../../../../../etc/hostname"#' "$mine/pattern.json"
ok 'a template outside of its folder' grep -q "$mine/pattern.json: /files/[0-9]*/from: .*etc/hostname" <(mlops catalog lint --patterns "$own" aws.serve.mine)
mlops-plan -q --compact --patterns "$own" --pin serve@online=aws.serve.mine <<<"$state" | mlops-critic -q --compact --patterns "$own" |
	mlops-policy -q --compact --patterns "$own" | mlops-gate -q --compact --approve --actor me --patterns "$own" >"$tmp/approved"
ok 'is not generated from' status 65 mlops-codegen -q --patterns "$own" -o "$tmp/repo3" <"$tmp/approved"
ok 'and nothing is written' test ! -e "$tmp/repo3"
sed -i 's/"requires": \[/"requires": [{"port": "moon"},/' "$mine/pattern.json"
ok 'lint names the own file' grep -q "^$mine/pattern.json: /requires/0/port: no such port 'moon'" <(mlops catalog lint --patterns "$own" aws.serve.mine)
mkdir -p "$own/aws/serve/lambda-api"
cp share/patterns/aws/serve/lambda-api/pattern.json "$own/aws/serve/lambda-api/"
ok 'an id that is used twice' grep -q "^$own/aws/serve/lambda-api/pattern.json: /id: 'aws.serve.lambda-api' is used twice" <(mlops catalog lint --patterns "$own" aws)
finish
