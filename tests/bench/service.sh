#!/usr/bin/env bash
# mlopsd beside what one would otherwise write: GET of a decision set beside FastAPI and
# asyncpg on the same tables; plan round trips beside LangGraph with PostgresSaver; many
# streams on one process.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/../integration/postgres.bash"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/../integration/service.bash"
peers=$PWD/.tools/service-peers/venv/bin
seconds=${SECONDS_EACH:-5}
tests/bench/service/install
if ! pg_make || ! pg_start; then
	echo "skipped: no PostgreSQL"
	exit 0
fi
db=$(pg_url bench)
mlopsd migrate --db "$db" >/dev/null
daemon ours all --db "$db" --validators none --stream-time 600 --slots 4
ours=$daemon_pid
project=$(api /projects --json '{"name": "p"}' | jq -r .id)
set=$(jq -n --rawfile brief examples/rag-startup.md '{$brief}' | api "/projects/$project/constraints" --json @- | jq -r .decision_set_id)
until_status "$set" waiting >/dev/null
printf 'GET /decision-sets/{id}, %s bytes:                requests/s  p50 ms  p99 ms  CPU ms a request\n' "$(api "/decision-sets/$set" | wc -c)"
# load NAME URL PID CONNECTIONS
load() {
	local rate p50 p99 cpu
	read -r rate p50 p99 cpu < <(python3 tests/bench/service/load.py "$2" "/decision-sets/$set" "$token" "$3" "$4" "$seconds")
	printf '  %-46s %8s %8s %8s %10s\n' "$1" "$rate" "$p50" "$p99" "$cpu"
}
theirs=$(free_port)
(cd tests/bench/service && DB=$db exec "$peers/python3" -m uvicorn fastapi_app:app --port "$theirs" --log-level error) >"$tmp/fastapi" 2>&1 &
daemons+=($!)
fastapi=$!
for _ in $(seq 100); do
	curl -sf "http://127.0.0.1:$theirs/decision-sets/$set" >/dev/null && break
	sleep 0.1
done
load "mlopsd, 4 connections" "$url" "$ours" 4
load "FastAPI + asyncpg, 4 connections" "http://127.0.0.1:$theirs" "$fastapi" 4
load "mlopsd, 1 connection" "$url" "$ours" 1
load "FastAPI + asyncpg, 1 connection" "http://127.0.0.1:$theirs" "$fastapi" 1
kill "$fastapi"

printf 'plan round trip, 1 project:   %s\n' "$(python3 tests/bench/service/plans.py "$url" "$token" 1 "${ROUNDS:-10}")"
printf 'plan round trip, 10 projects: %s\n' "$(python3 tests/bench/service/plans.py "$url" "$token" 10 "${ROUNDS:-5}")"
api "/decision-sets/$set/state" >"$tmp/state"
graph=$(pg_url graph)
printf 'LangGraph, 8 nodes that do no work, PostgresSaver, 1 at a time: %s\n' \
	"$("$peers/python3" tests/bench/service/langgraph_bench.py "$graph" "$tmp/state" 1 "${ROUNDS:-10}" 2>&1 | tail -n 1)"
printf 'the same, 10 at once:         %s\n' \
	"$("$peers/python3" tests/bench/service/langgraph_bench.py "$graph" "$tmp/state" 10 "${ROUNDS:-5}" 2>&1 | tail -n 1)"
kill "$ours"
wait "$ours" 2>/dev/null
daemon streams all --validators none --stream-time 600
python3 tests/bench/service/streams.py "$url" "$token" "$daemon_pid" "${STREAMS:-10000}"
exit 0
