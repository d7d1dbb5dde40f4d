#!/bin/bash
# The profile redis-server: data types, scripts, publishing, snapshots, append-only file, TLS-less replication, threads.
. "$(dirname "$0")/profile_lib.sh"
need redis-server redis-cli python3

cli() { redis-cli -p "$port" "$@"; }
has_saved() { [ "$(cli info persistence | grep -c '^\(rdb_bgsave\|aof_rewrite\)_in_progress:0')" = 2 ]; }
replicates() { [ "$(redis-cli -s replica.sock get key 2>/dev/null)" = value ]; }

load() {
  assert_equal OK "$(cli set key value)"
  redis-cli -s redis.sock eval 'for i = 1, 1000 do redis.call("rpush", "list", i) end return 1' 0 >/dev/null
  cli hset hash a 1 b 2 >/dev/null
  cli zadd sorted 1 a 2 b >/dev/null
  cli xadd stream '*' a 1 >/dev/null
  cli setrange large 3000000 x >/dev/null
  cli set gone soon px 1 >/dev/null
  assert_equal 1000 "$(cli llen list)"
  cli unlink list >/dev/null
  cli flushall async >/dev/null
  cli set key value >/dev/null
  cli publish channel message >/dev/null
  cli config set maxmemory 100mb >/dev/null
  cli memory doctor >/dev/null
  cli info everything >/dev/null
  assert_equal OK "$(cli save)"
  wait_until has_saved
  cli bgsave >/dev/null
  wait_until has_saved
  cli bgrewriteaof >/dev/null
  wait_until has_saved
  redis-benchmark -p "$port" -q -n 2000 -c 20 -P 4 -t ping,set,get,lpush >/dev/null
}

test_load() {
  use_profile redis-server
  port=$(free_port)
  start "${LAUNCH[@]}" redis-server --port "$port" --unixsocket redis.sock --save 1 1 --appendonly yes --dir . \
    --bind 127.0.0.1 -::1 --io-threads 2 --enable-debug-command yes --activedefrag no --loglevel verbose
  daemon_answers cli ping
  primary=$started
  load
  start "${LAUNCH[@]}" redis-server --port 0 --unixsocket replica.sock --replicaof "127.0.0.1 $port" --dir . \
    --dbfilename replica.rdb
  wait_until replicates || fail "expected the replica to have the value: $(shown daemon.log)"
  ends_well TERM
  started=$primary
  ends_well TERM
}

test_as_a_daemon() {
  use_profile redis-server
  port=$(free_port)
  start "${LAUNCH[@]}" redis-server --port "$port" --daemonize yes --dir "$PWD" --logfile "$PWD/log" --pidfile "$PWD/pid" \
    --syslog-enabled yes --repl-diskless-sync no
  wait_until cli ping >/dev/null 2>&1 || fail "expected an answer: $(shown log)"
  cli set key value >/dev/null
  daemon=$(cat pid)
  cli shutdown || true
  wait_until has_ended "$daemon" || fail "expected redis to end"
}

# A module runs as part of the server: with MODULE LOAD an attacker gets a shell.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile redis-server
  port=$(free_port)
  start "${PLAIN[@]}" redis-server --port "$port" --enable-module-command yes --dir .
  daemon_answers cli ping
  cli module load "$TEST_BIN/attack.so" >/dev/null || true
  ends_well TERM
  grep -q '^attack: execve /bin/sh: Operation not permitted$' out || fail "expected the shell to be denied: $(shown out)"
  answers execve EPERM ptrace EPERM socket,17,3,0 EAFNOSUPPORT mount EPERM
}

# What an open Redis is attacked with: its file is put into a home, as a key to log in with.
test_with_its_files_alone() {
  with_files redis-server --rw .
  port=$(free_port)
  local options=(--port "$port" --unixsocket redis.sock --save "" --appendonly yes --dir . --enable-protected-configs yes)
  start redis-server "${options[@]}"
  daemon_answers cli ping
  cli config set dir "$HOME/.ssh" >/dev/null
  cli config set dbfilename authorized_keys >/dev/null
  assert_equal OK "$(cli save)" # Without the profile.
  rm "$HOME/.ssh/authorized_keys"
  stop TERM
  start "${LAUNCH[@]}" redis-server "${options[@]}"
  daemon_answers cli ping
  load
  cli config set dir "$HOME/.ssh" >/dev/null
  cli config set dbfilename authorized_keys >/dev/null
  assert_equal "ERR" "$(cli save | head -1 | cut -c1-3)"
  assert_no_file "$HOME/.ssh/authorized_keys"
  cli config set dir "$PWD" >/dev/null
  ends_well TERM
}

test_files_of_debian() { assert_files_of redis-server redis-server; }

run_tests
