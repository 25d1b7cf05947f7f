# start.bash - what the suites of mlops-llm share: the local provider, settings that are
# quick, keys that are none. Sourced after lib.sh; not a suite itself.
# shellcheck shell=bash disable=SC2154,SC2034
server_pid=
end_server() {
	[ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
	rm -rf "$tmp"
}
trap end_server EXIT
python3 "$top/tests/llm/server.py" --port-file "$tmp/port" >"$tmp/server.log" 2>&1 &
server_pid=$!
for _ in $(seq 200); do
	[ -s "$tmp/port" ] && break
	sleep 0.05
done
port=$(cat "$tmp/port") || { fail "the test server did not start"; finish; }
base=http://127.0.0.1:$port/s

export ANTHROPIC_API_KEY=sk-ant-api03-not-a-key-Zq8vK2mX7w OPENAI_API_KEY=sk-proj-not-a-key-Rt5yB9nL4c
export MLOPS_LLM_STATE=$tmp/state
cat >"$tmp/quick.json" <<'EOF'
{"limits": {"first_backoff_ms": 2, "most_backoff_ms": 8, "breaker_failures": 100000, "longest_retry_after_ms": 300, "slot_wait_ms": 3000}}
EOF
cat >"$tmp/request.json" <<'EOF'
{"purpose": "intake.extract",
 "inputs": {"brief": "Mail bob.smith@fabrikam-industries.com. The key is AKIAZ7QH3NXW2VTR5KLM. Honestly, nothing in here may leave the firm.",
            "missing": ["data_classification"], "ambiguous": [], "fields": {"data_classification": "public, internal, confidential, pii, phi or pci"}}}
EOF

# url PROVIDER SCENARIO: the base address that makes the server behave so.
url() {
	case $1 in
	anthropic) echo "$base/$2" ;;
	*) echo "$base/$2/v1" ;;
	esac
}

# llm PROVIDER SCENARIO [options]: asks for "$request" (default: request.json); stdout
# into $tmp/out, stderr into $tmp/err, the exit status into $status.
llm() {
	local provider=$1 scenario=$2
	shift 2
	mlops-llm --provider "$provider" --base-url "$(url "$provider" "$scenario")" \
		--config "$tmp/quick.json" --idle-timeout 1 --retries 1 "$@" \
		<"${request:-$tmp/request.json}" >"$tmp/out" 2>"$tmp/err"
	status=$?
}
calls() { curl -s "http://127.0.0.1:$port/count/$1" | jq .calls; }
