#!/usr/bin/env bash
# What a project may spend on models, over the API: a run that would pass it waits,
# nothing can be approved meanwhile, and it goes on when there is more.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
python3 tests/llm/server.py --port-file "$tmp/port" >"$tmp/server.log" 2>&1 &
daemons+=("$!")
for _ in $(seq 200); do if [ -s "$tmp/port" ]; then break; else sleep 0.05; fi; done
base=http://127.0.0.1:$(cat "$tmp/port")
export MLOPS_LLM_STATE=$tmp/llm-state ANTHROPIC_BASE_URL=$base/s/helpful ANTHROPIC_API_KEY=sk-ant-not-a-key-Gt6Yh4Nm2p
daemon d all --validators none --provider anthropic || exit 1
json=(-H 'Content-Type: application/json')
project=$(api /projects "${json[@]}" -d '{"name":"thrifty"}' | jq -r .id)
budget=/projects/$project/budget
calls() { curl -s "$base/count/helpful" | jq .calls; }

same "no limit at first" "$(api "$budget" | jq -c .)" \
	'{"tokens":{"used":0,"limit":null,"left":null},"usd":{"used":0,"limit":null,"left":null}}'
same "a limit" "$(api "$budget" "${json[@]}" -d '{"tokens":10}' | jq -c '[.tokens.limit, .tokens.left, .usd.limit]')" '[10,10,null]'
while read -r bad; do
	same "refused: $bad" "$(status "$budget" "${json[@]}" -d "$bad")" 422
done <<'END'
{}
{"tokens":-1}
{"tokens":1.5}
{"tokens":"10"}
{"usd":-0.01}
{"usd":1e300}
{"euro":3}
END
same "of no project" "$(status "/projects/00000000-0000-4000-8000-000000000000/budget" "${json[@]}" -d '{"tokens":10}')" 404

brief='A chatbot over our 3,000 manuals on AWS in Frankfurt. Honestly, nothing in here may leave the firm.'
set=$(api "/projects/$project/constraints" "${json[@]}" -d "$(jq -n --arg b "$brief" '{brief: $b}')" | jq -r .decision_set_id)
same "a run that may pass it waits" "$(until_status "$set" waiting complete failed)" waiting
same "before anybody is asked" "$(calls)" 0
events() { api "/decision-sets/$set/events?limit=500&type=$1" | jq -c '[.items[].payload.gate]'; }
same "at the gate that is its budget" "$(events gate_waiting)" '["budget"]'
same "there is nothing to approve" "$(status "/decision-sets/$set/approve" "${json[@]}" -d '{"status":"approved"}')" 409

same "a raise that is no use" "$(api "$budget" "${json[@]}" -d '{"tokens":20}' | jq -c .tokens.limit)" 20
for _ in $(seq 100); do if [ "$(events gate_waiting)" = '["budget","budget"]' ]; then break; else sleep 0.1; fi; done
same "it looked and waits again" "$(events gate_waiting) $(calls)" '["budget","budget"] 0'
same "money is another limit" "$(api "$budget" "${json[@]}" -d '{"tokens":null,"usd":25.5}' | jq -c '[.tokens.limit, .usd.limit]')" '[null,25.5]'
for _ in $(seq 300); do if [ "$(events gate_waiting)" = '["budget","budget","pre-codegen"]' ]; then break; else sleep 0.1; fi; done
same "with enough it goes on" "$(until_status "$set" waiting failed) $(events gate_waiting)" 'waiting ["budget","budget","pre-codegen"]'
ok "and asks" [ "$(calls)" -gt 0 ]
same "now it can be approved" "$(status "/decision-sets/$set/approve" "${json[@]}" -d '{"status":"approved"}')" 202
ok "what it took is told" jq -e '.tokens.used > 0 and .usd.used > 0 and .usd.left < .usd.limit and .usd.left > 0' <<<"$(api "$budget")"
same "who set it stands in the record" "$(api "/projects/$project/events?limit=500&type=budget_set" | jq -c '[.items[].payload | {tokens, usd}] | length')" 3
finish
