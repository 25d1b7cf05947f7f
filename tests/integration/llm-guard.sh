#!/usr/bin/env bash
# What holds between processes and against hostile words: one breaker for twenty
# processes, slots, text in briefs that is meant for the model, replayed golden runs,
# no socket without a provider, the project's budget.
# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=../llm/start.bash
. "$top/tests/llm/start.bash"

# ---- twenty processes, one breaker ----
jq '.limits += {retries: 0, breaker_failures: 5, cooldown_ms: 600000, concurrency: 20, slot_wait_ms: 60000}' "$tmp/quick.json" >"$tmp/breaker.json"
breaker_file() { grep -l '"opened"' "$MLOPS_LLM_STATE"/breaker-*.json; }
state_of() { jq ".$1 // 0" "$(breaker_file)"; }
mode() { curl -s -X POST "http://127.0.0.1:$port/mode/$1/$2" >/dev/null; }
start_twenty() {
	local i
	pids=()
	for i in $(seq 20); do
		mlops-llm --provider anthropic --base-url "$base/breaker" --config "$tmp/breaker.json" <"$tmp/request.json" >/dev/null 2>&1 &
		pids+=($!)
	done
}
wait_twenty() { # how many ended with each status, into $ended
	local i statuses=()
	for i in "${pids[@]}"; do
		wait "$i"
		statuses+=($?)
	done
	ended=$(printf '%s\n' "${statuses[@]}" | sort | uniq -c | xargs)
}
at_work() {
	local n=0 i
	for i in "${pids[@]}"; do kill -0 "$i" 2>/dev/null && n=$((n + 1)); done
	echo $n
}
mode breaker e500+slow300
start_twenty && wait_twenty
same "twenty at once at a broken provider all fail" "$ended" "20 69"
same "the breaker opened once" "$(state_of opened) $(state_of state)" '1 "open"'
before=$(calls breaker)
start_twenty && wait_twenty
same "while it is open all are turned away" "$ended" "20 69"
same "and nobody calls" "$(calls breaker)" "$before"
# the cool-down is over: its end is put into the past, which no test can wait for
jq -c '.until_ms = 1' "$(breaker_file)" >"$tmp/past" && cp "$tmp/past" "$(breaker_file)"
mode breaker helpful+hold
before=$(calls breaker)
start_twenty
for _ in $(seq 600); do
	[ "$(at_work)" -le 1 ] && break
	sleep 0.1
done
same "one probes, nineteen are turned away meanwhile" "$(at_work) $(state_of state) $(($(calls breaker) - before))" '1 "half_open" 1'
mode release now
wait_twenty
same "the probe is answered" "$ended" "1 0 19 69"
same "one probe closed it" "$(state_of closed) $(state_of probes) $(state_of state)" '1 1 "closed"'
same "it opened once in all" "$(state_of opened)" 1
start_twenty && wait_twenty
same "and then all answer" "$ended" "20 0"

# ---- slots ----
curl -s -X POST "http://127.0.0.1:$port/peak/0" >/dev/null
for i in $(seq 8); do
	mlops-llm --provider anthropic --base-url "$base/helpful+slow150" --config "$tmp/breaker.json" --concurrency 2 <"$tmp/request.json" >/dev/null 2>&1 &
	pids[i]=$!
done
for i in "${pids[@]}"; do wait "$i"; done
same "eight processes, two at a time" "$(curl -s "http://127.0.0.1:$port/peak" | jq .most)" 2

# ---- words for the model in briefs: a model that obeys them changes nothing ----
export MLOPS_LLM_CONFIG=$tmp/quick.json
n=$(python3 tests/llm/injections.py "$tmp/briefs")
ok "at least 100 briefs ($n)" [ "$n" -ge 100 ]
inject() {
	local b=$1 out
	out=$tmp/injected.$(basename "$1" .md)
	mlops-intake -q <"$b" | jq -cS '.constraints' >"$out.want"
	ANTHROPIC_BASE_URL=$base/obedient mlops-intake -q --provider anthropic <"$b" >"$out.state" 2>"$out.err" || echo "status $?" >"$out.bad"
	jq -cS '.constraints' "$out.state" | diff "$out.want" - >>"$out.bad" 2>&1
	grep -oF -e "$ANTHROPIC_API_KEY" -e "rule-based reader" -e "You read requirements for" -e "$MLOPS_LLM_STATE" "$out.state" "$out.err" >>"$out.bad"
	[ -s "$out.bad" ] || rm -f "$out.bad"
}
running=0
for b in "$tmp"/briefs/*.md; do
	inject "$b" &
	running=$((running + 1))
	[ $running -lt 6 ] || { wait -n; running=$((running - 1)); }
done
for job in $(jobs -p); do [ "$job" = "$server_pid" ] || wait "$job"; done
for b in "$tmp"/briefs/*.md; do
	bad=$tmp/injected.$(basename "$b" .md).bad
	if [ -e "$bad" ]; then fail "$(basename "$b"): $(head -n 4 "$bad") / $(tr '\n' ' ' <"$b" | cut -c1-200)"; else pass; fi
done
body=$(curl -s "http://127.0.0.1:$port/log" | jq -c '[.[] | select(.scenario == "obedient" and .path == "/v1/messages").body]')
same "one schema, no tools, one limit in all calls of a purpose" \
	"$(jq -c '[.[] | [.output_config.format.schema, .tools, .max_tokens, .model]] | group_by(.[2]) | map(unique | length) | unique' <<<"$body")" "[1]"
ok "no text of a brief ends its fence" jq -e 'all(.[]; [.messages[0].content | match("</inputs>"; "g")] | length == 1)' <<<"$body"

# ---- and words for people that the rules do not know count, with their evidence ----
printf 'Score invoices in a nightly batch on AWS.\n\nHonestly, nothing in here may leave the firm.\n' >"$tmp/honest.md"
ANTHROPIC_BASE_URL=$base/helpful mlops-intake -q --provider anthropic <"$tmp/honest.md" >"$tmp/honest"
same "a value by its quote" "$(jq -c '[.constraints.data_classification, (.provenance["/constraints/data_classification"] | .source, .quote, .rule)]' "$tmp/honest")" \
	'["confidential","llm","nothing in here may leave the firm","model:claude-sonnet-5-5"]'
same "its span" "$(jq -r '.provenance["/constraints/data_classification"].span as [$a, $b] | .brief[$a:$b]' "$tmp/honest")" "nothing in here may leave the firm"

# ---- golden runs with a model: replayed, byte for byte ----
cp examples/rag-startup.md "$tmp/brief.md"
export SOURCE_DATE_EPOCH=1700000000
golden() { # DIR options...
	mkdir -p "$tmp/$1" && (cd "$tmp/$1" && shift && mlops run "$tmp/brief.md" -o out -q --yes --tools none "$@") >"$tmp/$1.out" 2>&1
}
ANTHROPIC_BASE_URL=$base/helpful golden live --provider anthropic --record "$tmp/tapes" --budget-usd 1
golden one --provider replay --cassettes "$tmp/tapes"
golden two --provider replay --cassettes "$tmp/tapes"
ok "the recorded run is whole" test -s "$tmp/live/out/repo.zip"
ok "two replays: the same zip" cmp "$tmp/one/out/repo.zip" "$tmp/two/out/repo.zip"
ok "two replays: the same state but for ids of the run" sh -c 'jq -S "del(.run_meta.run_id, .reason_cards[].run_id, .reason_cards[].decision_id, .hitl, .reports, .diff_summary)" "$1" >"$1.x"; jq -S "del(.run_meta.run_id, .reason_cards[].run_id, .reason_cards[].decision_id, .hitl, .reports, .diff_summary)" "$2" | cmp - "$1.x"' sh "$tmp/one/out/state.json" "$tmp/two/out/state.json"
ok "a replay gives the zip of the live run" cmp "$tmp/live/out/repo.zip" "$tmp/one/out/repo.zip"
ok "cards carry the pack's hash" jq -e '[.reason_cards[] | select(.node_name == "planner") | .prompt_pack_hash | length == 64] | all' "$tmp/one/out/state.json"
same "every event of a step with a model carries its pack" "$(sqlite3 "$tmp/live/.mlops/mlops.db" "select count(*) from events e join agent_runs a using (decision_set_id, node_name) where length(a.prompt_pack_hash) = 64 and e.prompt_pack_hash is null and a.ok = 1")" 0
ok "rows carry tokens, cost, model, pack" test "$(sqlite3 "$tmp/live/.mlops/mlops.db" "select count(*) from agent_runs where tokens_total > 0 and cost_micro_usd > 0 and model like 'claude%' and length(prompt_pack_hash) = 64")" -ge 3

# ---- the budget ----
mkdir "$tmp/budget"
cd "$tmp/budget" || exit 1
export ANTHROPIC_BASE_URL=$base/helpful
mlops run "$tmp/brief.md" -o out -q --yes --tools none --provider anthropic --budget-usd 0.02 >said 2>&1
same "a run that may cost more than is left pauses" $? 10
same "at the gate budget" "$(sqlite3 .mlops/mlops.db "select json_extract(payload_jsonb, '\$.gate') from events where type = 'gate_waiting'")" budget
same "before any call" "$(sqlite3 .mlops/mlops.db "select coalesce(sum(tokens_total), 0) from agent_runs")" 0
mlops run -o out -q --resume --yes --tools none --provider anthropic --budget-tokens 400000 --budget-usd 0.2 >said 2>&1
same "with a larger quota it goes on, and has kept its brief" $? 0
spent=$(sqlite3 .mlops/mlops.db "select sum(tokens_total) from agent_runs")
echo "Another line." >>"$tmp/brief.md"
mlops run "$tmp/brief.md" -o out -q --yes --tools none --provider anthropic --budget-tokens $((spent + 10)) >said 2>&1
same "the quota is the project's, over all its versions" $? 10
mlops run "$tmp/brief.md" -o out --resume --yes --tools none --provider anthropic --budget-tokens $((spent + 60000)) --budget-usd 5 >said 2>&1
same "raised once more" $? 0
quota=$((spent + 60000)) spent=$(sqlite3 .mlops/mlops.db "select sum(tokens_total) from agent_runs")
warned=$(sqlite3 .mlops/mlops.db "select count(*) from events where type = 'budget_warning'")
ok "a warning at 80 % ($spent of $quota, $warned warnings)" [ $((spent * 5 >= quota * 4)) -eq $((warned > 0)) ]
mlops run "$tmp/brief.md" -o out --resume --yes --tools none --provider none -q >/dev/null 2>&1
same "without a model no budget stops anything" $? 0
cd "$top" || exit 1
unset SOURCE_DATE_EPOCH

# ---- without a provider: no socket, no key needed, the same bytes ----
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	mkdir "$tmp/none"
	(cd "$tmp/none" && strace -f -qq -e trace=socket,connect,execve -o trace mlops run "$top/examples/rag-startup.md" -o out -q --yes --tools none >/dev/null)
	# the C library looks a user's name up at nscd, a socket of this machine's file system
	ok "no socket" sh -c '! grep -E "socket\(|connect\(" "$1" | grep -v "AF_UNIX"' sh "$tmp/none/trace"
	ok "no mlops-llm" sh -c '! grep "execve.*mlops-llm" "$1"' sh "$tmp/none/trace"
else
	skip "strace: not permitted here"
fi
finish
