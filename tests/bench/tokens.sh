#!/usr/bin/env bash
# Tokens checked and URLs presigned, a second and core, beside what a Node.js service uses.
set -u
build=${1:-build} n=${N:-20000}
tmp=$(mktemp -d) || exit 1
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT
cd "$(dirname "$0")/../.." || exit 1
peers=$PWD/.tools/node

median() { sort -n | sed -n "$(((${1} + 1) / 2))p"; }

for _ in 1 2 3 4 5; do
	AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret "$build/tests/blob" s3://bucket bench-presign "$n"
done | median 5 >"$tmp/presign"
printf '%-36s %9s /s  (target 50000)\n' 'presigned URLs' "$(cat "$tmp/presign")"

[ -d "$peers/node_modules/oidc-provider" ] || {
	echo "skipped: tokens: the OpenID peers are not installed (make tools)"
	exit 0
}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node tests/integration/node/provider.mjs "$peers" "$port" "$tmp/keys" >"$tmp/log" 2>&1 &
pids+=($!)
until grep -q '^ready' "$tmp/log"; do sleep 0.1; done
for alg in ES256 RS256 EdDSA; do
	token=$(curl -s -d grant_type=client_credentials -d scope=api -d client_id=admin-ada -d client_secret=admin-ada \
		-d "resource=urn:$alg" "http://127.0.0.1:$port/token" | jq -r .access_token)
	curl -s "http://127.0.0.1:$port/jwks" >"$tmp/jwks"
	for _ in 1 2 3; do
		printf 'bench %d %s %s\n' "$n" "$tmp/jwks" "$token" | "$build/tests/oidc" "http://127.0.0.1:$port" mlopsd
	done | median 3 >"$tmp/own"
	for _ in 1 2 3; do
		node --input-type=module - "$peers" "http://127.0.0.1:$port" "$token" "$((n / 10))" <<-'JS'
			const [peers, issuer, token, n] = process.argv.slice(2);
			const jose = await import(`${peers}/node_modules/jose/dist/webapi/index.js`);
			const keys = jose.createLocalJWKSet(await (await fetch(`${issuer}/jwks`)).json());
			const check = () => jose.jwtVerify(token, keys, { issuer, audience: 'mlopsd' });
			for (let i = 0; i < 200; i++) await check();
			const start = process.hrtime.bigint();
			for (let i = 0; i < n; i++) await check();
			console.log(Math.round(n * 1e9 / Number(process.hrtime.bigint() - start)));
		JS
	done | median 3 >"$tmp/peer"
	printf '%-36s %9s /s  %9s /s jose (Node.js)%s\n' "$alg tokens checked" "$(cat "$tmp/own")" "$(cat "$tmp/peer")" \
		"$([ "$alg" = ES256 ] && echo '  (target 5000)')"
done
