#!/usr/bin/env bash
# Every fault at every node: the state is valid, the exit status is that of the node
# without a model, the deterministic result stands, and a Reason Card says what was
# refused. Providers are covered by pairs; MATRIX=whole (make llm-matrix) runs them all.
# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=../llm/start.bash
. "$top/tests/llm/start.bash"
jq --arg c "$top/tests/llm/claude" '.limits += {retries: 0, idle_ms: 1000, total_ms: 2500, concurrency: 64} | .providers["claude-code"] = {command: $c}' "$tmp/quick.json" >"$tmp/matrix.json"
export MLOPS_LLM_CONFIG=$tmp/matrix.json

providers=(anthropic openai openai-chat claude-code)
nodes=(intake_extract planner critic_tech rationale_compile codegen adaptive_questions)
faults=(e400 e401 e402 e403 e404 e409 e413 e429ms e429long e500 e503 e529 quota stringerror
	disconnect redirect truncated invalid empty array huge hang
	badjson wrongschema notobject cut refusal lying)

# ---- a state before each node, and what the node makes of it without a model ----
printf 'We need an AI thing for our claims people. It should find passages in 40000 documents.\nBudget is 3000 dollars a month.\n' >"$tmp/brief.md"
mlops-intake --only extract <"$tmp/brief.md" | mlops-intake --state --only coverage >"$tmp/in.adaptive_questions"
mlops-intake <examples/rag-startup.md >"$tmp/in.planner"
cp "$tmp/brief.md" "$tmp/in.intake_extract"
mlops-plan <"$tmp/in.planner" >"$tmp/in.critic_tech"
mlops-critic <"$tmp/in.critic_tech" | mlops-policy | mlops-gate --approve --actor t >"$tmp/in.codegen"
mlops-codegen -q -o "$tmp/repo" <"$tmp/in.codegen" | mlops-validate -q --tools none -C "$tmp/repo" >"$tmp/in.rationale_compile"

# node NAME OUT options...: runs it on its state; the repository is its own copy.
node() {
	local name=$1 out=$2
	shift 2
	case $name in
	intake_extract) mlops-intake -q --only extract "$@" ;;
	adaptive_questions) mlops-intake -q --state --only questions "$@" ;;
	planner) mlops-plan -q "$@" ;;
	critic_tech) mlops-critic -q tech "$@" ;;
	codegen) mlops-codegen -q --dry-run -o "$tmp/none" "$@" ;;
	rationale_compile)
		cp -R "$tmp/repo" "$out.repo"
		mlops-rationale -q -C "$out.repo" "$@"
		;;
	esac <"$tmp/in.$name" >"$out" 2>"$out.err"
	local status=$?
	rm -rf "$out.repo"
	return $status
}
for n in "${nodes[@]}"; do
	node "$n" "$tmp/want.$n"
	echo $? >"$tmp/want.$n.status"
	jq -cS 'del(.reason_cards, .run_meta)' "$tmp/want.$n" >"$tmp/want.$n.state"
done
ok "questions are asked at all" jq -e '.questions | length > 0' "$tmp/want.adaptive_questions"

# one PROVIDER FAULT NODE INDEX: writes what is wrong, or nothing, to a file of its own.
one() {
	local p=$1 f=$2 n=$3 out=$tmp/run.$4 status
	{
		ANTHROPIC_BASE_URL=$(url anthropic "$f") OPENAI_BASE_URL=$(url openai "$f") \
			node "$n" "$out" --provider "$p"
		status=$?
		[ "$status" = "$(cat "$tmp/want.$n.status")" ] || echo "status $status: $(tail -n 1 "$out.err")"
		jq -cS 'del(.reason_cards, .run_meta)' "$out" | cmp -s - "$tmp/want.$n.state" || echo "the result changed"
		jq -e --arg n "$n" '[.reason_cards[] | select(.node_name == $n and .choice.id == "deterministic" and (.choice.justification | startswith("refused")))] | length > 0' "$out" >/dev/null ||
			[ "$f" = lying ] && [ "$n" = rationale_compile ] || jq -e --arg n "$n" 'any(.reason_cards[]; .node_name == $n and .choice.id == "deterministic")' "$out" >/dev/null || echo "no card"
		jq -e --arg n "$n" '[.reason_cards[] | select(.node_name == $n) | .prompt_pack_hash | length == 64] | all' "$out" >/dev/null || echo "a card without the pack's hash"
		! grep -qF -e "$ANTHROPIC_API_KEY" -e "$OPENAI_API_KEY" "$out" "$out.err" || echo "a key leaked"
	} >"$tmp/said.$4" 2>&1
	rm -f "$out" "$out.err"
}
count=0 running=0
for i in "${!faults[@]}"; do
	for j in "${!nodes[@]}"; do
		for k in "${!providers[@]}"; do
			[ "${MATRIX:-pairs}" = whole ] || [ $(((i + j) % 4)) = "$k" ] || continue
			# words of the HTTP dialects that a program does not say
			case ${providers[k]}+${faults[i]} in claude-code+quota | claude-code+stringerror | claude-code+redirect | claude-code+empty | claude-code+array | claude-code+refusal | openai*+e503) continue ;; esac
			one "${providers[k]}" "${faults[i]}" "${nodes[j]}" $count &
			echo "${providers[k]} x ${faults[i]} x ${nodes[j]}" >"$tmp/name.$count"
			count=$((count + 1)) running=$((running + 1))
			if [ $running -ge 6 ]; then
				wait -n
				running=$((running - 1))
			fi
		done
	done
done
for job in $(jobs -p); do [ "$job" = "$server_pid" ] || wait "$job"; done
for ((i = 0; i < count; i++)); do
	if [ -s "$tmp/said.$i" ]; then fail "$(cat "$tmp/name.$i"): $(head -n 3 "$tmp/said.$i")"; else pass; fi
done
finish
