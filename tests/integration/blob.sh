#!/usr/bin/env bash
# The artifact store: the same checks on a directory and on a real S3-compatible server
# that verifies signatures; then what S3 does on bad days, by a proxy before that server.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
blob=$top/$build/tests/blob
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# status NAME WANTED MESSAGE COMMAND...: the exit status, and one line that says MESSAGE.
status() {
	local name=$1 wanted=$2 message=$3 got
	shift 3
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	if [ "$got" -ne "$wanted" ] || ! grep -qF -- "$message" "$tmp/err"; then
		fail "$name: status $got, expected $wanted with '$message'"
		head -c 600 "$tmp/err"
	else pass; fi
}

printf 'hello\n' >"$tmp/small"
: >"$tmp/empty"
head -c 70000000 /dev/urandom >"$tmp/large"
sum() { sha256sum <"$1" | cut -c1-64; }

# suite URL: what every store does.
suite() {
	local url=$1 f name
	for f in small empty large; do
		name="projects/p-1/ds_1/$(sum "$tmp/$f")-ü $f+(1)&%41.zip"
		ok "$url: write $f" "$blob" "$url" write "$name" "$tmp/$f"
		ok "$url: read $f back" bash -c '"$1" "$2" read "$3" "$4" | cmp - "$5"' - "$blob" "$url" "$name" "$(sum "$tmp/$f")" "$tmp/$f"
		same "$url: size of $f" "$("$blob" "$url" size "$name")" "$(stat -c %s "$tmp/$f")"
		ok "$url: write $f again" "$blob" "$url" write "$name" "$tmp/$f"
	done
	ok "$url: another object" "$blob" "$url" write projects/p-1/x "$tmp/small"
	ok "$url: a written object stays" "$blob" "$url" write projects/p-1/x "$tmp/empty"
	same "$url: it is the first one" "$("$blob" "$url" read projects/p-1/x)" hello
	same "$url: a range" "$("$blob" "$url" range projects/p-1/x 1 3)" ell
	same "$url: a range past the end" "$("$blob" "$url" range projects/p-1/x 4 100)" o
	same "$url: a range behind the end" "$("$blob" "$url" range projects/p-1/x 6 1)" ""
	status "$url: no such object" 66 "nope" "$blob" "$url" read nope
	status "$url: no size of it" 66 "nope" "$blob" "$url" size nope
	ok "$url: deleting what is not there" "$blob" "$url" delete nope
	status "$url: another digest" 74 "is damaged" "$blob" "$url" read projects/p-1/x "$(sum "$tmp/empty")"
	status "$url: a name that climbs" 65 ".." "$blob" "$url" write ../x "$tmp/small"
	ok "$url: a neighbour whose name starts alike" "$blob" "$url" write projects/p-10/x "$tmp/small"
	same "$url: erase a project" "$("$blob" "$url" erase projects/p-1/)" 4
	same "$url: nothing of it is left" "$("$blob" "$url" erase projects/p-1/)" 0
	same "$url: the neighbour is" "$("$blob" "$url" read projects/p-10/x)" hello
	status "$url: a prefix that would take neighbours" 65 "does not end in '/'" "$blob" "$url" erase projects/p-1
}

suite "dir:$tmp/dir"
status "a directory has no URLs" 78 "use s3://" "$blob" "$tmp/dir" presign a 60
status "another scheme" 78 "not 'gs://...'" "$blob" "gs://x" read a
status "no bucket name" 78 "no bucket name" "$blob" "s3://A_B" read a
status "an unknown setting" 78 "'regoin=x' is no setting" "$blob" "s3://bucket?regoin=x" read a
status "a wrong encryption" 78 "AES256 or aws:kms" "$blob" "s3://bucket?sse=none" read a
status "no credentials" 78 "AWS_ACCESS_KEY_ID" env -u AWS_ACCESS_KEY_ID "$blob" "s3://bucket" read a

if ! server=$(command -v versitygw); then
	skip "S3: versitygw is not installed (make tools)"
	finish
fi
mkdir "$tmp/data" "$tmp/data/artifacts" "$tmp/meta"
port=$(free_port)
key=AKIDTEST secret=a-secret-of-the-test
ROOT_ACCESS_KEY=$key ROOT_SECRET_KEY=$secret "$server" --port "127.0.0.1:$port" --region eu-central-1 \
	posix --sidecar "$tmp/meta" "$tmp/data" >"$tmp/server.log" 2>&1 &
pids+=($!)
python3 tests/integration/s3-faults.py "$port" "$tmp/proxy-port" "$key" "$secret" &
pids+=($!)
for _ in $(seq 100); do
	[ -s "$tmp/proxy-port" ] && curl -s -o "$tmp/out" "http://127.0.0.1:$port/" && break
	sleep 0.1
done
export AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret AWS_REGION=eu-central-1
url="s3://artifacts/team?endpoint=http://127.0.0.1:$port"
suite "$url"

ok "write for URLs" "$blob" "$url" write "a/ü b.txt" "$tmp/small"
link=$("$blob" "$url" presign "a/ü b.txt" 60)
same "a presigned URL needs no key" "$(curl -s "$link")" hello
same "a changed one is refused" "$(curl -s -o "$tmp/out" -w '%{http_code}' "${link/X-Amz-Expires=60/X-Amz-Expires=600}")" 403
status "it lives for a week at the most" 65 "604800" "$blob" "$url" presign a 604801
status "a wrong secret" 78 "SignatureDoesNotMatch" env AWS_SECRET_ACCESS_KEY=wrong "$blob" "$url" read "a/ü b.txt"
grep -q wrong "$tmp/err" && fail "the secret is in the message"
status "no such bucket" 66 "NoSuchBucket" "$blob" "s3://no-such-bucket?endpoint=http://127.0.0.1:$port" write x "$tmp/small"
status "nobody there" 69 "cannot be reached" "$blob" "s3://artifacts?endpoint=http://127.0.0.1:1" read x
printf 'hellO\n' >"$tmp/data/artifacts/team/a/ü b.txt"
status "a damaged object" 74 "is damaged" "$blob" "$url" read "a/ü b.txt" "$(sum "$tmp/small")"

# Bad days.
proxy=http://127.0.0.1:$(cat "$tmp/proxy-port")
url="s3://artifacts/team?endpoint=$proxy"
plan() { curl -s -o "$tmp/out" -d "{\"steps\": $1, \"lasts\": ${2:-3600}}" "$proxy/_plan"; }
requests() { curl -s "$proxy/_count" | jq -r ".$1"; }
plan '["503", "503", "409", "drop"]'
ok "a burst of 503, a race, a lost connection" "$blob" "$url" write b/1 "$tmp/small"
same "it took five requests" "$(requests requests)" 5
same "and was written" "$("$blob" "$url" read b/1)" hello
plan '["503", "503", "503", "503", "503", "503", "503"]'
status "S3 that stays busy" 69 "SlowDown" "$blob" "$url" read b/1
plan '["pass", "pass", "503", "pass", "pass", "pass", "500"]'
ok "parts that fail once" "$blob" "$url" write b/2 "$tmp/large"
ok "the object is whole" bash -c '"$1" "$2" read b/2 | cmp - "$3"' - "$blob" "$url" "$tmp/large"

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_CONTAINER_CREDENTIALS_FULL_URI=$proxy/_credentials
plan '[]'
same "a container's credentials" "$("$blob" "$url" read b/1)" hello
same "were fetched once" "$(requests credentials)" 1
plan '["expired"]'
same "expired ones are fetched again" "$("$blob" "$url" read b/1)" hello
same "that is, twice" "$(requests credentials)" 2
plan '["expired", "expired"]'
status "but not for ever" 78 "ExpiredToken" "$blob" "$url" read b/1
plan '[]' 30
same "those near their end are taken" "$("$blob" "$url" read b/1)" hello
ok "a URL does not outlive its credentials" bash -c '"$1" "$2" presign b/1 3600 | grep -qE "Expires=(2[0-9]|30)&"' - "$blob" "$url"
export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/
status "no endpoint" 69 "the container's credentials" "$blob" "$url" read b/1
finish
