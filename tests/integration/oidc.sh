#!/usr/bin/env bash
# Tokens of an OpenID-certified provider that the test starts: three algorithms, wrong
# audience, expiry, rotated keys, a flood of unknown keys, a provider that is away.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
peers=$top/.tools/node
provider_pid=
checker_pid=
trap 'kill $provider_pid $checker_pid 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT

same "an issuer without TLS" "$("$build/tests/oidc" http://idp.example mlopsd </dev/null 2>&1)" \
	"oidc: the OIDC issuer 'http://idp.example' is not https:// (http:// is for loopback only)"
same "one that only looks like loopback" "$("$build/tests/oidc" http://127.0.0.1.example mlopsd </dev/null 2>&1 | cut -c1-21)" "oidc: the OIDC issuer"
if [ ! -d "$peers/node_modules/oidc-provider" ]; then
	skip "OIDC: the OpenID peers are not installed (make tools)"
	finish
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
issuer=http://127.0.0.1:$port

start_provider() {
	node tests/integration/node/provider.mjs "$peers" "$port" "$1" >"$tmp/provider.log" 2>&1 &
	provider_pid=$!
	for _ in $(seq 150); do
		grep -q '^ready' "$tmp/provider.log" && return
		sleep 0.1
	done
	fail "the provider did not start"
	cat "$tmp/provider.log"
	finish
}
stop_provider() {
	kill "$provider_pid" 2>/dev/null
	wait "$provider_pid" 2>/dev/null
}
token() {
	curl -s -d grant_type=client_credentials -d scope=api -d "client_id=$1" -d "client_secret=$1" -d "resource=urn:$2" "$issuer/token" |
		jq -r .access_token
}
# A token that our key set cannot know: another key id, signed by nobody.
forged() {
	printf '{"alg":"ES256","kid":"%s"}' "$1" | base64 -w0 | tr '+/' '-_' | tr -d '='
	printf '.e30.AAAA'
}
say() {
	printf '%s\n' "$1" >&"${checker[1]}"
	IFS= read -r -t 20 answer <&"${checker[0]}" || answer="no answer"
}
said() {
	local name=$1 wanted=$3
	say "$2"
	case $answer in "$wanted"*) pass ;; *) fail "$name: '$answer', expected '$wanted'" ;; esac
}

coproc checker { "$build/tests/oidc" "$issuer" mlopsd; }
checker_pid=$!
said "nobody there yet" "$(forged a)" "down the identity provider's keys: http://127.0.0.1:$port cannot be reached"
printf 'clock 11\n' >&"${checker[1]}"
start_provider "$tmp/keys-1.json"
for alg in RS256 ES256 EdDSA; do
	said "$alg" "$(token admin-ada $alg)" "ok admin-ada"
done
kept=$(token member-bob ES256)
said "another client" "$kept" "ok member-bob"
said "the same again" "$kept" "ok member-bob"
said "for another audience" "$(token admin-ada other)" "refused the token is for another audience"
said "a turned bit" "${kept%?????}AAAAA" "refused the token's signature"
said "nothing" "x" "refused not a signed token"
same "one fetch for all of it" "$(curl -s "$issuer/_fetched")" 1

printf 'clock 11\n' >&"${checker[1]}"
for i in $(seq 50); do said "a flood of unknown keys $i" "$(forged "k$i")" "refused no key of the set fits"; done
same "called for one fetch more" "$(curl -s "$issuer/_fetched")" 2

# Rotation: the provider has other keys; a token by them is taken after one fetch.
stop_provider
start_provider "$tmp/keys-2.json"
fresh=$(token member-eve EdDSA)
said "too early after the last fetch" "$fresh" "refused no key of the set fits"
printf 'clock 11\n' >&"${checker[1]}"
said "a rotated key" "$fresh" "ok member-eve"
said "a token by the old key" "$(printf '%s' "$kept" | sed 's/.$/&/')" "ok member-bob"

# The provider is away: what we have serves, for a day at the most.
stop_provider
said "keys that are still fresh" "$fresh" "ok member-eve"
printf 'clock 601\n' >&"${checker[1]}"
said "old keys, nothing better to be had" "$fresh" "ok member-eve"
say counts
case $answer in *"failures 2"*) pass ;; *) fail "a failed fetch is counted: $answer" ;; esac
printf 'clock 90000\n' >&"${checker[1]}"
said "keys older than a day" "$(forged z)" "down the identity provider's keys"
finish
