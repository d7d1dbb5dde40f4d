#!/bin/bash
# The profile postgres: tables, indexes, parallel queries, sorts on disk, functions, TLS, archives, a crash.
. "$(dirname "$0")/profile_lib.sh"
need python3
for programs in /usr/lib/postgresql/*/bin; do :; done
[ -x "$programs/postgres" ] || {
  echo "skipped: postgresql is not installed" >&2
  exit 77
}

# The server does not run as root.
become=()
! is_root || become=(setpriv --reuid=65534 --regid=65534 --clear-groups --)

prepare() {
  use_profile postgres
  ! is_root || chown 65534:65534 .
  chmod 777 .
  "${become[@]}" "$programs/initdb" -D data -U tester -A trust --no-sync -E UTF8 >initdb.log 2>&1 ||
    fail "initdb: $(shown initdb.log)"
  cat >>data/postgresql.conf <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$PWD'
autovacuum_naptime = 1s
wal_level = logical
checkpoint_timeout = 30s
work_mem = 64kB
max_parallel_workers_per_gather = 2
min_parallel_table_scan_size = 0
parallel_setup_cost = 0
parallel_tuple_cost = 0
shared_preload_libraries = ''
END
  if certificate; then
    cp key.pem data/server.key
    cp cert.pem data/server.crt
    chmod 600 data/server.key
    ! is_root || chown 65534:65534 data/server.key data/server.crt
    echo "ssl = on" >>data/postgresql.conf
  fi
}

serve_postgres() {
  port=$(free_port)
  start "${become[@]}" "${LAUNCH[@]}" "$programs/postgres" -D data -p "$port" "$@"
  daemon_answers "$programs/psql" -h "$PWD" -p "$port" -U tester -d postgres -c "select 1"
}

sql() { "$programs/psql" -v ON_ERROR_STOP=1 -q -A -t -h "${host:-$PWD}" -p "$port" -U tester -d postgres "$@"; }

# tries_sql ARGUMENT...: as run does with commands.
tries_sql() {
  status=0
  command_line="sql $*"
  sql "$@" >out 2>err || status=$?
}

load() {
  sql <<'END' >/dev/null
create table t (id int primary key, name text, at timestamptz default now());
insert into t select i, repeat(md5(i::text), 5) from generate_series(1, 30000) i;
create index concurrently on t (name); create index on t using hash (name); create index on t using gin (to_tsvector('english', name));
analyze t; select count(*) from t a join t b using (name); select name from t order by name desc, id offset 29990;
select sum(id) from t where name like '%a%'; create materialized view v as select * from t; refresh materialized view v;
copy t to '/dev/null'; update t set name = 'x' where id % 2 = 0; delete from t where id % 3 = 0; vacuum full t; vacuum (parallel 2) v; checkpoint;
create function f(n int) returns int language plpgsql as $$ begin perform pg_sleep(0.01); return n + 1; end $$; select f(1);
listen channel; notify channel; begin; lock table t; savepoint s; rollback to s; commit; create database other; drop database other;
create unlogged table u (x int); truncate u; create temp table w as select * from t; reindex table t; cluster t using t_pkey;
select pg_reload_conf(); select pg_switch_wal(); select pg_ls_dir('.'); select pg_stat_file('postgresql.conf'); select lo_create(0);
select * from pg_stat_activity; select * from pg_timezone_names limit 3; select pg_create_logical_replication_slot('s', 'pgoutput');
select pg_drop_replication_slot('s'); set statement_timeout = 20; \set ON_ERROR_STOP off
select pg_sleep(1);
END
  host=127.0.0.1 sql -c "select ssl from pg_stat_ssl where pid = pg_backend_pid()" >/dev/null
  "$programs/pg_dump" -h "$PWD" -p "$port" -U tester postgres >/dev/null
  "$programs/pg_basebackup" -h "$PWD" -p "$port" -U tester -D backup -c fast >/dev/null 2>&1
  "$programs/pgbench" -h "$PWD" -p "$port" -U tester -i -q postgres >/dev/null 2>&1
  "$programs/pgbench" -h "$PWD" -p "$port" -U tester -c 4 -t 20 postgres >/dev/null 2>&1
}

test_load() {
  prepare
  serve_postgres
  load
  # A backend that dies by a signal: all are started again.
  kill -KILL "$(sql -c "select pid from pg_stat_activity where backend_type = 'walwriter'")"
  daemon_answers sql -c "select 1"
  ends_well INT
}

test_other_settings() {
  prepare
  serve_postgres -c shared_memory_type=sysv -c dynamic_shared_memory_type=sysv -c wal_sync_method=open_datasync \
    -c logging_collector=on -c log_statement=all -c track_io_timing=on -c huge_pages=try -c max_wal_senders=3
  sql -c "create table t as select generate_series(1, 30000) i" -c "select sum(i) from t" -c checkpoint >/dev/null
  ends_well TERM
  serve_postgres -c dynamic_shared_memory_type=mmap -c fsync=on -c wal_sync_method=fsync -c jit=on -c jit_above_cost=0
  sql -c "select sum(i) from t" -c "select pg_rotate_logfile()" -c "insert into t values (1)" >/dev/null
  ends_well TERM
}

# With SQL alone an administrator of the database, or an attacker with the password, gets a shell: COPY FROM PROGRAM.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  prepare
  LAUNCH=("${PLAIN[@]}")
  serve_postgres
  tries_sql -c "create table t (x text)" -c "copy t from program 'echo a shell'"
  [ "$status" != 0 ] || report "expected that no program is started"
  assert_stderr_has 'could not execute command "echo a shell"'
  tries_sql -c "select count(*) from t"
  assert_stdout 0
  ends_well TERM
  answers execve EPERM ptrace EPERM mount EPERM socket,17,3,0 EAFNOSUPPORT process_vm_readv EPERM unshare,0x10000000 EPERM
}

# What SQL reads of the server's files, and a key in a home, which it does not.
test_with_its_files_alone() {
  with_files postgres
  chmod -R a+rX "$HOME" ..
  prepare
  add_options --rw . --rw /dev/shm
  start "${become[@]}" "$programs/postgres" -D data -p "${port:=$(free_port)}"
  daemon_answers "$programs/psql" -h "$PWD" -p "$port" -U tester -d postgres -c "select 1"
  assert_equal "a private key" "$(sql -c "select pg_read_file('$KEY')")" # Without the profile.
  stop INT
  serve_postgres
  load
  tries_sql -c "select pg_read_file('$KEY')"
  assert_stderr "ERROR:  could not open file \"$KEY\" for reading: Permission denied"
  tries_sql -c "create table k (x text)" -c "copy k from '$KEY'"
  assert_stderr_has "could not open file \"$KEY\" for reading: Permission denied"
  ends_well INT
}

test_files_of_debian() { assert_files_of postgres "$programs/postgres"; }

run_tests
