#!/usr/bin/env bash
# The bill of materials read back from the rendered Terraform is the plan's: for every
# example as it is generated, and no longer when plan or code is changed alone.
# shellcheck disable=SC2154,SC2016
. "$(dirname "$0")/lib.sh"
export SOURCE_DATE_EPOCH=1700000000

# generate NAME: $tmp/NAME and $tmp/NAME.json
generate() {
	mlops-intake -q <"examples/$1.md" | mlops-plan -q | mlops-critic -q | mlops-policy -q |
		mlops-gate -q --approve --actor me | mlops-codegen -q -o "$tmp/$1" >"$tmp/$1.json"
}
# compare DIR STATE: sets $status, $found
compare() {
	mlops-validate -q -C "$1" --tools none <"$2" >"$tmp/out" 2>"$tmp/err"
	status=$(jq -r '.reports.checks[]|select(.id=="bom").status' "$tmp/out")
	found=$(jq -r '[.differences[]|"\(.kind) \(.module) \(.sku)"]|join(", ")' "$1/reports/bom.json")
}

for brief in examples/*.md; do
	name=$(basename "$brief" .md)
	[ "$name" = README ] && continue
	generate "$name" || { fail "$name is not generated" && continue; }
	compare "$tmp/$name" "$tmp/$name.json"
	same "$name: the code is billed as planned" "$status $found" "pass "
	ok "$name: quantities were compared" jq -e '.summary.quantities_equal > 3' "$tmp/$name/reports/bom.json"
done

# ---- the plan says something else than the code ----
n=streaming-fraud
# plan NAME FILTER WANT
plan() {
	jq "$2" "$tmp/$n.json" >"$tmp/state"
	compare "$tmp/$n" "$tmp/state"
	same "$1" "$status $found" "fail $3"
}
shards='(.plan.bom[]|select(.sku=="kinesis.provisioned.shard_hour")'
plan 'one shard less in the plan' "$shards.qty) -= 730" 'quantity ingest_streaming kinesis.provisioned.shard_hour'
plan 'a cheaper node in the plan' '(.plan.bom[]|select(.sku|startswith("elasticache.valkey")).sku) = "elasticache.valkey.cache.t4g.small.hour"' \
	'not billed feature_online elasticache.valkey.cache.m7g.large.hour, not in the code feature_online elasticache.valkey.cache.t4g.small.hour'
plan 'the balancer is not in the plan' 'del(.plan.bom[]|select(.sku=="elb.alb.hour"))' 'not billed base_alb elb.alb.hour'
plan 'use that nobody planned' 'del(.plan.bom[]|select(.sku=="kms.requests.symmetric"))' 'not billed base_kms kms.requests.symmetric'
plan 'a line that nothing builds' '.plan.bom += [{component:"x",sku:"redshift.ra3.hour",base:"base_kms",region:"eu-west-1",qty:1,unit:"h",kind:"baseline"}]' \
	'not in the code base_kms redshift.ra3.hour'

# ---- the code says something else than the plan ----
# code NAME FILE SED WANT
code() {
	rm -rf "$tmp/copy"
	cp -r "$tmp/$n" "$tmp/copy"
	sed -i "$3" "$tmp/copy/infra/$2"
	cmp -s "$tmp/copy/infra/$2" "$tmp/$n/infra/$2" && fail "$1: the edit changes nothing"
	compare "$tmp/copy" "$tmp/$n.json"
	same "$1" "$status $found" "fail $4"
}
code 'more tasks' modules/serve_fargate_alb/main.tf 's/desired_count *= .*/desired_count = var.replicas + 1/' \
	'quantity serve_online fargate.vcpu_hour.linux_x86, quantity serve_online fargate.gb_hour.linux_x86'
code 'a quantity that cannot be told' modules/serve_fargate_alb/main.tf 's/desired_count *= .*/desired_count = data.x.y.z/' \
	'unknown serve_online fargate.vcpu_hour.linux_x86, unknown serve_online fargate.gb_hour.linux_x86'
code 'a second balancer' base_alb.tf '$a resource "aws_lb" "more" {\n  internal = true\n}' \
	'not billed  elb.alb.hour, not billed  elb.alb.lcu_hour'
code 'what nobody has priced' base_kms.tf '$a resource "aws_redshift_cluster" "x" {}' 'unknown  null'
ok 'is told with its place' grep -q 'nobody has said what aws_redshift_cluster is billed for' "$tmp/copy/reports/bom.json"
rm -rf "$tmp/copy" && cp -r "$tmp/$n" "$tmp/copy" && echo 'resource "x" {' >>"$tmp/copy/infra/base_kms.tf"
mlops-validate -q -C "$tmp/copy" --tools none <"$tmp/$n.json" >"$tmp/out" 2>/dev/null
same 'a file that is no Terraform fails' fail "$(jq -r '.reports.checks[]|select(.id=="bom").status' "$tmp/out")"

# ---- the table itself ----
cp -r share "$tmp/share"
jq '.resources.aws_kms_key[0].qty = {"nosuch": 1}' share/prices/aws/resources.json >"$tmp/share/prices/aws/resources.json"
mlops-validate -q -C "$tmp/$n" --tools none --share "$tmp/share" <"$tmp/$n.json" >"$tmp/out" 2>"$tmp/err"
status=$?
same 'a broken table' "78 1" "$status $(grep -c 'resources.json: /resources/aws_kms_key/0: qty' "$tmp/err")"

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
