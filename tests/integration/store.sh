#!/usr/bin/env bash
# The store on a real PostgreSQL, directly and behind PgBouncer in transaction mode:
# the unit suite, migrations, mlops run, and databases that cannot be used.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/postgres.bash"
brief=examples/rag-startup.md

if ! pg_make || ! pg_start; then
	fail "no PostgreSQL could be started (packages postgresql, libpq5)"
	finish
fi

# units NAME URL: the store's unit suites, counted one by one.
units() {
	local suite
	for suite in store queue; do
		[ -x "$build/tests/unit/$suite" ] || continue
		CMOCKA_MESSAGE_OUTPUT=TAP MLOPS_TEST_DB=$2 "$build/tests/unit/$suite" >"$tmp/units" 2>&1
		same "$1: $suite, all pass" "$(grep '^not ok' "$tmp/units")" ""
		[ "$(grep -c '^ok ' "$tmp/units")" -gt 5 ] || fail "$1: $suite did not run: $(tail -n 3 "$tmp/units")"
		passed=$((passed + $(grep -c '^ok ' "$tmp/units")))
	done
}

direct=$(pg_url direct)
units "PostgreSQL" "$direct"
if bouncer_start; then
	pg_url pooled >/dev/null
	MLOPS_TEST_POOLED=1 units "PgBouncer" "postgres://mlops@127.0.0.1:$bouncer_port/pooled"
else fail "no PgBouncer could be started (package pgbouncer)"; fi

# Sixteen processes meet on an empty database: one makes the schema, all go on.
url=$(pg_url together)
opened=()
for i in $(seq 16); do
	(mkdir -p "$tmp/t$i" && cd "$tmp/t$i" && mlops log --db "$url" >out 2>&1; echo $? >status) &
	opened+=($!)
done
wait "${opened[@]}"
same "sixteen make a schema at once" "$(cat "$tmp"/t*/status | sort | uniq -c | tr -s ' ')" " 16 66"

# The same repository, byte for byte, whichever database is behind it.
url=$(pg_url run)
ok "mlops run on SQLite" mlops run "$brief" -o "$tmp/a" --db "sqlite:$tmp/lite/x.db" --yes -q --tools none
MLOPS_HOME=$tmp/home ok "mlops run on PostgreSQL" mlops run "$brief" -o "$tmp/b" --db "$url" --yes -q --tools none
same "one zip" "$(sha256sum <"$tmp/a/repo.zip")" "$(sha256sum <"$tmp/b/repo.zip")"
MLOPS_HOME=$tmp/home mlops log --db "$url" --format json >"$tmp/log-b"
mlops log --db "sqlite:$tmp/lite/x.db" --format json >"$tmp/log-a"
same "the same events" "$(jq -r '.[].type' "$tmp/log-a")" "$(jq -r '.[].type' "$tmp/log-b")"
MLOPS_HOME=$tmp/home ok "mlops run reuses" mlops run "$brief" -o "$tmp/b" --db "$url" --yes -q --tools none

# What cannot be used says so, without a password.
out=$(MLOPS_HOME=$tmp/home mlops log --db "postgres://u:s3cretpw@127.0.0.1:1/x" 2>&1)
same "a server that is not there: status" "$?" 75
case $out in *s3cretpw*) fail "a password was printed: $out" ;; *"cannot be reached"*) pass ;; *) fail "unclear: $out" ;; esac
psql -qX "$url" -c 'UPDATE schema_version SET version = 99' >/dev/null
out=$(MLOPS_HOME=$tmp/home mlops log --db "$url" 2>&1)
same "a newer schema: status" "$?" 78
case $out in *"upgrade mlops"*) pass ;; *) fail "unclear: $out" ;; esac
finish
