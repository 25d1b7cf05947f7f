#!/bin/sh
# The catalogue: sound as shipped, its manual page fresh, and a broken pattern named
# with file and place while the rest still plans.
set -u
build=${1:-build}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

check() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "catalog: $name failed" >&2
		head -5 "$tmp/out" >&2
	fi
}

state='{"schema_version":2,"constraints":{"workload_types":["online"],"use_cases":["inference"]}}'
mlops=$build/bin/mlops plan=$build/bin/mlops-plan

clean() { [ "$("$mlops" catalog lint)" = "no findings" ]; }
fresh() { "$mlops" catalog manual | cmp - man/mlops-patterns.7; }
lists() { [ "$("$mlops" catalog list aws | wc -l)" -ge 38 ]; }
shows() { "$mlops" catalog show aws.serve.fargate-alb | grep -q '^parameters'; }
unknown() { "$mlops" catalog show aws.serve.nothing; [ $? -eq 66 ]; }

check 'lint of the shipped catalogue' clean
check 'manual page is fresh (make man)' fresh
check 'list' lists
check 'show' shows
check 'show of an unknown id' unknown

# Each case: a sed script for one pattern, and what the finding must say. The planner
# goes on without the pattern; with `refused` it names the file in a warning, too, and
# has the pattern among those that it did not choose.
broken() { # FILE SED TEXT [refused]
	file=patterns/aws/$1/pattern.json
	sed "$2" "share/$file" >"$tmp/share/$file"
	cmp -s "share/$file" "$tmp/share/$file" && { echo "the case changes nothing"; return 1; }
	MLOPS_SHARE=$tmp/share "$mlops" catalog lint aws >"$tmp/lint"
	status=$?
	echo "$state" | MLOPS_SHARE=$tmp/share "$plan" --compact >"$tmp/plan" 2>"$tmp/err"
	cp "share/$file" "$tmp/share/$file"
	[ "$status" -eq 12 ] || { echo "lint: $status"; return 1; }
	grep -q "patterns/aws/$1/pattern.json: .*$3" "$tmp/lint" || { cat "$tmp/lint"; return 1; }
	grep -q '"feasible":true' "$tmp/plan" || { cat "$tmp/err"; return 1; }
	[ "${4:-works}" = refused ] || return 0
	grep -q "warning: pattern left out: .*$file" "$tmp/err" || { cat "$tmp/err"; return 1; }
	grep -q "\"pattern\":\"aws.$(echo "$1" | tr / .)\"[^}]*\"kind\":\"broken\"" "$tmp/plan"
}
cp -r share "$tmp/share"

check 'unknown port' broken serve/lambda-api 's/"ep.sync"/"ep.sideways"/' "no such port 'ep.sideways'" refused
check 'missing provider' broken serve/lambda-api 's/{"port": "image"}/{"port": "gov.dlp"}, {"port": "id.user"}/' "provides 'id.user'"
check 'unknown base' broken serve/lambda-api 's/"aws.base.ecr"/"aws.base.moon"/' "no such base 'aws.base.moon'" refused
check 'cyclic bases' broken base/alb 's/"shares": \["aws.base.network"\]/"shares": ["aws.base.network", "aws.base.alb"]/' 'a cycle'
check 'unknown capability' broken serve/batch-score 's/"capability": "serve"/"capability": "dream"/' 'capability' refused
check 'division by zero' broken serve/fargate-alb 's/"value": {"max": \[1, {"\/": \[1, {"var": "p.vcpu"}\]}\]}/"value": {"\/": [1, 0]}/' '/parameters/slowdown' refused
check 'negative quantity' broken observe/cloudwatch 's/"qty": {"var": "p.dashboards"}/"qty": {"-": [0, 5]}/' '/bom/1/qty' refused
check 'id of another folder' broken serve/batch-score 's/"id": "aws.serve.batch-score"/"id": "aws.serve.other"/' 'lies in the folder' refused
check 'sku without a price' broken serve/lambda-api 's/"sku": "lambda.requests.x86"/"sku": "lambda.wishes"/' "'lambda.wishes' is in no price book"
check 'broken JSON' broken serve/batch-score '1s/{/[/' 'byte' refused
check 'unknown service' broken serve/batch-score 's/"ecs-fargate"/"ecs-unicorn"/' "'ecs-unicorn'"

# What is broken is never silently replaced: a pin to it is refused by name.
pinned() {
	file=patterns/aws/serve/batch-score/pattern.json
	sed '1s/{/[/' "share/$file" >"$tmp/share/$file"
	echo '{"schema_version":2,"constraints":{"workload_types":["batch"],"use_cases":["inference"]}}' |
		MLOPS_SHARE=$tmp/share "$plan" --pin serve@batch=aws.serve.batch-score >"$tmp/plan" 2>"$tmp/err"
	status=$?
	cp "share/$file" "$tmp/share/$file"
	[ "$status" -eq 78 ] && [ ! -s "$tmp/plan" ] && grep -q "$file" "$tmp/err"
}
check 'a pin to a broken pattern' pinned

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
