#!/usr/bin/env bash
# The API through ordinary clients: on SQLite in one process, on PostgreSQL with an API
# and two workers, and the same behind PgBouncer in transaction mode; then what
# schemathesis makes of /openapi.json.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/postgres.bash"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
python=.tools/service/bin/python
flags=(--validators none --ping 1 --stream-time 8 --poll 200)

if ! "$python" -c 'import httpx, httpx_sse, schemathesis' 2>/dev/null; then
	skip "the clients are not installed (make tools)"
	finish
fi

# clients NAME: the tests of api.py against $url.
clients() {
	local line
	"$python" tests/service/api.py "$url" "$token" >"$tmp/clients" 2>&1
	while read -r line; do
		case $line in
		'ok '*) pass ;;
		*) fail "$1: $line" ;;
		esac
	done <"$tmp/clients"
	[ "$(grep -c '^ok ' "$tmp/clients")" -gt 15 ] || fail "$1: the tests did not run: $(tail -n 3 "$tmp/clients")"
	grep -hE 'Assertion|"status":500' "$tmp"/*/log && fail "$1: an internal fault"
}

daemon lite all "${flags[@]}" && clients SQLite

# --- routes and document say the same
sed -n 's/^\t{ "\([A-Z]*\)", \(ONE *\)*"*\([^"]*\)"*, "\([A-Za-z]*\)".*/\1 \2\3 \4/p' lib/service/routes.c |
	sed 's# ONE */# /decision-sets/{id}/#; s# ONE *,* *# /decision-sets/{id} #; s#  *# #g' | sort >"$tmp/routes"
jq -r '.paths | to_entries[] | .key as $p | .value | to_entries[] |
	"\(.key | ascii_upcase) \($p) \(.value.operationId)"' share/openapi.json | sort >"$tmp/paths"
same "routes.c and openapi.json" "$(cut -d' ' -f1,3 "$tmp/routes" | sort)" "$(cut -d' ' -f1,3 "$tmp/paths" | sort)"

# --- schemathesis, on a project and a finished version that are there: no server error,
# no answer beside the document
project=$(api /projects --json '{"name": "fuzzed"}' | jq -r .id)
set=$(jq -n --rawfile brief examples/rag-startup.md '{$brief}' |
	api "/projects/$project/constraints" --json @- | jq -r .decision_set_id)
until_status "$set" waiting >/dev/null
api "/decision-sets/$set/approve" --json '{"status": "approved"}' >/dev/null
same "a version to fuzz" "$(until_status "$set" complete)" complete
cat >"$tmp/schemathesis.toml" <<-END
	[[operations]]
	include-path-regex = "^/projects/"
	parameters = { "path.id" = "$project" }
	[[operations]]
	include-path-regex = "^/decision-sets/"
	parameters = { "path.id" = "$set", "query.against" = "$set" }
END
# it keeps a cache where it runs
if (cd "$tmp" && exec "$top/.tools/service/bin/schemathesis" --config-file "$tmp/schemathesis.toml" run "$url/openapi.json" --url "$url" \
	-H "Authorization: Bearer $token" --max-examples "${SCHEMATHESIS_EXAMPLES:-8}" --workers 2 \
	--phases examples,fuzzing --seed 1 \
	--checks not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance,response_headers_conformance \
	--exclude-operation-id getStream --exclude-operation-id wake) >"$tmp/schemathesis" 2>&1; then
	pass
else fail "schemathesis: $(grep -vE '^ *$' "$tmp/schemathesis" | tail -n 60)"; fi
grep -E 'Tested:|generated' "$tmp/schemathesis"
kill "$daemon_pid" 2>/dev/null

if pg_make && pg_start; then
	db=$(pg_url direct)
	ok "migrate" mlopsd migrate --db "$db"
	daemon w1 worker --db "$db" --artifacts "$tmp/blobs" "${flags[@]}"
	daemon w2 worker --db "$db" --artifacts "$tmp/blobs" "${flags[@]}"
	daemon pg-api api --db "$db" --artifacts "$tmp/blobs" "${flags[@]}"
	clients PostgreSQL
	kill "${daemons[@]}" 2>/dev/null
	if bouncer_start; then
		pg_url pooled >/dev/null
		db=postgres://mlops@127.0.0.1:$bouncer_port/pooled
		ok "migrate through the pooler" mlopsd migrate --db "$db"
		daemon w3 worker --db "$db" --artifacts "$tmp/blobs" "${flags[@]}"
		daemon bouncer-api api --db "$db" --artifacts "$tmp/blobs" "${flags[@]}"
		clients PgBouncer
		grep -q 'notifications do not come back' "$tmp/bouncer-api/log" ||
			fail "that the pooler swallows notifications was not noticed"
	else fail "no PgBouncer (package pgbouncer)"; fi
else fail "no PostgreSQL (package postgresql)"; fi
finish
