#!/usr/bin/env bash
# Workers and the API killed, the database restarted and the network cut while jobs run
# (tests/service/crash.py); here in short form, `make service-crash` runs 500 kills and
# 200 jobs.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/postgres.bash"
pg_fsync=on
kills=${KILLS:-16} jobs=${JOBS:-6}
python=.tools/service/bin/python

if ! "$python" -c 'import httpx' 2>/dev/null; then
	skip "the clients are not installed (make tools)"
	finish
fi
if ! pg_make || ! pg_start || ! pg_url crash >/dev/null; then
	fail "no PostgreSQL could be started (packages postgresql, libpq5)"
	finish
fi
cat >"$tmp/restart" <<-END
	#!/bin/sh
	cd "$pg_dir" || exit 1
	run() { if [ "\$(id -u)" -eq 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "\$@"; else "\$@"; fi; }
	run "$pg_bin/pg_ctl" -D data -w -m immediate -l log restart
END
chmod +x "$tmp/restart"
mkdir "$tmp/crash"
"$python" tests/service/crash.py "$tmp/crash" "$pg_port" crash "$tmp/restart" "$kills" "$jobs" >"$tmp/out" 2>&1
while read -r line; do
	case $line in
	'ok '*) pass ;;
	'not ok '*) fail "$line" ;;
	*) echo "$line" ;;
	esac
done <"$tmp/out"
[ "$passed" -gt 8 ] || { fail "the campaign did not run"; tail -n 20 "$tmp/out" "$tmp"/crash/*.log; }
finish
