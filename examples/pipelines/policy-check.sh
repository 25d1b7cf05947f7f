#!/usr/bin/env bash
# A check for CI: fails (11) when a plan breaks a rule, warns on stderr otherwise.
#
#   examples/pipelines/policy-check.sh BRIEF...
set -euo pipefail
status=0
for brief in "$@"; do
	if state=$(mlops-intake < "$brief" | mlops-plan | mlops-critic | mlops-policy --fail-on fail); then
		echo "$brief: $(jq -r .policy.overall <<<"$state")"
	else
		code=$?
		echo "$brief: refused with $code" >&2
		status=$code
	fi
done
exit "$status"
