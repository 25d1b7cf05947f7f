#!/usr/bin/env bash
# Rights that AWS asks for and no tool on this machine can: what a pattern makes, the
# roles, topics and keys of the templates must allow.
# shellcheck source-path=SCRIPTDIR/../integration
. "$(dirname "$0")/../integration/lib.sh"
patterns=$top/share/patterns/aws
partials=$top/share/skeleton/partials/aws
bootstrap=$top/share/skeleton/templates/infra/bootstrap/main.tf

count() { # TEXT FILE
	grep -c -- "$1" "$2"
}

# Lambda refuses active tracing for a role that may not write traces; workflows lose them.
while IFS= read -r file; do
	ok "${file#"$patterns/"}: what is traced may write traces" \
		test "$(count xray:PutTraceSegments "$file")" -ge "$(count '^ *tracing_config' "$file")"
done < <(grep -rlE --include='main.tf*' --include='*.mustache' '^ *tracing_config' "$patterns" "$partials")

# Lambda names no account when it takes a role, and EventBridge none when it writes.
same 'no role of a function asks for the account' \
	"$(grep -rl 'service}}lambda{{' "$patterns" "$partials")" ''
for file in "$patterns"/observe/*/templates/infra/main.tf*; do
	grep -q '"aws_sns_topic_policy"' "$file" || continue
	ok "${file#"$patterns/"}: events reach the topic" grep -q 'Service = "events.amazonaws.com"' "$file"
done

# The role that deploys has no rights on IAM but those given by name.
while read -r type action; do
	grep -rqs "^resource \"$type\"" "$patterns" "$partials" || continue
	ok "the deploy role may make $type" grep -q "\"iam:$action\"" "$bootstrap"
done <<-'LIST'
	aws_iam_instance_profile CreateInstanceProfile
	aws_iam_role CreateRole
	aws_iam_role_policy PutRolePolicy
	aws_iam_role_policy_attachment AttachRolePolicy
LIST
same 'and nothing else of IAM is made' "$(grep -rhoE '^resource "aws_iam_[a-z_]+"' "$patterns" "$partials" |
	sort -u | grep -vE '"aws_iam_(instance_profile|role|role_policy|role_policy_attachment)"')" ''

# Athena's UNLOAD takes an empty place only.
while IFS= read -r file; do
	ok "${file#"$patterns/"}: the place is emptied first" grep -q 's3:deleteObject' "$file"
done < <(grep -rl 'UNLOAD (' "$patterns")
finish
