#!/usr/bin/env bash
# A marker in every secret that the service is told or somebody pastes, then searched in
# all that it keeps, answers, logs, sends and starts. What it must keep to do its work is
# looked for in that one place alone: the secret of a webhook in its row.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/postgres.bash
. "$(dirname "$0")/postgres.bash"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
if ! pg_make || ! pg_start; then
	skip "secrets: PostgreSQL is not installed (make tools)"
	finish
fi
if ! server=$(command -v versitygw || ls .tools/bin/versitygw 2>/dev/null); then
	skip "secrets: versitygw is not installed (make tools)"
	finish
fi
json=(-H 'Content-Type: application/json')
# Told to the service:
db_password=MARKdatabaseQ7w8e9 s3_secret=MARKbucketZ1x2c3v4 smtp_password=MARKmailA5s6d7
token=MARKbearerT0k3nP4st5e6
hook_secret=whsec_$(printf 'MARKwebhookMARKwebhookMARKwebhook' | base64 -w0)
# Pasted by people: each as a real one looks, by the rules of its issuer.
github=ghp_R7kQz2MARKx9Vb4NwT1sYc6LpH8dJf3GmZa5
aws=AKIAMARK7QX2ZKW5NB3T
url_password=MARKinurlB8n9m0

url=$(pg_url secrets)
db=${url/mlops@/mlops:$db_password@}
mkdir "$tmp/data" "$tmp/data/artifacts" "$tmp/meta"
port=$(free_port)
ROOT_ACCESS_KEY=AKIDTEST ROOT_SECRET_KEY=$s3_secret "$server" --port "127.0.0.1:$port" --region eu-central-1 \
	posix --sidecar "$tmp/meta" "$tmp/data" >"$tmp/server.log" 2>&1 &
daemons+=("$!")
python3 tests/integration/smtp-sink.py "$tmp/smtp-port" "$tmp/mail" &
daemons+=("$!")
for _ in $(seq 100); do
	[ -s "$tmp/smtp-port" ] && curl -s -o "$tmp/out" "http://127.0.0.1:$port/" && break
	sleep 0.1
done
# Only the service and what it starts are looked at, not this shell.
watch_commands() {
	while [ ! -e "$tmp/done" ]; do
		for pid in $(pgrep -f 'mlopsd|mlops-'); do tr '\0' ' ' <"/proc/$pid/cmdline"; echo; done 2>/dev/null | grep -a '^[^ ]*mlops' >>"$tmp/commands"
		sleep 0.05
	done
}
watch_commands &
export AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=$s3_secret AWS_REGION=eu-central-1 MLOPSD_SMTP_PASSWORD=$smtp_password MLOPS_DB=$db
mlopsd migrate >"$tmp/migrate" 2>&1 || cat "$tmp/migrate"
daemon d all --validators none --log json --artifacts "s3://artifacts/team?endpoint=http://127.0.0.1:$port" \
	--webhooks-private 1 --smtp "smtp://127.0.0.1:$(cat "$tmp/smtp-port")" --smtp-plain 1 --smtp-user mailer || exit 1

project=$(api /projects "${json[@]}" -d '{"name":"secrets"}' | jq -r .id)
api "/projects/$project/webhooks" "${json[@]}" -d "{\"url\":\"http://127.0.0.1:1/\",\"types\":[\"gate.waiting\"],\"secret\":\"$hook_secret\"}" >"$tmp/made"
same "a webhook's secret is shown once" "$(jq -r .secret "$tmp/made")" "$hook_secret"
api "/projects/$project/webhooks" "${json[@]}" -d '{"url":"mailto:ops@example.com","types":["gate.waiting"]}' >"$tmp/out"
brief=$(printf '%s\nDeploy token %s, key %s, database postgres://app:%s@db.example.com/app\n' "$(cat examples/rag-startup.md)" "$github" "$aws" "$url_password")
set=$(api "/projects/$project/constraints" "${json[@]}" -d "$(jq -n --arg b "$brief" '{brief: $b}')" | jq -r .decision_set_id)
same "waits" "$(until_status "$set" waiting failed)" waiting
api "/decision-sets/$set/answers" "${json[@]}" -d "$(jq -n --arg t "about 5000 documents, token $github" '{answers: [{field: "throughput.documents", text: $t}]}')" >"$tmp/answered"
until_status "$set" waiting failed >"$tmp/out"
api "/decision-sets/$set/approve" "${json[@]}" -d "$(jq -n --arg t "Use at most 9000 dollars a month; the key is $aws" '{status: "rejected", comment: $t}')" >"$tmp/rejected"
same "planned again after a rejection" "$(until_status "$set" waiting failed)" waiting
api "/decision-sets/$set/approve" "${json[@]}" -d "$(jq -n --arg t "fine, with $github" '{status: "approved", comment: $t}')" >"$tmp/approved"
same "complete" "$(until_status "$set" complete failed)" complete
# refused ones are not written down either
same "a wrong token" "$(curl -s -o "$tmp/refused" -w '%{http_code}' -H "Authorization: Bearer ${token}WRONG" "$url/projects")" 401
api "/projects/$project/constraints" "${json[@]}" -d "{\"brief\": \"$github" >"$tmp/malformed"
api "/projects/$project/webhooks" "${json[@]}" -d "{\"url\":\"ftp://me:$url_password@x/\",\"types\":[\"gate.waiting\"]}" >"$tmp/badhook"
for _ in $(seq 50); do [ -s "$tmp/mail" ] && break; sleep 0.1; done
touch "$tmp/done"

# ---- searched everywhere
for part in "" /state /events /cards /coverage /questions /changes /approvals /artifacts; do api "/decision-sets/$set$part"; done >"$tmp/answers"
for part in "" /decision-sets /events /ledger /webhooks; do api "/projects/$project$part"; done >>"$tmp/answers"
for part in /metrics /stats /audit?limit=500 /openapi.json; do api "$part"; done >>"$tmp/answers"
api "/decision-sets/$set/zip" -o "$tmp/zip"
unzip -qo "$tmp/zip" -d "$tmp/repo"
psql -qXAt -h 127.0.0.1 -p "$pg_port" -U mlops -d secrets -c "UPDATE webhooks SET secret = 'here' WHERE secret = '$hook_secret'" >"$tmp/out"
"$pg_bin/pg_dump" -h 127.0.0.1 -p "$pg_port" -U mlops --inserts secrets >"$tmp/dump"
ok "the dump has the run" grep -q run_complete "$tmp/dump"
for git in "$tmp"/d/.mlops/git/*.git; do git --git-dir "$git" log -p --all; done >"$tmp/git"
git clone -q "$(find "$tmp/data" -name '*.bundle')" "$tmp/bundle" 2>"$tmp/out"
mlopsd all --check --artifacts "s3://artifacts/team?endpoint=http://127.0.0.1:$port" >"$tmp/check" 2>&1
ok "--check shows the configuration" grep -q secrets "$tmp/check"
where=("$tmp/d" "$tmp/answers" "$tmp/answered" "$tmp/rejected" "$tmp/approved" "$tmp/refused" "$tmp/malformed" "$tmp/badhook"
	"$tmp/migrate" "$tmp/dump" "$tmp/git" "$tmp/bundle" "$tmp/repo" "$tmp/check" "$tmp/mail" "$tmp/data" "$tmp/commands")
ok "commands were seen" grep -q "^[^ ]*mlops" "$tmp/commands"
for secret in "$db_password" "$s3_secret" "$smtp_password" "$token" "$hook_secret" MARKwebhook "$github" "$aws" "$url_password"; do
	same "${secret:0:14}... is nowhere" "$(grep -rlaF -- "$secret" "${where[@]}" 2>/dev/null)" ""
done
finish
