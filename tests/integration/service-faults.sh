#!/usr/bin/env bash
# mlopsd when things go wrong around it: hostile clients, a database that is away, a disk
# that is full, clocks that jump. It says 503 with when to try again, and recovers by
# itself.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/postgres.bash"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
python=.tools/service/bin/python
down_s=${DOWN_S:-4} idle=${IDLE:-1000}

# ask: a project with a brief; prints the decision set.
ask() {
	local project
	project=$(api /projects --json '{"name": "p"}' | jq -r .id)
	jq -n --rawfile brief examples/rag-startup.md '{$brief}' | api "/projects/$project/constraints" --json @- | jq -r .decision_set_id
}

# refused NAME PATH CURL-ARG...: 503, and when to try again.
refused() {
	local name=$1 path=$2 body
	shift 2
	body=$(api "$path" "$@" -w '\n%{http_code}')
	same "$name: status" "${body##*$'\n'}" 503
	same "$name: when to try again" "$(jq -r '.error | [.code, .retry_after_s > 0] | @csv' <<<"${body%$'\n'*}")" '"unavailable",true'
}

# --- hostile clients
if "$python" -c 'import httpx' 2>/dev/null; then
	daemon hostile all --validators none --request-timeout 3
	"$python" tests/service/hostile.py "$url" "$token" "$daemon_pid" "$idle" >"$tmp/out" 2>&1
	while read -r line; do
		case $line in
		'ok '*) pass ;;
		'not ok '*) fail "$line" ;;
		*) echo "$line" ;;
		esac
	done <"$tmp/out"
	[ "$(grep -c '^ok ' "$tmp/out")" -ge 7 ] || fail "hostile clients did not run: $(tail -n 3 "$tmp/out")"
	kill "$daemon_pid"
else skip "the clients are not installed (make tools)"; fi

# --- a full disk
mkdir "$tmp/disk"
if mount -t tmpfs -o size=24m none "$tmp/disk" 2>/dev/null; then
	daemon full all --validators none --db "sqlite:$tmp/disk/x.db" --poll 200 --retries 60
	set=$(ask)
	same "before the disk is full" "$(until_status "$set" waiting)" waiting
	dd if=/dev/zero of="$tmp/disk/fill" bs=64k >/dev/null 2>&1
	dd if=/dev/zero of="$tmp/disk/fill2" bs=1k >/dev/null 2>&1
	for _ in $(seq 60); do
		[ "$(status /projects --json '{"name": "fills the rest"}')" = 201 ] || break
	done
	refused "a full disk" /projects --json '{"name": "p"}'
	same "reading goes on" "$(status "/decision-sets/$set")" 200
	rm "$tmp/disk/fill" "$tmp/disk/fill2"
	same "room again" "$(status /projects --json '{"name": "p"}')" 201
	api "/decision-sets/$set/approve" --json '{"status": "approved"}' >/dev/null
	same "and it goes on" "$(until_status "$set" complete)" complete
	kill "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	umount -l "$tmp/disk"
else skip "a full disk: this system does not let us mount one"; fi

if ! pg_make || ! pg_start; then
	fail "no PostgreSQL could be started (packages postgresql, libpq5)"
	finish
fi

db=$(pg_url away)
ok "migrate" mlopsd migrate --db "$db"

# --- a database that is away
daemon away all --db "$db" --validators none --poll 200
first=$(ask)
same "before" "$(until_status "$first" waiting)" waiting
pg_stop immediate
refused "the database is away" /projects
refused "a change" /projects --json '{"name": "p"}'
refused "not ready" /readyz
same "alive all the same" "$(status /healthz)" 200
sleep "$down_s"
pg_start
for _ in $(seq 50); do
	[ "$(status /readyz)" = 200 ] && break
	sleep 0.2
done
same "ready again" "$(status /readyz)" 200
api "/decision-sets/$first/approve" --json '{"status": "approved"}' >/dev/null
same "it goes on" "$(until_status "$first" complete)" complete
second=$(ask)
same "and takes new work" "$(until_status "$second" waiting)" waiting
kill "$daemon_pid"

# --- clocks that jump: a worker that lives tomorrow, one that lives yesterday, and one
# whose clock is moved while it works; leases go by the database's clock
faketime=$(find /usr/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1)
if [ -n "$faketime" ]; then
	echo "+0" >"$tmp/clock"
	LD_PRELOAD=$faketime FAKETIME="+1d" daemon tomorrow worker --db "$db" --artifacts "$tmp/blobs" --validators none --lease 3 --poll 200
	LD_PRELOAD=$faketime FAKETIME="-1d" daemon yesterday worker --db "$db" --artifacts "$tmp/blobs" --validators none --lease 3 --poll 200
	LD_PRELOAD=$faketime FAKETIME_TIMESTAMP_FILE=$tmp/clock FAKETIME_NO_CACHE=1 daemon jumping worker --db "$db" --artifacts "$tmp/blobs" --validators none --lease 3 --poll 200
	daemon clock-api api --db "$db" --artifacts "$tmp/blobs" --poll 200
	sets=()
	for i in 1 2 3 4 5 6; do
		sets+=("$(ask)")
		echo "$((i % 2 ? 90 : -90))m" | sed 's/^\([0-9]\)/+\1/' >"$tmp/clock"
	done
	for set in "${sets[@]}"; do
		same "clocks jump: $set" "$(until_status "$set" waiting)" waiting
		same "clocks jump: once" "$(api "/decision-sets/$set/events?limit=500" | jq '[.items[] | select(.type == "gate_waiting")] | length')" 1
	done
	same "no lease is left" "$(psql -qXAt "$db" -c 'SELECT count(*) FROM jobs')" 0
else skip "clocks that jump: libfaketime is not installed (package faketime)"; fi

# --- a worker that is told to stop finishes or gives back what it has
daemon draining worker --db "$db" --artifacts "$tmp/blobs" --validators none --drain 0 --poll 200
worker=$daemon_pid
daemon drain-api api --db "$db" --artifacts "$tmp/blobs" --poll 200
kill "${daemons[@]:0:${#daemons[@]}-2}" 2>/dev/null
set=$(ask)
kill -TERM "$worker"
wait "$worker"
same "a drained worker ends well" "$?" 0
same "and keeps no lease" "$(psql -qXAt "$db" -c "SELECT count(*) FROM jobs WHERE status = 'running'")" 0
api_url=$url
daemon next worker --db "$db" --artifacts "$tmp/blobs" --validators none --poll 200
next=$url url=$api_url
same "another goes on" "$(until_status "$set" waiting)" waiting
same "a wake-up call answers when all is done" "$(url=$next api /wake -X POST | jq -c .)" '{"idle":true}'

# --- a full queue says so
kill "$daemon_pid"
daemon small api --db "$db" --queue-max 1 --project-max 5
ask >/dev/null
ask >/dev/null
project=$(api /projects --json '{"name": "p"}' | jq -r .id)
refused "a full queue" "/projects/$project/constraints" --json '{"brief": "x"}'
finish
