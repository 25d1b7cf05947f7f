#!/usr/bin/env bash
# Log lines for machines: one JSON object each, one trace from the request to the node, no
# secret and nothing of a brief; every metric that the hosting watches stands in a line.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
daemon d all --validators none --log json || exit 1
log=$tmp/d/log
json=(-H 'Content-Type: application/json')
trace=4bf92f3577b34da6a3ce929d0e0e4736 span=00f067aa0ba902b7

project=$(api /projects "${json[@]}" -d '{"name":"logged"}' | jq -r .id)
brief=$(printf 'Ask jane.doe@example.com, key AKIA%s.\n%s' "$(printf 'Q%.0s' {1..16})" "$(cat examples/rag-startup.md)")
set=$(api "/projects/$project/constraints" "${json[@]}" -H "traceparent: 00-$trace-$span-01" -d "$(jq -Rs '{brief: .}' <<<"$brief")" |
	jq -r .decision_set_id)
same "waits" "$(until_status "$set" waiting failed)" waiting
api "/decision-sets/$set/approve" "${json[@]}" -d '{"status":"approved"}' >"$tmp/out"
same "complete" "$(until_status "$set" complete failed)" complete
same "answers 404" "$(status /nowhere)" 404
sleep 1.5 # the minute's first line

ok "every line is an object" jq -e 'type == "object" and has("ts") and has("level") and has("event")' "$log"
line() { jq -c "select($1)" "$log" | head -n "${2:-1}"; }
asked=$(line '.event == "request" and .method == "POST" and (.path | endswith("/constraints"))')
same "a request says what it was" "$(jq -r '[.status, .user_id, (.latency_ms > 0)] | join(" ")' <<<"$asked")" "202 token true"
same "of the caller's trace" "$(jq -r .traceparent <<<"$asked" | cut -d- -f2)" "$trace"
same "with a span of its own" "$(jq -r .traceparent <<<"$asked" | grep -c "$span")" 0
nodes=$(line '.event == "node"' 50)
same "a node says what it was" "$(head -n 1 <<<"$nodes" | jq -c '[.node_name, .model, .tokens, (.latency_ms > 0), .user_id]')" '["intake_extract",null,0,true,"token"]'
same "of the request that asked for it" "$(head -n 1 <<<"$nodes" | jq -r .request_id)" "$(jq -r .request_id <<<"$asked")"
same "and of its trace" "$(head -n 1 <<<"$nodes" | jq -r .traceparent | cut -d- -f2)" "$trace"
same "in this run" "$(head -n 1 <<<"$nodes" | jq -r .thread_id)" "$set"
same "every node" "$(jq -r .node_name <<<"$nodes" | sort -u | wc -l)" 12
same "a bad traceparent starts a new one" "$(status /projects -H 'traceparent: 00-zz-1-1'; line '.event == "request"' 999 | tail -n 1 | jq -r '.traceparent | length')" "20055"

for needle in jane.doe AKIAQQ "$token" RAG; do
	if grep -qF -- "$needle" "$log"; then fail "the log holds '$needle'"; else pass; fi
done

# ---- what the hosting watches (deploy/terraform/metrics.json)
while read -r name event member; do
	[ "$member" = 1 ] && member=event
	case $event in
	request | stats | run_complete) ok "$name: $event has $member" jq -e -s "[.[] | select(.event == \"$event\")] | length > 0 and all(has(\"$member\"))" "$log" ;;
	*) ok "$name: $event is written" grep -q "\"$event\"" lib/service/worker.c ;;
	esac
done < <(jq -r 'to_entries[] | .key + " " + (.value.pattern | capture("event = \"(?<e>[a-z_]*)\"").e) + " " + (.value.value | ltrimstr("$."))' deploy/terraform/metrics.json)

# ---- for people, and the health check of a container
same "the default is for people" "$(mlopsd all --log yaml 2>&1)" "mlopsd: log: 'yaml' is neither text nor json"
ok "ping: well" mlopsd ping --listen "${url#http://}"
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
out=$(mlopsd ping --listen "${url#http://}" 2>&1)
same "ping: nobody there" "$?" 69
finish
