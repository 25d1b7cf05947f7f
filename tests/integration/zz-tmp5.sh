#!/usr/bin/env bash
# What holds between processes and against hostile words: one breaker for twenty
# processes, slots, text in briefs that is meant for the model, replayed golden runs,
# no socket without a provider, the project's budget.
# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=../llm/start.bash
. "$top/tests/llm/start.bash"

# ---- slots ----
curl -s -X POST "http://127.0.0.1:$port/peak/0" >/dev/null
for i in $(seq 8); do
	mlops-llm --provider anthropic --base-url "$base/helpful+slow150" --config "$tmp/quick.json" --concurrency 2 <"$tmp/request.json" >/dev/null 2>&1 &
	pids[i]=$!
done
for i in "${pids[@]}"; do wait "$i"; done
same "eight processes, two at a time" "$(curl -s "http://127.0.0.1:$port/peak" | jq .most)" 2

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
ok "rows carry tokens, cost, model, pack" test "$(sqlite3 "$tmp/live/.mlops/mlops.db" "select count(*) from agent_runs where tokens_total > 0 and cost_micro_usd > 0 and model like 'claude%' and length(prompt_pack_hash) = 64")" -ge 3

# ---- the budget ----
mkdir "$tmp/budget"
cd "$tmp/budget" || exit 1
export ANTHROPIC_BASE_URL=$base/helpful
mlops run "$tmp/brief.md" -o out -q --yes --tools none --provider anthropic --budget-usd 0.02 >said 2>&1
same "a run that may cost more than is left pauses" $? 10
same "at the gate budget" "$(sqlite3 .mlops/mlops.db "select json_extract(payload_jsonb, '\$.gate') from events where type = 'gate_waiting'")" budget
same "before any call" "$(sqlite3 .mlops/mlops.db "select coalesce(sum(tokens_total), 0) from agent_runs")" 0
mlops run "$tmp/brief.md" -o out -q --resume --yes --tools none --provider anthropic --budget-tokens 400000 --budget-usd 0.2 >said 2>&1
same "with a larger quota it goes on" $? 0
spent=$(sqlite3 .mlops/mlops.db "select sum(tokens_total) from agent_runs")
echo "Another line." >>"$tmp/brief.md"
mlops run "$tmp/brief.md" -o out -q --yes --tools none --provider anthropic --budget-tokens $((spent + 10)) >said 2>&1
same "the quota is the project's, over all its versions" $? 10
mlops run "$tmp/brief.md" -o out --resume --yes --tools none --provider anthropic --budget-tokens $((spent + 60000)) >said 2>&1
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
	ok "no socket" sh -c '! grep -E "socket\(|connect\(" "$1"' sh "$tmp/none/trace"
	ok "no mlops-llm" sh -c '! grep "execve.*mlops-llm" "$1"' sh "$tmp/none/trace"
else
	skip "strace: not permitted here"
fi
finish
