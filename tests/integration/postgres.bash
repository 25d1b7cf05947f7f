# postgres.bash - a PostgreSQL cluster, and a PgBouncer, of the tests' own. Sourced
# after lib.sh; what was started ends with the suite.
# shellcheck shell=bash disable=SC2154
pg_dir=$tmp/pg pg_port='' pg_bin='' bouncer_pid='' bouncer_port=''
pg_bin=$(find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null | sort -V | tail -n 1)
pg_bin=${pg_bin%/initdb}

# PostgreSQL and PgBouncer refuse to run as root.
as_pg() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
	else "$@"; fi
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

pg_make() {
	[ -n "$pg_bin" ] || return 1
	chmod 711 "$tmp" && mkdir -p "$pg_dir" || return 1
	[ "$(id -u)" -ne 0 ] || chown nobody "$pg_dir"
	pg_port=$(free_port)
	(cd "$pg_dir" && as_pg "$pg_bin/initdb" -D data -U mlops --auth=trust -E UTF8 --locale=C -N) >"$tmp/initdb.log" 2>&1 || {
		cat "$tmp/initdb.log"
		return 1
	}
	cat >>"$pg_dir/data/postgresql.conf" <<-END
		listen_addresses = '127.0.0.1'
		port = $pg_port
		unix_socket_directories = '$pg_dir'
		fsync = ${pg_fsync:-off}
		max_connections = 100
		shared_buffers = 64MB
	END
}

pg_start() {
	(cd "$pg_dir" && as_pg "$pg_bin/pg_ctl" -D data -w -t 60 -l log start) >"$tmp/pg_ctl.log" 2>&1 || {
		cat "$tmp/pg_ctl.log" "$pg_dir/log"
		return 1
	}
}

# pg_stop [fast|immediate]
pg_stop() { (cd "$pg_dir" && as_pg "$pg_bin/pg_ctl" -D data -w -m "${1:-fast}" stop) >/dev/null 2>&1; }

# pg_url NAME: makes the database and prints its URL.
pg_url() {
	psql -qX -h 127.0.0.1 -p "$pg_port" -U mlops -d postgres -c "CREATE DATABASE $1" >/dev/null || return 1
	echo "postgres://mlops@127.0.0.1:$pg_port/$1"
}

# A pooler in transaction mode before the cluster: no session outlives a transaction.
bouncer_start() {
	local bin
	bin=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || return 1
	bouncer_port=$(free_port)
	mkdir -p "$tmp/bouncer"
	[ "$(id -u)" -ne 0 ] || chown nobody "$tmp/bouncer"
	cat >"$tmp/bouncer/ini" <<-END
		[databases]
		* = host=127.0.0.1 port=$pg_port user=mlops
		[pgbouncer]
		listen_addr = 127.0.0.1
		listen_port = $bouncer_port
		unix_socket_dir =
		auth_type = any
		pool_mode = transaction
		default_pool_size = 4
		ignore_startup_parameters = extra_float_digits
	END
	as_pg "$bin" "$tmp/bouncer/ini" >"$tmp/bouncer.log" 2>&1 &
	bouncer_pid=$!
	for _ in $(seq 50); do
		psql -qXAt -h 127.0.0.1 -p "$bouncer_port" -U mlops -d postgres -c 'SELECT 1' >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	cat "$tmp/bouncer.log"
	return 1
}

pg_clean() {
	[ -z "$bouncer_pid" ] || kill "$bouncer_pid" 2>/dev/null
	[ ! -d "$pg_dir/data" ] || pg_stop immediate
}
trap 'pg_clean; rm -rf "$tmp"' EXIT
