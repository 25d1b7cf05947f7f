#!/usr/bin/env bash
# Provider keys by project: each project's calls carry its own key, and no key is to be
# found in what the service keeps, says, logs or starts.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
python3 tests/llm/server.py --port-file "$tmp/port" >"$tmp/server.log" 2>&1 &
daemons+=("$!")
for _ in $(seq 200); do if [ -s "$tmp/port" ]; then break; else sleep 0.05; fi; done
base=http://127.0.0.1:$(cat "$tmp/port")
unset ANTHROPIC_API_KEY
export MLOPS_LLM_STATE=$tmp/llm-state
key() { printf 'sk-ant-marker-%s-%s' "$1" "Wq7Zr2Lm9Xc4Vb8N"; }
for name in red blue; do
	(umask 077 && key $name >"$tmp/$name.key")
done

echo '{}' >"$tmp/llm.json"
daemon d all --validators none --log json --provider anthropic --llm-config "$tmp/llm.json" || exit 1
json=(-H 'Content-Type: application/json')
make_project() { api /projects "${json[@]}" -d "{\"name\":\"$1\"}" | jq -r .id; }
red=$(make_project red) blue=$(make_project blue) none=$(make_project none)
jq -n --arg red "$red" --arg blue "$blue" --arg none "$none" --arg base "$base/s/helpful+" --arg tmp "$tmp" '
	{limits: {first_backoff_ms: 2, most_backoff_ms: 8},
	 projects: {($red): {keys: {anthropic: "file:\($tmp)/red.key"}, providers: {anthropic: {base_url: "\($base)red"}}},
		($blue): {keys: {anthropic: "file:\($tmp)/blue.key"}, providers: {anthropic: {base_url: "\($base)blue"}}},
		($none): {providers: {anthropic: {base_url: "\($base)none"}}}}}' >"$tmp/llm.json"

# What every process of the service is started with, for as long as the runs last.
watch_commands() {
	while [ ! -e "$tmp/done" ]; do
		cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -aoE 'sk-ant-marker-(red|blue)-' >>"$tmp/commands"
		sleep 0.05
	done
}
watch_commands &
brief='A chatbot over our 3,000 manuals on AWS in Frankfurt. Honestly, nothing in here may leave the firm.'
declare -A set
for name in red blue none; do
	project=${!name}
	set[$name]=$(api "/projects/$project/constraints" "${json[@]}" -d "$(jq -n --arg b "$brief" '{brief: $b}')" | jq -r .decision_set_id)
done
for name in red blue none; do
	same "$name waits at its gate" "$(until_status "${set[$name]}" waiting failed)" waiting
done
api "/decision-sets/${set[none]}/approve" "${json[@]}" -d '{"status":"approved"}' >/dev/null
same "without a key a run ends, too" "$(until_status "${set[none]}" complete failed)" complete
touch "$tmp/done"
wait %watch_commands 2>/dev/null

curl -s "$base/log" >"$tmp/calls"
for name in red blue; do
	same "$name's calls carry $name's key alone" "$(jq -c --arg s "helpful+$name" '[.[] | select(.scenario == $s) | .key] | unique' "$tmp/calls")" \
		"[\"$(key $name | sha256sum | cut -d' ' -f1)\"]"
done
same "who has no key calls nobody" "$(jq '[.[] | select(.scenario == "helpful+none")] | length' "$tmp/calls")" 0
ok "and is told on the cards" jq -e 'any(.items[]; tostring | test("there is no key for anthropic"))' <<<"$(api "/decision-sets/${set[none]}/cards?limit=500")"

# ---- searched everywhere
for name in red blue none; do
	for part in state events cards artifacts changes approvals; do
		api "/decision-sets/${set[$name]}/$part"
	done
done >"$tmp/answers"
api "/decision-sets/${set[none]}/zip" >"$tmp/none.zip"
unzip -qo "$tmp/none.zip" -d "$tmp/zip"
api /metrics >>"$tmp/answers"
sqlite3 "$tmp/d/.mlops/mlops.db" .dump >"$tmp/dump"
for git in "$tmp"/d/.mlops/git/*.git; do git --git-dir "$git" log -p --all; done >"$tmp/git" 2>/dev/null
found=$(grep -rlaF sk-ant-marker "$tmp/d" "$tmp/answers" "$tmp/dump" "$tmp/git" "$tmp/llm-state" "$tmp/zip" 2>/dev/null)
same "no key anywhere" "$found" ""
same "nor on a command line" "$(sort -u "$tmp/commands" 2>/dev/null)" ""
ok "the settings are shown without a key" mlopsd all --check --llm-config "$tmp/llm.json"
if grep -q sk-ant-marker "$tmp/ok.out"; then fail "--check shows a key"; else pass; fi
finish
