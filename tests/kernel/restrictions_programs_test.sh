#!/bin/bash
# Real programs under --no-network, --no-unix and --no-exec: what is closed fails at once and in plain words, and the rest
# goes on.
. "$(dirname "$0")/lib.sh"

# Seconds in which a program that cannot reach anything has to give up by itself.
SOON=10

quickly() {
  local begin=$SECONDS
  run "$@"
  [ $((SECONDS - begin)) -lt "$SOON" ] || report "expected that it ends at once"
}

test_curl() {
  need curl
  quickly "$SANDBOX_RUN" --no-network -- curl -sS http://127.0.0.1:1/
  assert_status 7
  assert_stderr_has "curl: (7) Failed to connect to 127.0.0.1 port 1"
  quickly "$SANDBOX_RUN" --no-network -- curl -sS http://host.invalid/
  assert_status 6
  assert_stderr "curl: (6) Could not resolve host: host.invalid"
  echo content >file
  run "$SANDBOX_RUN" --no-network -- curl -sS "file://$PWD/file"
  assert_stdout content
}

test_python() {
  need python3
  quickly "$SANDBOX_RUN" --no-network -- python3 -c 'import socket
try:
    socket.create_connection(("127.0.0.1", 1))
except OSError as error:
    print(error)'
  assert_stdout "[Errno 97] Address family not supported by protocol"
  # Threads, processes, event loops and local sockets are untouched.
  cat >work.py <<'END'
import asyncio, multiprocessing, socket, threading

def double(number):
    return 2 * number

if __name__ == "__main__":
    thread = threading.Thread(target=print, args=("thread",))
    thread.start()
    thread.join()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(double, [1, 2]))
    print(asyncio.run(asyncio.sleep(0, "loop")))
    a, b = socket.socketpair()
    a.send(b"pair")
    print(b.recv(4).decode())
END
  for options in --no-network --no-unix --no-exec "--no-network --no-unix --no-exec"; do
    run "$SANDBOX_RUN" $options -- python3 work.py
    assert_status 0
    assert_stderr ""
    assert_stdout "thread
[2, 4]
loop
pair"
  done
}

test_git() {
  need git
  export HOME=$PWD
  run git init -q there
  run git -C there -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
  run "$SANDBOX_RUN" --no-network --no-unix -- git clone -q there here
  assert_status 0
  [ "$(git -C here log --format=%s)" = first ] || report "expected the commit in the clone"
  quickly "$SANDBOX_RUN" --no-network -- git ls-remote http://127.0.0.1:1/x
  assert_status 128
  assert_stderr_has "Failed to connect to 127.0.0.1 port 1"
  # It starts programs for a clone, and says which could not be.
  run "$SANDBOX_RUN" --no-exec -- git clone -q there third
  [ "$status" != 0 ] || report "expected git to fail"
  assert_stderr_has "Permission denied"
}

test_ssh_and_lookups() {
  need ssh getent
  run "$SANDBOX_RUN" --no-network --no-unix --no-exec -- ssh -V
  assert_status 0
  quickly "$SANDBOX_RUN" --no-network -- ssh -o BatchMode=yes nobody@127.0.0.1 true
  assert_status 255
  assert_stderr_has "Address family not supported by protocol"
  quickly "$SANDBOX_RUN" --no-network -- getent hosts host.invalid
  assert_status 2
  run "$SANDBOX_RUN" --no-network --no-unix -- getent passwd root
  assert_status 0
}

test_ping() {
  need ping
  quickly "$SANDBOX_RUN" --no-network -- ping -c 1 -W 1 127.0.0.1
  [ "$status" != 0 ] || report "expected ping to fail"
  assert_stderr_has "Address family not supported by protocol"
}

# A server with a local socket goes on with that: it takes EAFNOSUPPORT for a kernel without the family, and EACCES not.
test_redis() {
  need redis-server redis-cli
  start "$SANDBOX_RUN" --no-network -- redis-server --port 4711 --unixsocket "$PWD/socket" --save '' --dir "$PWD"
  wait_until test -S socket || fail "no socket: $(shown daemon.log)"
  run redis-cli -s "$PWD/socket" set key value
  assert_stdout OK
}

# Sockets that are inherited stay usable, as systemd's socket activation has it.
test_inherited_socket() {
  need python3
  run python3 -c 'import os, socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
os.set_inheritable(listener.fileno(), True)
child = subprocess.Popen(sys.argv[1:] + ["python3", "-c",
    "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])).accept()[0]; s.send(b\"served\"); s.close()",
    str(listener.fileno())], pass_fds=[listener.fileno()])
print(socket.create_connection(listener.getsockname()).recv(6).decode())
child.wait()' "$SANDBOX_RUN" --no-network --
  assert_stdout served
  assert_stderr ""
}

test_shells_without_exec() {
  run "$SANDBOX_RUN" --no-exec -- sh -c 'echo builtin; (echo forked); ls; echo $?'
  assert_status 0
  assert_stdout "builtin
forked
126"
  assert_stderr "sh: 1: ls: Permission denied"
}

# 125 for a program that needs what is closed to be started: none is, as with --no-exec the token lets it through.
test_reports_name_the_option() {
  run "$SANDBOX_RUN" --no-exec --report -- sh -c 'ls'
  assert_status 126
  local line
  line=$(grep -n 'names:' "$POLICIES/no-exec.yml" | head -n 1 | cut -d : -f 1)
  grep -Eqx "sandbox-run: denied execve\(\"/usr/bin/ls\", .*\) = EACCES  \[sh, pid [0-9]+\]  by profile no-exec:$((
    line + 1)) \(errno\)" err || report "expected a line for the call"
  assert_stderr_has "sandbox-run: Change the option --no-exec, which denies execve."
}

run_tests
