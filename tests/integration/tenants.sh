#!/usr/bin/env bash
# Who may do what: mlopsd behind an OpenID-certified provider. Every route is tried with
# another tenant's token, with none, and with one that has no role.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
peers=$top/.tools/node
[ -d "$peers/node_modules/oidc-provider" ] || {
	skip "tenants: the OpenID peers are not installed (make tools)"
	finish
}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
issuer=http://127.0.0.1:$port
node tests/integration/node/provider.mjs "$peers" "$port" "$tmp/keys" >"$tmp/provider" 2>&1 &
daemons+=("$!")
for _ in $(seq 150); do grep -q '^ready' "$tmp/provider" && break || sleep 0.1; done
issue() {
	curl -s -d grant_type=client_credentials -d scope=api -d "client_id=$1" -d "client_secret=$1" -d "resource=urn:${2:-ES256}" "$issuer/token" |
		jq -r .access_token
}
ada=$(issue admin-ada RS256) bob=$(issue member-bob ES256) eve=$(issue member-eve EdDSA) zed=$(issue nobody-zed) other=$(issue member-bob other)

daemon d all --validators none --oidc-issuer "$issuer" --oidc-audience mlopsd || exit 1
as() { token=$1 api "${@:2}"; }
as_status() { token=$1 status "${@:2}"; }

# ---- what bob has
project=$(as "$bob" /projects -d '{"name":"bobs"}' -H 'Content-Type: application/json' | jq -r .id)
brief=$(jq -Rs '{brief: .}' examples/rag-startup.md)
set=$(as "$bob" "/projects/$project/constraints" -d "$brief" -H 'Content-Type: application/json' | jq -r .decision_set_id)
token=$bob
same "bob's run reaches its gate" "$(until_status "$set" waiting failed)" waiting
same "bob sees his project" "$(as "$bob" /projects | jq -c '[.items[].name]')" '["bobs"]'
same "whose it is" "$(as "$bob" "/projects/$project" | jq -r .owner_id)" member-bob
same "the admin sees it" "$(as "$ada" /projects | jq -c '[.items[].name]')" '["bobs"]'
same "eve sees nothing" "$(as "$eve" /projects | jq -c .items)" '[]'
same "the local token works beside the provider where it is set" "$(as test-token-0123456789abcdef /projects | jq '.items | length')" 1

# ---- tokens that prove nothing
same "no token" "$(curl -s -o "$tmp/out" -w '%{http_code}' "$url/projects")" 401
same "the error model" "$(jq -r .error.code "$tmp/out")" unauthorized
same "says how" "$(curl -s -D - -o /dev/null "$url/projects" | tr -d '\r' | sed -n 's/^[Ww][Ww][Ww]-[Aa]uthenticate: //p')" Bearer
same "another audience" "$(as_status "$other" /projects)" 401
same "a turned bit" "$(as_status "${bob%?????}AAAAA" /projects)" 401
unsigned=$(printf '{"alg":"none"}' | base64 -w0 | tr -d =).$(cut -d. -f2 <<<"$bob").
same "alg none" "$(as_status "$unsigned" /projects)" 401
same "no role" "$(as_status "$zed" /projects)" 403
same "no role, no project" "$(as_status "$zed" "/projects/$project")" 404

# ---- every route with eve's token: nothing of bob's is there; and with none: 401
tried=0
while read -r method path; do
	real=${path//\{id\}/$( [[ $path == /projects/* ]] && echo "$project" || echo "$set")}
	case $path in *\{*) ;; *) continue ;; esac
	tried=$((tried + 1))
	body=()
	[ "$method" = get ] || body=(-X "${method^^}" -H 'Content-Type: application/json' -d "$(case $path in
		*/constraints) echo "$brief" ;;
		*/approve) echo '{"status":"approved"}' ;;
		*/answers) echo '{"answers":[]}' ;;
		*/rerun) echo '{"node":"planner"}' ;;
		*) echo '{}' ;;
		esac)")
	query=
	case $path in */diff) query="?against=$set" ;; */file) query='?path=README.md' ;; esac
	got=$(as_status "$eve" "$real$query" --max-time 10 "${body[@]}")
	if [ "$got" = 404 ] || { [ "$got" = 422 ] && [ "$method" != get ]; }; then pass; else fail "$method $path answers $got to another tenant"; fi
	got=$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 "${body[@]}" "$url$real$query")
	same "$method $path without a token" "$got" 401
done < <(curl -s "$url/openapi.json" | jq -r '.paths | to_entries[] | .key as $p | .value | keys[] | select(. != "parameters") | . + " " + $p')
[ "$tried" -ge 15 ] && pass || fail "only $tried routes with an id were tried"
same "nothing was changed by it" "$(as "$bob" "/decision-sets/$set" | jq -r .status)" waiting
same "not even by the id of another's set in a diff" "$(as_status "$eve" "/decision-sets/$set/diff?against=$set")" 404

# ---- what needs the role admin
for call in "GET /metrics" "GET /stats" "GET /audit" "POST /projects/$project/budget" "POST /decision-sets/$set/generate"; do
	read -r method path <<<"$call"
	body=()
	[ "$method" = GET ] || body=(-H 'Content-Type: application/json' -d "$([[ $path == */budget ]] && echo '{"usd":1}' || echo '{}')")
	same "$call as a member" "$(as_status "$bob" "$path" -X "$method" "${body[@]}")" 403
done
same "metrics as an admin" "$(as_status "$ada" /metrics)" 200
same "a member's own figures" "$(as_status "$bob" "/stats?project_id=$project")" 200
same "not those of others" "$(as_status "$eve" "/stats?project_id=$project")" 404

# ---- who decided stands in the record
same "bob approves" "$(as_status "$bob" "/decision-sets/$set/approve" -H 'Content-Type: application/json' -d '{"status":"approved"}')" 202
token=$bob
same "and the run goes on" "$(until_status "$set" complete failed)" complete
same "by his name" "$(as "$bob" "/decision-sets/$set/approvals" | jq -r '[.items[].actor | values] | unique | join(",")')" member-bob
same "a stream with eve's token" "$(as_status "$eve" "/streams/$set")" 404

# ---- who asked for what, in every project
audit() { as "$ada" "/audit?limit=500&$1"; }
same "bob alone acted in his project" "$(audit "project_id=$project" | jq -c '[.items[].user_id] | unique')" '["member-bob"]'
asked=$(audit "user=member-bob&type=run_queued" | jq -r '.items[0].request_id')
ok "his request's events are those of its run, too" jq -e --arg s "$set" \
	'[.items[].type] | index("run_queued") and index("plan_proposed")' <<<"$(audit "request_id=$asked")"
run=$(as "$bob" "/decision-sets/$set" | jq -r .run_id)
ok "a run's events name who asked" jq -e '.items | length > 5 and all(.user_id == "member-bob")' <<<"$(audit "run_id=$run")"
same "nothing by somebody who did nothing" "$(audit user=member-eve | jq -c .items)" '[]'
same "a page at a time" "$(as "$ada" "/audit?limit=2&user=member-bob" | jq -c '[(.items | length), (.next_cursor != null)]')" '[2,true]'

token=test-token-0123456789abcdef
# ---- the provider goes away; tokens that were verified stay good, new ones need its keys
kill "${daemons[0]}"
wait "${daemons[0]}" 2>/dev/null
same "known keys serve on" "$(as_status "$bob" /projects)" 200
daemon e all --validators none --oidc-issuer "$issuer" --oidc-audience mlopsd || exit 1
same "no keys to be had" "$(as_status "$bob" /projects)" 503
# ---- one that asks too often waits; the others do not notice
daemon r all --validators none --rate 6 || exit 1
greedy=$(api /projects -d '{"name":"greedy"}' -H 'Content-Type: application/json' | jq -r .id)
modest=$(api /projects -d '{"name":"modest"}' -H 'Content-Type: application/json' | jq -r .id)
for _ in $(seq 6); do status "/projects/$greedy" >/dev/null; done
same "the seventh in a minute" "$(status "/projects/$greedy")" 429
same "is told when to come back" "$(api "/projects/$greedy" | jq '.error.code == "rate_limited" and .error.retry_after_s > 0 and .error.retry_after_s <= 10')" true
same "another project is served" "$(status "/projects/$modest")" 200

# ---- what it does not start with
same "needs an audience" "$(mlopsd all --oidc-issuer "$issuer" 2>&1)" "mlopsd: oidc-audience: needed with oidc-issuer"
same "needs TLS" "$(mlopsd all --oidc-issuer http://idp.example --oidc-audience a 2>&1 | cut -d: -f1-2)" "mlopsd: the OIDC issuer 'http"
if grep -rqF -e "${bob:20:60}" "$tmp/d/log" "$tmp/d/.mlops"; then fail "a token was written down"; else pass; fi
finish
