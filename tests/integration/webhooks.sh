#!/usr/bin/env bash
# mlopsd tells: webhooks to a receiver that verifies them with the Standard Webhooks
# library, mails to a mail server; a receiver that is down for hours, one that is gone,
# rotated secrets, reminders.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
peers=$top/.tools/node
[ -d "$peers/node_modules/standardwebhooks" ] || {
	skip "webhooks: standardwebhooks is not installed (make tools)"
	finish
}
wait_for() { for _ in $(seq 100); do [ -s "$1" ] && return; sleep 0.1; done; fail "$1 did not come"; }
# eventually NAME WANTED COMMAND...: the command's output becomes this within 15 s.
eventually() {
	local name=$1 wanted=$2 got
	shift 2
	for _ in $(seq 150); do
		got=$("$@")
		[ "$got" = "$wanted" ] && break
		sleep 0.1
	done
	same "$name" "$got" "$wanted"
}

secret=whsec_$(head -c 32 /dev/urandom | base64 -w0)
node tests/integration/node/receiver.mjs "$peers" "$tmp/receiver-port" "$secret" &
daemons+=("$!")
python3 tests/integration/smtp-sink.py "$tmp/smtp-port" "$tmp/mail" &
daemons+=("$!")
wait_for "$tmp/receiver-port"
wait_for "$tmp/smtp-port"
receiver=http://127.0.0.1:$(cat "$tmp/receiver-port")
daemon d all --validators none --webhooks-private 1 --smtp "smtp://127.0.0.1:$(cat "$tmp/smtp-port")" --smtp-plain 1 \
	--smtp-from mlops@example.com --public-url https://mlops.example.com --remind 1 || exit 1
db=$tmp/d/.mlops/mlops.db
json=(-H 'Content-Type: application/json')
sql() { sqlite3 -cmd '.timeout 5000' "$db" "$1"; }

project=$(api /projects "${json[@]}" -d '{"name":"told"}' | jq -r .id)
hook() { api "/projects/$project/webhooks" "${json[@]}" -d "$1"; }
all='["plan.ready","gate.waiting","run.complete","run.error"]'
first=$(hook "{\"url\":\"$receiver/200\",\"types\":$all,\"secret\":\"$secret\"}")
same "the secret is shown at its making" "$(jq -r .secret <<<"$first")" "$secret"
same "and never again" "$(api "/projects/$project/webhooks" | jq -c '[.items[] | keys[]] | index("secret")')" null
made=$(hook "{\"url\":\"mailto:ops@example.com\",\"types\":[\"gate.waiting\"]}" | jq -r .id)
gone=$(hook "{\"url\":\"$receiver/410\",\"types\":[\"plan.ready\",\"gate.waiting\"],\"secret\":\"$secret\"}" | jq -r .id)
same "no such type" "$(hook "{\"url\":\"$receiver/200\",\"types\":[\"lunch\"]}" | jq -r .error.code)" validation_failed
same "no such scheme" "$(hook '{"url":"ftp://x/y","types":["plan.ready"]}' | jq -r .error.code)" validation_failed
same "a user in the URL" "$(hook '{"url":"https://me:pw@example.com/","types":["plan.ready"]}' | jq -r .error.message)" \
	"body: /url: a webhook's URL holds no user or password"
same "a bad secret is not echoed" "$(hook '{"url":"https://example.com/","types":["plan.ready"],"secret":"whsec_hunter2"}' | grep -c hunter2)" 0

set=$(api "/projects/$project/constraints" "${json[@]}" -d "$(jq -Rs '{brief: .}' examples/rag-startup.md)" | jq -r .decision_set_id)
same "the run waits" "$(until_status "$set" waiting failed)" waiting
seen() { curl -s "$receiver/seen" | jq -c '[.[] | select(.path == "/200") | .body.type]'; }
eventually "plan.ready and gate.waiting come" '["plan.ready","gate.waiting"]' seen
same "thin, and says where to look" "$(curl -s "$receiver/seen" | jq -r '[.[] | select(.path == "/200")][1].body.data.path')" "/decision-sets/$set"
mails() { grep -c '^Message-ID' "$tmp/mail" 2>/dev/null; }
eventually "one mail for the gate" 1 mails
ok "it says where" grep -q "https://mlops.example.com/decision-sets/$set" "$tmp/mail"
enabled() { api "/projects/$project/webhooks" | jq -r ".items[] | select(.id == \"$gone\") | .enabled"; }
eventually "a receiver that answers 410 is switched off" 0 enabled

# A reminder after the gate has waited: the clock of its row is set back.
sql "UPDATE decision_sets SET updated_at = '2020-01-01T00:00:00Z' WHERE id = '$set'"
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
daemon d all --validators none --webhooks-private 1 --smtp "smtp://127.0.0.1:$(cat "$tmp/smtp-port")" --smtp-plain 1 \
	--smtp-from mlops@example.com --remind 1 || exit 1
eventually "a reminder by mail" 2 mails
ok "which says that it is one" grep -q 'This is a reminder' "$tmp/mail"
eventually "and to the receiver" '["plan.ready","gate.waiting","gate.waiting"]' seen

in_range() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
# ---- a receiver that is down for hours: each wait is taken out of the database
late=$(hook "{\"url\":\"http://127.0.0.1:1/down\",\"types\":[\"run.complete\"],\"secret\":\"$secret\"}" | jq -r .id)
api "/decision-sets/$set/approve" "${json[@]}" -d '{"status":"approved"}' >"$tmp/out"
same "approved" "$(until_status "$set" complete failed)" complete
eventually "run.complete comes" '["plan.ready","gate.waiting","gate.waiting","run.complete"]' seen
attempts() { sql "SELECT attempt FROM deliveries WHERE webhook_id = '$late'"; }
waits=()
for n in 1 2 3 4; do
	eventually "attempt $n" "$n" attempts
	for _ in $(seq 50); do # until the answer stands in the row
		left=$(sql "SELECT (next_at - CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) / 1000 FROM deliveries WHERE webhook_id = '$late' AND answer LIKE '%cannot be reached'")
		[ -n "$left" ] && ! in_range "$left" 119 121 && break
		sleep 0.1
	done
	waits+=("$left")
	sql "UPDATE deliveries SET next_at = 0 WHERE webhook_id = '$late'"
done
ok "waits about 5 s, then 5 min, 30 min (${waits[*]})" eval \
	'in_range "${waits[0]}" 3 6 && in_range "${waits[1]}" 290 331 && in_range "${waits[2]}" 1790 1981'
sql "UPDATE webhooks SET url = '$receiver/200' WHERE id = '$late'"
sql "UPDATE deliveries SET next_at = 0 WHERE webhook_id = '$late'"
state_of() { api "/webhooks/$late/deliveries" | jq -r '[.items[].status] | join(",")'; }
eventually "when it is back it is told once" delivered state_of
same "and each message once" "$(curl -s "$receiver/seen" | jq '[.[] | select(.path == "/200") | .id] | length == (unique | length)')" true

# ---- rotation: both secrets sign
fresh=$(api "/webhooks/$(jq -r .id <<<"$first")/secret" "${json[@]}" -d '{}' | jq -r .secret)
same "a new secret" "$([ "$fresh" != "$secret" ] && echo "${fresh:0:6}")" whsec_
set=$(api "/projects/$project/constraints" "${json[@]}" -d "$(jq -Rs '{brief: .}' examples/batch-training.md)" | jq -r .decision_set_id)
until_status "$set" waiting failed >"$tmp/out"
told_again() { curl -s "$receiver/seen" | jq --arg s "$set" '[.[] | select(.path == "/200" and .body.data.decision_set_id == $s)] | length'; }
eventually "the receiver with the old secret still believes" 2 told_again
same "gone endpoints hear nothing" "$(curl -s "$receiver/seen" | jq --arg s "$set" '[.[] | select(.path == "/410" and .body.data.decision_set_id == $s)] | length')" 0

# ---- a gate that nobody answers in time is over, also when nobody looks at it
sql "UPDATE approvals SET expires_at = '2020-01-01T00:00:00Z' WHERE decision_set_id = '$set'"
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
daemon d all --validators none --webhooks-private 1 --remind 0 || exit 1
same "a gate whose time is over is stale" "$(until_status "$set" stale failed)" stale
same "which is an event" "$(api "/decision-sets/$set/events?limit=500" | jq -r '[.items[] | select(.type == "stale")] | length')" 1
same "and cannot be approved" "$(status "/decision-sets/$set/approve" "${json[@]}" -d '{"status":"approved"}')" 409

same "removed" "$(status "/webhooks/$made" -X DELETE)" 204
same "is gone" "$(status "/webhooks/$made/deliveries")" 404
if grep -qF -e "${secret:10:20}" -e "${fresh:10:20}" "$tmp/d/log"; then fail "a secret is in the log"; else pass; fi
finish
