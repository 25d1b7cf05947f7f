#!/usr/bin/env bash
# A thousand deliveries while the API is asked: how quickly they go out, and the API's p99
# beside its own without them (target: no more than a tenth slower).
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/../integration/service.bash"
peers=$top/.tools/node
if [ ! -d "$peers/node_modules/standardwebhooks" ]; then
	echo "skipped: standardwebhooks is not installed (make tools)"
	exit 0
fi
secret=whsec_$(head -c 32 /dev/urandom | base64 -w0)
node tests/integration/node/receiver.mjs "$peers" "$tmp/receiver-port" "$secret" &
daemons+=("$!")
daemon d all --validators none --webhooks-private 1 --stream-time 600 || exit 1
until [ -s "$tmp/receiver-port" ]; do sleep 0.1; done
receiver=http://127.0.0.1:$(cat "$tmp/receiver-port")
db=$tmp/d/.mlops/mlops.db
json=(-H 'Content-Type: application/json')
project=$(api /projects "${json[@]}" -d '{"name":"told"}' | jq -r .id)
hook=$(api "/projects/$project/webhooks" "${json[@]}" -d "{\"url\":\"$receiver/200\",\"types\":[\"plan.ready\"],\"secret\":\"$secret\"}" | jq -r .id)
load() { python3 tests/bench/service/load.py "$url" "/projects/$project" "$token" "$daemon_pid" 2 "${SECONDS_EACH:-4}"; }
printf 'GET of a project:                         requests/s  p50 ms  p99 ms  CPU ms a request\n'
for round in 1 2 3; do
	printf '  without deliveries, round %s             %s\n' "$round" "$(load)"
	sqlite3 -cmd '.timeout 5000' "$db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		INSERT INTO deliveries (project_id, webhook_id, type, body_jsonb, message_id, status, attempt, next_at, created_at)
		SELECT '$project', '$hook', 'plan.ready', '{\"type\":\"plan.ready\"}', 'msg_$round' || '_' || i, 'waiting', 0, 0, '2026-01-01T00:00:00Z' FROM n"
	began=$(date +%s%N)
	printf '  beside 1,000 deliveries, round %s        %s\n' "$round" "$(load)"
	until [ "$(sqlite3 -cmd '.timeout 5000' "$db" "SELECT count(*) FROM deliveries WHERE status = 'waiting'")" = 0 ]; do sleep 0.05; done
	printf '  all delivered within                    %s ms\n' "$((($(date +%s%N) - began) / 1000000))"
done
exit 0
