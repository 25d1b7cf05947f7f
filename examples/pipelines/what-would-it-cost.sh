#!/usr/bin/env bash
# One brief under several budgets: what is chosen, and what it costs a month.
#
#   examples/pipelines/what-would-it-cost.sh BRIEF USD...
set -euo pipefail
brief=${1:?usage: what-would-it-cost.sh BRIEF USD...}
shift
printf '%10s %12s  %s\n' budget cost/month serving
for usd in "$@"; do
	state=$(mlops-intake --set "budget_band.max_usd=$usd" < "$brief" | { mlops-plan || [ $? -eq 14 ]; } | mlops-critic cost)
	printf '%10s %12s  %s\n' "$usd" \
		"$(jq -r '.cost.monthly_usd // "-"' <<<"$state")" \
		"$(jq -r '[.plan.slots[]? | select(.capability == "serve") | .pattern] | join(", ")' <<<"$state")"
done
