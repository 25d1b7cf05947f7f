#!/usr/bin/env bash
# One delivery of a webhook to a receiver that uses the Standard Webhooks library, and
# of a mail to a mail server.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
notify=$top/$build/tests/notify
peers=$top/.tools/node
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT
wait_for() { for _ in $(seq 100); do [ -s "$1" ] && return; sleep 0.1; done; fail "$1 did not come"; }

same "the schedule: 0 s to 24 h, ten attempts, a receiver's wish to a day" "$("$notify" wait)" \
	"0 5 300 1800 7200 18000 36000 50400 72000 86400 -1 60 86400 95040"
secret=$("$notify" secret)
same "a new secret" "${#secret}" 50
same "and another" "$([ "$secret" != "$("$notify" secret)" ] && echo other)" other

# Addresses that are not contacted; the outcome is final.
for url in http://127.0.0.1:1/ https://127.0.0.1/ https://169.254.169.254/latest/ https://10.0.0.1/ 'https://[::1]/' \
	https://localhost/ https://0x7f000001/ 'https://[::ffff:169.254.170.2]/'; do
	same "$url" "$("$notify" webhook "$url" "$secret" id '{}' | cut -d' ' -f1)" refused
done
same "a bad secret is refused without being shown" "$("$notify" webhook https://example.com/ whsec_short id '{}')" \
	"refused 0 -1 a webhook secret is 'whsec_' and base64 of 24 to 64 bytes"

if [ -d "$peers/node_modules/standardwebhooks" ]; then
	node tests/integration/node/receiver.mjs "$peers" "$tmp/port" "$secret" &
	pids+=($!)
	wait_for "$tmp/port"
	url=http://127.0.0.1:$(cat "$tmp/port")
	send() { "$notify" webhook "$url/$1" "${3:-$secret}" "$2" '{"type":"gate.waiting","data":{"ü":1}}' --private "${@:4}"; }
	same "delivered" "$(send 200 msg_1)" "delivered 200 -1 answered 200"
	same "a long answer does not matter" "$(send 201 msg_2 | cut -d' ' -f1-2)" "delivered 201"
	same "a redirect is a failure" "$(send 301 msg_3)" "retry 301 -1 answered 301, a redirect, which is not followed"
	same "busy, with a wish" "$(send 503 msg_4)" "retry 503 7 answered 503"
	same "gone" "$(send 410 msg_5)" "gone 410 -1 answered 410"
	same "another secret does not verify there" "$(send 200 msg_6 "$("$notify" secret)")" "retry 400 -1 answered 400"
	same "while keys rotate either one does" "$(send 200 msg_7 "$("$notify" secret)" --next "$secret")" "delivered 200 -1 answered 200"
	same "what the receiver believed" "$(curl -s "$url/seen" | jq -c '[.[].id]')" \
		'["msg_1","msg_2","msg_3","msg_4","msg_5","msg_7"]'
	same "and the body as it was" "$(curl -s "$url/seen" | jq -c '.[0].body.data')" '{"ü":1}'
	same "nobody there" "$("$notify" webhook http://127.0.0.1:1/ "$secret" id '{}' --private)" "retry 0 -1 http://127.0.0.1:1 cannot be reached"
else
	skip "webhooks: standardwebhooks is not installed (make tools)"
fi

python3 tests/integration/smtp-sink.py "$tmp/smtp-port" "$tmp/mail" &
pids+=($!)
wait_for "$tmp/smtp-port"
server=smtp://127.0.0.1:$(cat "$tmp/smtp-port")
mail() { "$notify" mail "$server" mlops@example.com "$@" 2>&1; }
same "a mail is taken" "$(mail ops@example.com 'Gate waiting: größer als 80 % – bitte ansehen, sonst läuft die Frist ab' $'one\n.\ntwo\n')" ""
python3 - "$tmp/mail" >"$tmp/read" <<-'PY'
	import email, email.policy, sys
	m = email.message_from_bytes(open(sys.argv[1], "rb").read(), policy=email.policy.default)
	print(m["subject"], m["to"], m["from"], m["message-id"], m["auto-submitted"], sep="|")
	print(m.get_content().strip().replace("\r\n", "|").replace("\n", "|"))
PY
same "and reads as it was meant" "$(cat "$tmp/read")" \
	"Gate waiting: größer als 80 % – bitte ansehen, sonst läuft die Frist ab|ops@example.com|mlops@example.com|<0190-test@example.com>|auto-generated
one|.|two"
same "a refused recipient" "$(mail no-body@example.com s t | sed 's/mail: [^(]*(/mail (/')" "notify: the mail server did not take the mail (SMTP answer 550)"
same "no header is smuggled in by the subject" "$(mail ops@example.com $'s\r\nBcc: x@y' t)" "notify: a mail's subject is one line"
same "nor by the address" "$(mail $'ops@example.com>\r\nRCPT TO:<x@y' s t | cut -c1-25)" "notify: 'ops@example.com>"
case $("$notify" mail-tls "$server" mlops@example.com ops@example.com s t 2>&1) in
*"did not take the mail"*) pass ;;
*) fail "a server that offers no TLS is trusted with a mail" ;;
esac
same "one mail has arrived in all" "$(grep -c '^Message-ID' "$tmp/mail")" 1
finish
