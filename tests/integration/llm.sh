#!/usr/bin/env bash
# mlops-llm against a provider on this machine that speaks the wire formats and every
# fault; the same server must please the providers' own SDKs.
# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=../llm/start.bash
. "$top/tests/llm/start.bash"

# ---- the server is honest ----
if [ -x "$top/.tools/sdks/bin/python3" ]; then
	"$top/.tools/sdks/bin/python3" tests/llm/sdks.py "$base" >"$tmp/sdks" 2>&1
	while read -r line; do
		case $line in "ok "*) pass ;; *) fail "SDK: $line" ;; esac
	done <"$tmp/sdks"
	ok "all SDK checks ran" grep -q "the end" "$tmp/sdks"
else
	skip "the providers' SDKs: not installed (make sdks)"
fi

# ---- one good answer by every provider, whole and streamed ----
want='{"values":[{"field":"data_classification","value":"confidential","quote":"nothing in here may leave the firm"}]}'
for p in anthropic openai openai-chat; do
	llm $p helpful
	same "$p: status" $status 0
	same "$p: output" "$(jq -c .output "$tmp/out")" "$want"
	ok "$p: the answer keeps its schema" "$build/tests/check-schema" share/schemas/llm-answer.schema.json "$tmp/out"
	ok "$p: usage and cost are told" jq -e '.usage.total_tokens > 0 and .cost_usd > 0 and .latency_ms > 0' "$tmp/out"
	for how in ok split unknown pause; do
		llm $p helpful+$how --stream
		same "$p: stream, $how: status" $status 0
		same "$p: stream, $how: output" "$(tail -n 1 "$tmp/out" | jq -c .output)" "$want"
		same "$p: stream, $how: the pieces are the text" "$(head -n -1 "$tmp/out" | jq -j .delta | jq -c .)" "$want"
	done
done
llm openai-compatible helpful+nokey --model qwen3
same "openai-compatible without a key" $status 0
ok "a model at home is marked unpriced" jq -e '.unpriced and .cost_usd == 0' "$tmp/out"
for m in claude-haiku-4-5 claude-opus-5-5 claude-opus-5 claude-fable-5-1 claude-haiku-5-5; do
	llm anthropic helpful --model $m
	same "$m gets what it takes" $status 0
done
for m in gpt-6.1-sol gpt-6-luna gpt-4.1 gpt-4.1-2025-04-14; do
	llm openai helpful --model $m
	same "$m gets what it takes" $status 0
done

# ---- structured output by a tool, where a model has no other ----
echo '{"providers": {"anthropic": {"models": [{"id": "old", "takes": ["forced_tool"]}, {"id": "older", "takes": []}]}}}' >"$tmp/tools.json"
for m in old older; do
	for how in "" --stream; do
		# shellcheck disable=SC2086
		mlops-llm --provider anthropic --base-url "$base/helpful" --config "$tmp/tools.json" --model $m $how <"$tmp/request.json" >"$tmp/out"
		same "answer by tool: $m $how" "$(tail -n 1 "$tmp/out" | jq -c .output)" "$want"
	done
done

# ---- every fault: exit status, code, number of tries ----
while read -r scenario expected code tries; do
	for p in anthropic openai openai-chat; do
		case $p+$scenario in
		openai*+e429cap | openai*+e503) continue ;; # a word of the other dialect
		esac
		llm $p "$scenario+$p" --errors json
		same "$p $scenario: status" "$status" "$expected"
		if [ "$expected" = 0 ] || [ "$expected" = 12 ]; then
			answer=$(jq -c . "$tmp/out")
		else
			same "$p $scenario: nothing on stdout" "$(cat "$tmp/out")" ""
			answer=$(tail -n 1 "$tmp/err" | jq -c .error.answer)
		fi
		same "$p $scenario: code" "$(jq -r '.refused.code // "ok"' <<<"$answer")" "$code"
		same "$p $scenario: tries" "$(jq '.attempts | length' <<<"$answer")" "$tries"
	done
done <<'EOF'
e400 69 bad_request 1
e401 78 denied 1
e402 69 no_credit 1
e403 78 denied 1
e404 78 no_such_model 1
e409 69 provider_down 2
e413 65 request_too_large 1
e429ms 75 rate_limited 2
e429long 75 rate_limited 1
e429cap 69 no_credit 1
noretry 69 provider_down 1
e500 69 provider_down 2
e503 69 provider_down 2
e504 69 timeout 2
e529 69 overloaded 2
quota 69 no_credit 1
stringerror 69 provider_down 2
htmlerror 69 provider_down 2
disconnect 69 garbled_answer 2
redirect 69 redirected 1
truncated 69 garbled_answer 2
invalid 69 garbled_answer 2
empty 69 garbled_answer 2
array 69 garbled_answer 2
huge 69 answer_too_large 1
helpful+badjson 12 schema 2
helpful+wrongschema 12 schema 2
helpful+notobject 12 schema 2
helpful+repairable 0 ok 2
helpful+fenced 0 ok 1
helpful+flaky1 0 ok 2
helpful+cut 12 cut_at_max_tokens 1
helpful+refusal 12 model_refused 1
EOF
llm openai e503+openai --errors json
same "OpenAI's overload" "$(tail -n 1 "$tmp/err" | jq -r .error.answer.refused.code)" overloaded
for p in anthropic openai openai-chat; do
	llm $p hang --retries 0
	same "$p silence ends by the idle timeout" $status 69
	llm $p helpful+drip --retries 0
	same "$p slow bytes are still bytes" $status 0
	llm $p helpful+drip --retries 0 --timeout 0.5
	same "$p slow bytes end by the whole timeout" $status 69
	for sc in midstream midcut; do
		llm $p helpful+$sc --stream --errors json
		same "$p $sc: status" $status 69
		same "$p $sc: the pieces before are void" "$(tail -n 1 "$tmp/out" | jq -r '.restart // .delta != null')" true
	done
done
same "no redirect was followed" "$(calls evil)" 0
llm anthropic helpful --base-url "http://127.0.0.1:9"
same "nobody listens" $status 69

# ---- Retry-After, fallback, budget, size ----
start=$(date +%s%N)
llm anthropic e429 --retries 1
took=$((($(date +%s%N) - start) / 1000000))
ok "a Retry-After past the bound is not waited for ($took ms)" [ "$took" -lt 900 ]
mlops-llm --provider anthropic,openai --config <(jq -n --arg u "$(url openai helpful)" --arg d "$(url anthropic e500)" '{limits: {first_backoff_ms: 2}, providers: {openai: {base_url: $u, base_url_env: null}, anthropic: {base_url: $d, base_url_env: null}}}') <"$tmp/request.json" >"$tmp/out"
same "the next provider answers" "$(jq -r .provider "$tmp/out")" openai
same "every try is told" "$(jq -c '[.attempts[].provider]' "$tmp/out")" '["anthropic","anthropic","anthropic","openai"]'
jq '.purpose = "codegen" | .prompt_pack = "intake.extract"' "$tmp/request.json" >"$tmp/codegen.json"
mlops-llm --provider anthropic,openai --retries 0 --config <(jq -n --arg u "$(url openai helpful)" --arg d "$(url anthropic e500)" '{providers: {openai: {base_url: $u, base_url_env: null}, anthropic: {base_url: $d, base_url_env: null}}}') <"$tmp/codegen.json" >"$tmp/out" 2>/dev/null
same "code generation has no second provider" $? 69
before=$(calls helpful+budget)
llm anthropic helpful+budget --max-tokens 100
same "a call past the token budget is not made" "$status $(calls helpful+budget)" "10 $before"
same "and says so" "$(jq -r .refused.code "$tmp/out")" budget
llm anthropic helpful+budget+nocount --max-usd 0.000001
same "a call past the money budget is not made" "$status" 10
llm anthropic helpful --max-tokens 100000 --max-usd 1
same "a call within is" $status 0
jq '.inputs.brief = ("many words " * 300000)' "$tmp/request.json" >"$tmp/large.json"
request=$tmp/large.json llm openai helpful
same "more than the model takes is not sent" $status 65
llm anthropic helpful --estimate
ok "an estimate without a call" jq -e '.input_tokens > 100 and .usd > 0' "$tmp/out"

# ---- privacy ----
llm anthropic helpful+privacy --debug-dir "$tmp/debug" --record "$tmp/tapes" -v
body=$(curl -s "http://127.0.0.1:$port/log" | jq -c '[.[] | select(.scenario == "helpful+privacy")]')
ok "mail address and key are masked in what leaves" sh -c '! printf "%s" "$1" | grep -E "bob.smith|AKIAZ7"' sh "$body"
same "the answer tells how many" "$(jq .masked "$tmp/out")" 2
ok "no key of ours in answer, messages, cassettes, raw prompts" sh -c '! grep -rF -e "$ANTHROPIC_API_KEY" -e "$OPENAI_API_KEY" "$1"' sh "$tmp"
llm anthropic e401 --errors json
ok "nor where the provider quotes it" sh -c '! grep -F "Zq8vK2mX7w" "$1/err" && grep -q "\[redacted\]" "$1/err"' sh "$tmp"
same "raw prompts are for us alone" "$(stat -c %a "$tmp/debug" "$tmp"/debug/*.txt | xargs)" "700 600"
same "cassettes, too" "$(stat -c %a "$tmp"/tapes/*.json)" 600
(
	unset ANTHROPIC_API_KEY
	llm anthropic helpful
	same "without a key" "$status" 78
	ok "the message says where it may come from" grep -q "ANTHROPIC_API_KEY, --key-file" "$tmp/err"
	echo "sk-ant-file-key-0000" >"$tmp/key"
	chmod 644 "$tmp/key"
	llm anthropic helpful --key-file "$tmp/key"
	same "a key file that others can read" "$status" 78
	chmod 600 "$tmp/key"
	llm anthropic helpful --key-file "$tmp/key"
	same "a key file" "$status" 0
	ln -s key "$tmp/link"
	llm anthropic helpful --key-file "$tmp/link"
	same "a link in its place" "$status" 78
	jq --arg k "file:$tmp/key" '. + {projects: {mine: {keys: {anthropic: $k}}}}' "$tmp/quick.json" >"$tmp/projects.json"
	llm anthropic helpful --config "$tmp/projects.json" --project mine
	same "a key of the project" "$status" 0
	llm anthropic helpful --config "$tmp/projects.json" --project theirs
	same "is not another project's" "$status" 78
	jq '. + {keys: {anthropic: "sk-ant-given"}}' "$tmp/quick.json" >"$tmp/given.json"
	llm anthropic helpful --config "$tmp/given.json"
	same "a key in the settings is refused" "$status" 78
	ok "and not shown" sh -c '! grep -q sk-ant-given "$1"' sh "$tmp/err"
	printf 'two\nlines' >"$tmp/key"
	llm anthropic helpful --key-file "$tmp/key"
	same "a key that would end its header" "$status" 78
	echo "$passed $failed" >"$tmp/counts"
)
read -r passed failed <"$tmp/counts"
mlops-llm --provider anthropic --base-url http://example.org <"$tmp/request.json" 2>"$tmp/err" >/dev/null
same "a key goes nowhere without TLS" $? 78
llm anthropic slow1500 --timeout 5 &
slow=$!
sleep 0.6
for pid in $(pgrep -P "$slow" mlops-llm; pgrep -x mlops-llm -P $$); do
	ok "no core dump" grep -q "Max core file size *0 *0" "/proc/$pid/limits"
	ok "no key in argv" sh -c '! tr "\0" " " <"/proc/$1/cmdline" | grep -F "$ANTHROPIC_API_KEY"' sh "$pid"
done
wait "$slow"

# ---- cassettes ----
unset MLOPS_LLM_PROVIDER
mlops-llm --provider replay --cassettes "$tmp/tapes" <"$tmp/request.json" >"$tmp/one"
same "replay" $? 0
mlops-llm --provider replay --cassettes "$tmp/tapes" <"$tmp/request.json" >"$tmp/two"
ok "byte for byte" cmp "$tmp/one" "$tmp/two"
same "the recorded output" "$(jq -c .output "$tmp/one")" "$want"
jq '.inputs.missing += ["cloud"]' "$tmp/request.json" >"$tmp/other.json"
mlops-llm --provider replay --cassettes "$tmp/tapes" <"$tmp/other.json" >/dev/null 2>&1
same "another request was never recorded" $? 66
jq '.answer.output = {values: [{field: 1}]}' "$tmp"/tapes/*.json >"$tmp/bad" && mkdir -p "$tmp/tapes2" && mv "$tmp/bad" "$tmp/tapes2/$(basename "$tmp"/tapes/*.json)"
mlops-llm --provider replay --cassettes "$tmp/tapes2" <"$tmp/request.json" >/dev/null 2>&1
same "a cassette is held to the schema" $? 65
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -e trace=socket,connect -o "$tmp/trace" mlops-llm --provider replay --cassettes "$tmp/tapes" <"$tmp/request.json" >/dev/null
	ok "replay opens no socket" sh -c '! grep -E "socket|connect\(" "$1"' sh "$tmp/trace"
else
	skip "strace: not permitted here"
fi

# ---- quarantine ----
for i in 1 2 3; do
	llm anthropic helpful+wrongschema --quarantine "$tmp/quarantine"
	same "after $i failures" "$(find "$tmp/quarantine" -type f 2>/dev/null | wc -l)" $((i / 3))
done
same "it is ours alone" "$(stat -c %a "$tmp/quarantine" "$tmp"/quarantine/*)" "$(printf '700\n600')"
llm anthropic helpful --quarantine "$tmp/quarantine2"
llm anthropic helpful+wrongschema --quarantine "$tmp/quarantine2"
ok "a good answer starts the count anew" [ ! -e "$tmp/quarantine2" ]
if server=$(command -v versitygw || ls .tools/bin/versitygw 2>/dev/null); then
	mkdir "$tmp/s3" "$tmp/s3/jail" "$tmp/meta3"
	s3=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	ROOT_ACCESS_KEY=AKIDTEST ROOT_SECRET_KEY=a-secret-of-the-test "$server" --port "127.0.0.1:$s3" --region eu-central-1 \
		posix --sidecar "$tmp/meta3" "$tmp/s3" >"$tmp/s3.log" 2>&1 &
	s3_pid=$!
	for _ in $(seq 100); do curl -s -o "$tmp/ignored" "http://127.0.0.1:$s3/" && break || sleep 0.1; done
	export AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=a-secret-of-the-test AWS_REGION=eu-central-1
	for _ in 1 2 3; do llm anthropic helpful+wrongschema --state-dir "$tmp/state-s3" --quarantine "s3://jail/llm?endpoint=http://127.0.0.1:$s3"; done
	same "a bucket takes it" "$(find "$tmp/s3/jail/llm" -name 'intake.extract-*.json' | wc -l)" 1
	ok "masked" jq -e '.payload and .why' "$tmp"/s3/jail/llm/*.json
	kill "$s3_pid"
	wait "$s3_pid" 2>/dev/null
	llm anthropic helpful+wrongschema --state-dir "$tmp/state-s3" --quarantine "s3://jail/llm?endpoint=http://127.0.0.1:1"
	same "a bucket that is away breaks nothing" $status 12
	same "and leaves it here" "$(find "$tmp/state-s3/quarantine" -type f | wc -l)" 1
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION
else
	skip "quarantine in a bucket: versitygw is not installed (make tools)"
fi

# ---- an interrupt ends a call at work ----
mlops-llm --provider anthropic --base-url "$base/hang" <"$tmp/request.json" >/dev/null 2>"$tmp/err" &
pid=$!
sleep 0.4
start=$(date +%s%N)
kill -TERM $pid
wait $pid
same "interrupted" $? 75
took=$((($(date +%s%N) - start) / 1000000))
ok "within two seconds ($took ms)" [ "$took" -lt 2000 ]

# ---- bad input ----
while IFS='|' read -r text expected; do
	printf '%s' "$text" | mlops-llm --provider anthropic --base-url "$base/helpful" >"$tmp/out" 2>"$tmp/err"
	same "bad input: $text" $? "$expected"
	same "bad input: one line" "$(wc -l <"$tmp/err")" 1
done <<'EOF'
|65
{|65
[]|65
{"purpose":"planner"}|65
{"purpose":"planner","inputs":{},"provider":"evil"}|65
{"purpose":"nobody","inputs":{}}|65
{"purpose":"planner","prompt_pack":"../../etc/passwd","inputs":{}}|65
{"purpose":"planner","prompt_pack":"sha256:00","inputs":{}}|65
{"purpose":"planner","inputs":{},"output_schema":{"type":"nonsense"}}|65
{"purpose":"planner","inputs":{},"limits":{"timeout_ms":1e99}}|65
{"purpose":"planner","inputs":{},"limits":{"budget_usd":1e300}}|65
{"purpose":"planner","inputs":{},"output_schema":{"minimum":"x"}}|65
EOF
while read -r text; do
	printf '%s' "$text" >"$tmp/odd.json"
	llm anthropic helpful --config "$tmp/odd.json"
	same "settings: $text" "$status $(wc -l <"$tmp/err")" "78 1"
done <<'EOF'
[
[]
{"limits":5}
{"limits":{"retries":1e300}}
{"limits":{"retries":-1}}
{"keys":{"anthropic":5}}
{"roles":{"orchestration":{"chain":"anthropic"}}}
{"providers":{"anthropic":{"base_url":7}}}
{"providers":{"anthropic":{"models":[{}]}}}
{"projects":{"p":[]}}
{"projects":{"p":{"keys":{"anthropic":{}}}}}
EOF
mlops-llm --provider nobody <"$tmp/request.json" >/dev/null 2>&1
same "an unknown provider" $? 2
mlops-llm <"$tmp/request.json" >/dev/null 2>&1
same "no provider" $? 2
mlops-llm --provider anthropic --base-url "$base/helpful" <"$tmp/request.json" >/dev/full 2>/dev/null
same "a full disk" $? 74

# ---- packs ----
same "share/packs/index.json has every pack" "$(mlops-llm --packs | jq -S 'to_entries - (input | to_entries)' - share/packs/index.json)" "[]"
for f in share/packs/*.json; do
	[ "$f" = share/packs/index.json ] || ok "$f" "$build/tests/check-schema" share/schemas/prompt-pack.schema.json "$f"
done
hash=$(mlops-llm --packs | jq -r 'to_entries[] | select(.value.id == "intake.extract").key')
jq --arg h "sha256:$hash" '.prompt_pack = $h' "$tmp/request.json" >"$tmp/hash.json"
request=$tmp/hash.json llm anthropic helpful
same "a pack by its hash" "$status $(jq -r .prompt_pack.sha256 "$tmp/out")" "0 $hash"
same "every id and version stands once in the index" "$(jq '[.[] | "\(.id) \(.version)"] | length - (unique | length)' share/packs/index.json)" 0
finish
