#!/usr/bin/env bash
# Starts a PostgreSQL of its own on loopback, from Debian's package, and runs the
# tests of the registry and the gate over both engines there, those of the registry
# through pgbouncer too; then those that read from a hot standby, and last what becomes
# of builders when the server dies and the standby takes its place. A test that is
# skipped is an error. With arguments these are run instead, with KLPLINT_POSTGRES set.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[[ -x $bin/initdb ]] || { echo 'PostgreSQL is not installed: apt-get install postgresql' >&2; exit 1; }

folder=$(mktemp -d)
as() { if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }
if [[ $(id -u) == 0 ]]; then chown postgres "$folder"; fi
clean() {
	if [[ -e $folder/pgbouncer.pid ]]; then kill "$(cat "$folder/pgbouncer.pid")" 2>/dev/null || true; fi
	for data in data standby; do
		as "$bin/pg_ctl" -D "$folder/$data" -m immediate -w stop >/dev/null 2>&1 || true
	done
	rm -rf "$folder"
}
trap clean EXIT

# tests: go test, in which nothing is skipped but what ALLOWED (a pattern) names.
tests() {
	local log=$folder/tests.log
	go test -v -count=1 -timeout 20m "$@" >"$log" 2>&1 || {
		grep -v '^=== ' "$log"
		grep -hE 'FATAL|PANIC' "$folder"/*.log | tail -n 20
		return 1
	}
	grep -E '^(ok|FAIL)|_test\.go:.*admitted in' "$log" || true
	if grep -E '^ *--- SKIP' "$log" | grep -vE "${ALLOWED:-^$}"; then
		echo "skipped: $*" >&2
		return 1
	fi
}

port=${KLPLINT_POSTGRES_PORT:-54329}
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$folder/password"
if [[ $(id -u) == 0 ]]; then chown postgres "$folder/password"; fi
as "$bin/initdb" -D "$folder/data" -U klplint -A scram-sha-256 --pwfile="$folder/password" -E UTF8 --locale=en_US.UTF-8 >"$folder/initdb.log" 2>&1 ||
	{ rm -rf "$folder/data"; as "$bin/initdb" -D "$folder/data" -U klplint -A scram-sha-256 --pwfile="$folder/password" -E UTF8 --locale=C.UTF-8 >/dev/null; }
start="$bin/pg_ctl -D $folder/data -l $folder/server.log -w -o '-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder'"
as sh -c "$start start" >/dev/null

export KLPLINT_POSTGRES="postgres://klplint:$password@127.0.0.1:$port/postgres"
# An immediate stop is a crash: no connection is told, no buffer is written.
restart="$start -m immediate restart"
if [[ $(id -u) == 0 ]]; then
	export KLPLINT_POSTGRES_RESTART="runuser -u postgres -- sh -c \"$restart\" >/dev/null"
else
	export KLPLINT_POSTGRES_RESTART="$restart >/dev/null"
fi
if [[ $# -gt 0 ]]; then
	"$@"
	exit
fi
tests ./cmd/klplint/internal/registry/...

# The same through a pooler that gives each transaction whichever of three
# connections is free.
bouncer=$(command -v pgbouncer || echo /usr/sbin/pgbouncer)
[[ -x $bouncer ]] || { echo 'pgbouncer is not installed: apt-get install pgbouncer' >&2; exit 1; }
cat >"$folder/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $((port + 1))
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
auth_type = scram-sha-256
auth_file = $folder/users
logfile = $folder/pgbouncer.log
pidfile = $folder/pgbouncer.pid
unix_socket_dir =
INI
printf '"klplint" "%s"\n' "$password" >"$folder/users"
if [[ $(id -u) == 0 ]]; then chown postgres "$folder/pgbouncer.ini" "$folder/users"; fi
as "$bouncer" -q -d "$folder/pgbouncer.ini"
KLPLINT_POSTGRES="postgres://klplint:$password@127.0.0.1:$((port + 1))/postgres" KLPLINT_POSTGRES_POOLED=1 ALLOWED="TestNoAdvisoryLocks|TestSilentAtEachStep|TestTooManyConnections" \
	tests -short ./cmd/klplint/internal/registry

KLPLINT_GATE_STRESS=1 tests -run TestCrowd ./cmd/klplint/internal/gate

# A hot standby, which streams what the server writes.
as "$bin/pg_basebackup" -D "$folder/standby" -c fast -X stream -d "host=127.0.0.1 port=$port user=klplint password=$password"
as touch "$folder/standby/standby.signal"
as sh -c "printf \"primary_conninfo = 'host=127.0.0.1 port=%s user=klplint password=%s application_name=standby'\\n\" $port $password >>$folder/standby/postgresql.auto.conf"
second="$bin/pg_ctl -D $folder/standby -l $folder/standby.log -w -o '-p $((port + 2)) -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c wal_retrieve_retry_interval=200ms'"
as sh -c "$second start" >/dev/null
export KLPLINT_POSTGRES_STANDBY=127.0.0.1:$((port + 2))
tests ./cmd/klplint/internal/gate
go test -count=1 -timeout 20m ./cmd/klplint

# From here on each commit is at the standby too before it is acknowledged. The first
# restart that the builders' test asks for is the end of the server: the standby takes
# its place, and the builders follow by its address.
as "$bin/psql" -q -h 127.0.0.1 -d "$KLPLINT_POSTGRES" -c "ALTER SYSTEM SET synchronous_standby_names = 'standby'" -c 'SELECT pg_reload_conf()' >/dev/null
cat >"$folder/failover" <<SH
#!/bin/sh
set -e
if [ -e $folder/standby/standby.signal ]; then
	kill -KILL "\$(head -n 1 $folder/data/postmaster.pid)"
	$bin/pg_ctl -D $folder/standby -w promote
else
	$second -m immediate restart
fi
SH
chmod 755 "$folder/failover"
export KLPLINT_POSTGRES="postgres://klplint:$password@127.0.0.1:$port,127.0.0.1:$((port + 2))/postgres?target_session_attrs=read-write"
if [[ $(id -u) == 0 ]]; then
	export KLPLINT_POSTGRES_RESTART="runuser -u postgres -- $folder/failover >/dev/null"
else
	export KLPLINT_POSTGRES_RESTART="$folder/failover >/dev/null"
fi
KLPLINT_GATE_STRESS=1 tests -run TestCrowd/postgres ./cmd/klplint/internal/gate
[[ ! -e $folder/standby/standby.signal ]] || { echo 'the standby never took over' >&2; exit 1; }
