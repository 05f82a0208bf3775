#!/usr/bin/env bash
# Starts a PostgreSQL of its own on loopback, from Debian's package, and runs the
# tests of the registry and the gate over both engines there, those of the registry
# through pgbouncer too. With arguments these are run instead, with
# KLPLINT_POSTGRES set.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[[ -x $bin/initdb ]] || { echo 'PostgreSQL is not installed: apt-get install postgresql' >&2; exit 1; }

folder=$(mktemp -d)
as() { if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi; }
if [[ $(id -u) == 0 ]]; then chown postgres "$folder"; fi
trap 'as "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

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
go test -count=1 -timeout 20m ./cmd/klplint/internal/registry/...

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
trap 'kill "$(cat "$folder/pgbouncer.pid")" 2>/dev/null || true; as "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
KLPLINT_POSTGRES="postgres://klplint:$password@127.0.0.1:$((port + 1))/postgres" KLPLINT_POSTGRES_POOLED=1 \
	go test -count=1 -short -timeout 20m ./cmd/klplint/internal/registry

KLPLINT_GATE_STRESS=1 go test -count=1 -timeout 20m -run TestCrowd -v ./cmd/klplint/internal/gate
go test -count=1 -timeout 20m ./cmd/klplint/internal/gate ./cmd/klplint
