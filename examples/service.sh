#!/usr/bin/env bash
# The pipeline as a service, by hand: a project, its requirements, the live stream, the
# approval, the repository. Needs curl and jq, and a daemon:
#
#   mlopsd all                      prints its address and a token
#   MLOPSD_TOKEN=... examples/service.sh [BRIEF] [http://127.0.0.1:8080]
set -euo pipefail
cd "$(dirname "$0")"
brief=${1:-rag-startup.md} url=${2:-http://127.0.0.1:8080}

call() { curl -sS --fail-with-body -H "Authorization: Bearer ${MLOPSD_TOKEN:?}" "$@"; }

# A project, and what is asked for. The same key sent again changes nothing.
project=$(call --json '{"name": "walk-through"}' "$url/projects" | jq -r .id)
accepted=$(jq -n --rawfile brief "$brief" '{$brief}' |
	call --json @- -H "Idempotency-Key: $(uuidgen 2>/dev/null || date +%s%N)" \
		"$url/projects/$project/constraints")
set=$(jq -r .decision_set_id <<<"$accepted")

# What happens, as it happens, up to the gate (or the end). The client reads the whole
# stream, as a browser does, and stops when it has seen enough.
watch() { # EVENT...: prints events until one of these
	local line type='' pattern=" $* "
	while read -r line; do
		case $line in
		event:*) type=${line#event: } ;;
		data:*) [ "$type" = ping ] || printf '%-22s %.60s\n' "$type" "${line#data: }" ;;
		'') case $pattern in *" $type "*) return ;; esac ;;
		esac
	done
}
watch gate-waiting run-complete < <(call -N "$url/streams/$set" 2>/dev/null)

# What it is and what it costs; then somebody decides.
call "$url/decision-sets/$set" | jq '{version, status, monthly_usd: .cost.monthly_usd,
	policy: .policy.overall, slots: [.plan.slots[] | "\(.slot): \(.pattern)"]}'
call --json '{"status": "approved", "comment": "go"}' "$url/decision-sets/$set/approve" | jq -c .
watch run-complete < <(call -N -H 'Last-Event-ID: 0' "$url/streams/$set" 2>/dev/null)

# The repository.
call "$url/decision-sets/$set/zip" -o "${ZIP:-/dev/null}"
call "$url/decision-sets/$set" | jq -c '{status, content_digest, files: (.artifacts.files | length)}'
