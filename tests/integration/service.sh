#!/usr/bin/env bash
# mlopsd as its users meet it: started with nothing configured, walked through by hand,
# told things it must refuse. The API in depth is service-api's.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"

# --- nothing configured: a file, this machine only, a token that is printed once
mkdir "$tmp/plain"
(cd "$tmp/plain" && exec mlopsd all --listen 127.0.0.1:0 --validators none) >"$tmp/plain/out" 2>"$tmp/plain/err" &
plain=$!
daemons+=("$plain")
for _ in $(seq 100); do
	grep -q '^try:' "$tmp/plain/out" && break
	sleep 0.05
done
url=$(sed -n 's/^mlopsd: //p' "$tmp/plain/out")
printed=$(sed -n 's/^token: //p' "$tmp/plain/out")
same "the printed line works" "$(eval "$(sed -n 's/^try: curl/curl -s/p' "$tmp/plain/out")" | jq -c .)" '{"items":[],"next_cursor":null}'
same "not without the token" "$(curl -s -o /dev/null -w '%{http_code}' "$url/projects")" 401
same "nor with another" "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer nope' "$url/projects")" 401
ok "the walk-through" env MLOPSD_TOKEN="$printed" ZIP="$tmp/walk.zip" examples/service.sh rag-startup.md "$url"
same "its status" "$(tail -n 1 "$tmp/ok.out" | jq -r .status)" complete
grep -q '^run-complete' "$tmp/ok.out" || fail "run-complete was not seen: $(tail -n 5 "$tmp/ok.out")"
ok "its zip" unzip -tq "$tmp/walk.zip"
kill -TERM "$plain"
wait "$plain"
same "SIGTERM: a clean end" "$?" 0
if grep -rq "$printed" "$tmp/plain/.mlops" "$tmp/plain/err"; then fail "the token was written down"; else pass; fi

# --- what is refused
out=$(mlopsd all --listen 0.0.0.0:0 2>&1)
same "open to all without a token: status" "$?" 78
case $out in *"set a token"*) pass ;; *) fail "unclear: $out" ;; esac
printf '{"slots": "many"}' >"$tmp/bad.json"
out=$(mlopsd all -c "$tmp/bad.json" 2>&1)
same "a bad number: status" "$?" 78
case $out in *slots*many*) pass ;; *) fail "unclear: $out" ;; esac
printf '{"slotz": 1}' >"$tmp/bad.json"
out=$(mlopsd all -c "$tmp/bad.json" 2>&1)
case $out in */slotz*) pass ;; *) fail "unclear: $out" ;; esac
same "no role: status" "$(mlopsd >/dev/null 2>&1 || echo $?)" 2
same "another role: status" "$(mlopsd both >/dev/null 2>&1 || echo $?)" 2

# --- what it would do: flags over environment over file, and no secret
printf '{"slots": 7, "threads": 3, "db": "postgres://u:hunter2@db/x"}' >"$tmp/c.json"
MLOPSD_SLOTS=5 MLOPSD_TOKEN=very-secret-token-123 mlopsd all -c "$tmp/c.json" --pool 9 --check >"$tmp/check"
same "precedence" "$(jq -c '[.slots.value,.slots.from,.threads.from,.pool.from,.ping.from,.token.value]' "$tmp/check")" \
	'[5,"environment","file","flag","default","***"]'
if grep -qE 'hunter2|very-secret' "$tmp/check"; then fail "--check shows a secret"; else pass; fi
same "the user stays" "$(jq -r .db.value "$tmp/check")" 'postgres://u:***@db/x'

# --- migrate
(
	cd "$tmp" || exit 1
	mlopsd migrate --db "sqlite:$tmp/m/x.db"
	mlopsd migrate --db "sqlite:$tmp/m/x.db" --check
) >"$tmp/migrate"
same "migrate" "$(tail -n 1 "$tmp/migrate" | tr -d 0-9)" "schema version : up to date"
sqlite3 "$tmp/m/x.db" 'PRAGMA user_version = 99'
same "a database that is none ends it at once" "$(timeout 10 mlopsd all --db /some/path 2>&1)" \
	"mlopsd: db: neither sqlite:PATH nor postgres://USER@HOST/NAME"
out=$(mlopsd all --db "sqlite:$tmp/m/x.db" 2>&1)
same "a newer schema: status" "$?" 78

# --- a database of version 1, as mlops run made it before, is brought up and keeps all
mkdir "$tmp/old" && sqlite3 "$tmp/old/x.db" <tests/integration/schema-1.sql
ok "from version 1" mlopsd migrate --db "sqlite:$tmp/old/x.db"
same "its rows" "$(sqlite3 "$tmp/old/x.db" "SELECT count(*), max(status) FROM decision_sets; SELECT count(*) FROM checkpoints")" "1|complete
1"
same "its references" "$(sqlite3 "$tmp/old/x.db" 'PRAGMA foreign_key_check; PRAGMA integrity_check')" ok
ok "backfill" mlopsd backfill documents --db "sqlite:$tmp/old/x.db"
same "what it filled" "$(sqlite3 "$tmp/old/x.db" "SELECT body_jsonb FROM documents WHERE name = 'constraints'")" '{"cloud":"aws"}'
same "no such backfill" "$(mlopsd backfill nothing --db "sqlite:$tmp/old/x.db" >/dev/null 2>&1 || echo $?)" 2
finish
