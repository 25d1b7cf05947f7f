#!/usr/bin/env bash
# The job queue beside graphile-worker, River and procrastinate on one PostgreSQL of its
# own (fsync on), medians of RUNS; and how long a job waits when notifications work.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/../integration/postgres.bash"
pg_fsync=on
runs=${RUNS:-3} jobs=${JOBS:-10000}
peers=$PWD/.tools/service-peers
bench=$build/tests/queue-bench
export MLOPS_HOME=$tmp/home PEERS=$peers
tests/bench/service/install
if ! pg_make || ! pg_start; then
	echo "skipped: no PostgreSQL"
	exit 0
fi
n=0

# row NAME COMMAND...: median of the runs, each on a new database; {} is its URL.
row() {
	local name=$1 got db
	shift
	for _ in $(seq "$runs"); do
		n=$((n + 1))
		db=$(pg_url "bench$n")
		"${@//\{\}/$db}" 2>"$tmp/err" || {
			printf '0\n'
			tail -n 1 "$tmp/err" >&2
		}
	done >"$tmp/got"
	got=$(sort -n "$tmp/got" | sed -n "$(((runs + 1) / 2))p")
	printf '%-52s %8s jobs/s\n' "$name" "$got"
}

row "mlopsd, batches of 100, 4 claimers" "$bench" throughput {} "$jobs" 4 100
row "mlopsd, batches of 500, 2 claimers" "$bench" throughput {} "$jobs" 2 500
row "graphile-worker 0.18 (local queue 500, batched)" node tests/bench/service/graphile.js {} "$jobs"
row "River 0.51 (1000 workers, batch completer)" "$peers/river" {} "$jobs"
row "procrastinate 3.10 (concurrency 10)" "$peers/venv/bin/python3" tests/bench/service/procrastinate_bench.py {} $((jobs / 10))
row "mlopsd, one at a time, 8 claimers" "$bench" throughput {} $((jobs / 10)) 8 1
db=$(pg_url latency)
printf 'enqueue to claim, with notify: %s\n' "$("$bench" latency "$db" "${LATENCY_JOBS:-300}")"
db=$(pg_url bloat)
"$bench" bloat "$db" "${BLOAT_JOBS:-50000}" 500 | sed -n '1p;$p'
exit 0
