# service.bash - mlopsd under test. Sourced after lib.sh (and postgres.bash where a
# server is wanted); what was started ends with the suite.
# shellcheck shell=bash disable=SC2154,SC2034
token=test-token-0123456789abcdef
daemons=()

# daemon NAME ARG...: starts mlopsd in $tmp/NAME and waits until it answers; sets `url`
# and `daemon_pid`.
daemon() {
	local name=$1 dir=$tmp/$1 port
	shift
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir -p "$dir"
	(cd "$dir" && MLOPSD_TOKEN=$token exec mlopsd "$@" --listen "127.0.0.1:$port") >>"$dir/log" 2>&1 &
	daemon_pid=$!
	daemons+=("$daemon_pid")
	url=http://127.0.0.1:$port
	for _ in $(seq 100); do
		curl -sf "$url/healthz" >/dev/null 2>&1 && return 0
		kill -0 "$daemon_pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "mlopsd did not start:"
	cat "$dir/log"
	return 1
}

# api PATH CURL-ARG...: the body on stdout.
api() {
	local path=$1
	shift
	curl -sS -H "Authorization: Bearer $token" "$@" "$url$path"
}

# status PATH CURL-ARG...: the status alone.
status() {
	local path=$1
	shift
	curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$@" "$url$path"
}

# until_status SET STATUS...: waits for one of them; prints it.
until_status() {
	local set=$1 now='' wanted=" ${*:2} "
	for _ in $(seq 600); do
		now=$(api "/decision-sets/$set" | jq -r .status 2>/dev/null)
		case $wanted in *" $now "*) break ;; esac
		sleep 0.1
	done
	echo "$now"
}

daemons_end() {
	local pid
	for pid in "${daemons[@]}"; do kill -9 "$pid" 2>/dev/null; done
	! declare -F pg_clean >/dev/null || pg_clean
	rm -rf "$tmp"
}
trap daemons_end EXIT
