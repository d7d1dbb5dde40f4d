#!/bin/bash
# Real programs under policies that lack some of their calls: --report names what is missing, and with the lines that it
# prints in the policy the programs work.
. "$(dirname "$0")/report_lib.sh"
MOST_ROUNDS=20 # Where denied calls kill, a round shows one call; that of a program with threads rarely two.

# lacking FILE DEFAULT CALL... -- COMMAND...: a policy in FILE of what the command calls, but for these calls.
lacking() {
  local file=$1 default=$2 call
  shift 2
  lacks=
  while [ "$1" != -- ]; do
    lacks="$lacks $1"
    shift
  done
  shift
  if [ ! -e recorded.yml ]; then
    run "$SANDBOX_POLICY" record -o recorded.yml --assume @default --assume @basic-io -- "$@"
    assert_status 0
    run "$SANDBOX_POLICY" record -o recorded.yml --merge recorded.yml -- "$@"
    assert_status 0
    cp out bare
  fi
  sed "s/^  default_action: .*/  default_action: $default/" recorded.yml >"$file"
  for call in $lacks; do
    grep -Eq "^    - $call( |\$)" "$file" || fail "expected that the program calls $call: $(cat "$file")"
    sed -i -E "/^    - $call( |\$)/d" "$file"
  done
}

# works_after_rounds POLICY COMMAND...: each round adds what the report prints.
works_after_rounds() {
  local policy=$1 round
  shift
  for ((round = 1; round <= MOST_ROUNDS; ++round)); do
    reported "$policy" "$@"
    grep -qx "sandbox-run: no call was denied" report && break
    # A program may be happy without a call, but not here without all of them.
    apply_suggestion "$policy"
  done
  [ "$round" -le "$MOST_ROUNDS" ] || report "expected that the program works after $MOST_ROUNDS rounds"
  [ "$round" -gt 1 ] || report "expected that calls are denied"
  assert_status 0
  cmp out bare || report "expected what the program prints without a policy: $(cat bare)"
  sandboxed "$policy" "$@"
  assert_status 0
  cmp out bare || report "expected what the program prints without a policy: $(cat bare)"
}

# names_all POLICY COMMAND...: all that the policy lacks is named at once where nothing is denied.
names_all() {
  local policy=$1 call
  shift
  run "$SANDBOX_RUN" --report --permissive --policy "$policy" -- "$@"
  without_numbers
  assert_status 0
  cmp out bare || report "expected what the program prints without a policy: $(cat bare)"
  for call in $lacks; do
    grep -Eq "^sandbox-run: would deny $call\(.*\) = .*, allowed\$" report || report "expected a line for $call"
    grep -Eq "^ +[0-9]+  $call  .*  \[.*\]  by " report || report "expected $call in the summary"
    grep -Eqx " +- $call" report || report "expected $call among what can be added"
  done
}

# improves LACKING... -- COMMAND...: all of it.
improves() {
  local default calls=()
  while [ "$1" != -- ]; do
    calls+=("$1")
    shift
  done
  shift
  for default in errno kill_process; do
    lacking policy.yml $default "${calls[@]}" -- "$@"
    names_all policy.yml "$@"
    works_after_rounds policy.yml "$@"
  done
}

test_ls() {
  need python3
  mkdir -p tree/a && touch tree/b
  improves openat getdents64 statx -- ls -ln tree
}

test_python() {
  need python3
  cat >program.py <<'END'
import concurrent.futures, subprocess, threading
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    print(list(pool.map(lambda n: subprocess.run(["sh", "-c", f"echo {n}"], capture_output=True).stdout, range(2))))
print(sorted(done))
END
  improves pipe2 vfork wait4 getdents64 -- python3 program.py
}

test_curl() {
  need curl python3
  mkdir files
  echo "from the server" >files/page
  serve /page python3 -m http.server --bind 127.0.0.1 --directory files @PORT@
  improves socket connect poll getsockname recvfrom sendto -- curl -s -f "http://127.0.0.1:$port/page"
  assert_stdout "from the server"
  # What is tried is shown with the address.
  lacking policy.yml errno connect -- curl -s -f "http://127.0.0.1:$port/page"
  reported policy.yml curl -s -f "http://127.0.0.1:$port/page"
  [ "$status" != 0 ] || report "expected that curl fails"
  grep -Eqx "sandbox-run: denied connect\([0-9]+, 127\.0\.0\.1:$port, 16\) = EPERM  \[curl, pid N\]  by policy.yml:[0-9]+ \(default_action: errno\)" \
    report || report "expected the address"
  # No answer is missing at the server, whose policy is the one that was recorded.
  stop TERM
}

# start_nginx LAUNCHER...: starts the server by it and waits until it answers, has ended or was denied something.
start_nginx() {
  port=$(free_port)
  echo "server { listen 127.0.0.1:$port; root $PWD/pages; }" >listen.conf
  rm -f daemon.log # That of an earlier round.
  start "$@" nginx -p "$PWD" -e stderr -c "$PWD/nginx.conf"
  wait_until answers_or_was_denied || fail "expected nginx to answer or to be denied something: $(shown daemon.log)"
}

was_denied() { grep -qs "^sandbox-run: denied" daemon.log; }
answers_or_was_denied() {
  was_denied || has_ended "$started" || curl -s -f -o page --max-time 0.5 "http://127.0.0.1:$port/page"
}

children() { cat "/proc/$1"/task/*/children 2>/dev/null || true; }

# kill_tree PID: what the supervisor has below it, until there is nothing. The master's workers become its own children.
kill_tree() {
  local left
  left=$(children "$1")
  [ -n "$left" ] || return 0
  # shellcheck disable=SC2086 # One number a word.
  kill -s KILL $left 2>/dev/null || true
  return 1
}

# end_nginx: however it goes on; a master that was denied something may hear no signal but one. What was said is then in
# the file err.
end_nginx() {
  local supervisor
  supervisor=$(children "$started")
  kill -s QUIT "$started" 2>/dev/null || true
  if was_denied && sleep 0.2 && [ -n "$supervisor" ]; then
    wait_until kill_tree $supervisor || fail "expected nginx to die"
  fi
  wait_until has_ended "$started" || fail "expected nginx to end: $(shown daemon.log)"
  status=0
  { wait "$started" || status=$?; } 2>/dev/null
  cp daemon.log err
  : >out
  command_line="nginx"
}

test_nginx() {
  need nginx curl python3
  prepare_nginx
  start_nginx "$SANDBOX_POLICY" record -o recorded.yml --assume @default --assume @basic-io --
  curl -s -f -o page "http://127.0.0.1:$port/page"
  stop QUIT
  assert_status 0
  local default round
  for default in errno kill_process; do
    lacking policy.yml $default bind listen epoll_wait sendfile socketpair -- false
    for ((round = 1; round <= MOST_ROUNDS; ++round)); do
      start_nginx "$SANDBOX_RUN" --report --policy policy.yml --
      was_denied || curl -s -f --max-time 2 -o page "http://127.0.0.1:$port/page" || true
      end_nginx
      grep -q '^sandbox-run: no call was denied$' err && break
      without_numbers
      apply_suggestion policy.yml
    done
    [ "$round" -le "$MOST_ROUNDS" ] || report "expected that nginx works after $MOST_ROUNDS rounds"
    [ "$round" -gt 1 ] || report "expected that calls are denied"
    start_nginx "$SANDBOX_RUN" --policy policy.yml --
    assert_equal "a page" "$(curl -s -f "http://127.0.0.1:$port/page")"
    stop QUIT
    assert_status 0
  done
}

run_tests
