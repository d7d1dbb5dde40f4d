#!/bin/bash
# Ports and scopes: what Landlock restricts, and what the filter closes beside it.
. "$(dirname "$0")/lib.sh"

python() { # OPTION... -- CODE
  need python3
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  run "$SANDBOX_RUN" "${options[@]}" -- python3 -c "
import errno, os, signal, socket, sys
def tried(action):
  try:
    action()
    return 'ok'
  except OSError as error:
    return errno.errorcode[error.errno]
$2"
  [ -z "$(cat err)" ] || report "expected nothing on standard error"
}

test_tcp() {
  need_landlock 4
  local other
  serve / python3 -m http.server --bind 127.0.0.1 @PORT@
  other=$(free_port)
  python --connect-tcp "$port" --bind-tcp "$other" -- "
print(tried(lambda: socket.create_connection(('127.0.0.1', $port))))
print(tried(lambda: socket.create_connection(('127.0.0.1', $other))))
print(tried(lambda: socket.socket().bind(('127.0.0.1', $other))))
print(tried(lambda: socket.socket().bind(('127.0.0.1', 0))))
print(tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))))"
  assert_stdout "ok
EACCES
ok
EACCES
ok"
  # What is not mentioned stays open; 'none' is no port at all.
  python --connect-tcp none -- "
print(tried(lambda: socket.create_connection(('127.0.0.1', $port))))
print(tried(lambda: socket.socket().bind(('127.0.0.1', 0))))"
  assert_stdout "EACCES
ok"
}

# What the manual says stays open: a socket that listens without bind(2) gets a free port.
test_listening_on_a_free_port() {
  need_landlock 4
  python --bind-tcp none -- "
print(tried(lambda: socket.socket().bind(('127.0.0.1', 0))))
server = socket.socket()
print(tried(server.listen), server.getsockname()[1] != 0)"
  assert_stdout "EACCES
ok True"
}

# MPTCP connects, and MSG_FASTOPEN in three calls, without a right that Landlock asks for.
test_what_is_tcp_without_being_taken() {
  need_landlock 4
  serve / python3 -m http.server --bind 127.0.0.1 @PORT@
  local code="
address = ('127.0.0.1', $port)
for protocol in 262, 132, 256: print(tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)))
print(tried(lambda: socket.socket(43, socket.SOCK_STREAM, 0)))
print(tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET, 0)))
print(tried(lambda: socket.socket().sendto(b'x', 0x20000000, address)))
print(tried(lambda: socket.socket().sendmsg([b'x'], [], 0x20000000, address)))"
  python --connect-tcp none -- "$code"
  assert_stdout "EPROTONOSUPPORT
EPROTONOSUPPORT
EPROTONOSUPPORT
EPROTONOSUPPORT
EPROTONOSUPPORT
ENOTSUP
ENOTSUP"
  # The same beside another policy: there the filter is compiled now, and was ready-made above.
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [acct]}]}\n' >open.yml
  cp out ready
  python -p open.yml --connect-tcp none -- "$code"
  cmp -s out ready || report "expected the same as beside the profile default"
  run "$SANDBOX_RUN" --connect-tcp none -- "$TEST_BIN/call" sendmmsg,-1,0,0,0x20000000 sendmmsg,-1,0,0,0 \
    setsockopt,-1,6,31,0,0 setsockopt,-1,6,1,0,0 io_uring_setup,0,0
  assert_stdout "sendmmsg EOPNOTSUPP
sendmmsg EBADF
setsockopt ENOENT
setsockopt EBADF
io_uring_setup ENOSYS"
}

# A report names the closure, and that nothing but rules for ports helps.
test_a_report_of_what_is_closed() {
  need_landlock 4
  run "$SANDBOX_RUN" --report --connect-tcp 443 -- "$TEST_BIN/call" socket,2,1,262
  assert_stdout "socket EPROTONOSUPPORT"
  sed 's/pid [0-9]*/pid N/' err | head -3 >lines
  assert_equal "sandbox-run: denied socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP) = EPROTONOSUPPORT  [call, pid N]  by landlock:10 (errno)
sandbox-run: 1 call was denied once:
  1  socket  EPROTONOSUPPORT  [call]  by landlock:10:13" "$(cat lines)"
  assert_stderr_has "sandbox-run: Nothing allows this beside rules for files and ports: Landlock does not judge what $(
  )socket would do there."
}

test_udp_altogether() {
  python --connect-udp none --bind-udp none -- "
print(tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
print(tried(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)))
print(tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)))"
  assert_stdout "EPROTONOSUPPORT
ok
ok"
}

# On a kernel that cannot tell UDP's ports apart.
test_udp_by_port() {
  run "$SANDBOX_RUN" --connect-udp 53 -- true
  [ "$status" != 0 ] || skip "this kernel has UDP"
  assert_stderr "sandbox-run: error: command line:1:1: this kernel cannot enforce 'connect_send_udp', which Linux 7.2 $(
  )brought; with 'best_effort: true' or --best-effort the program starts without, and any UDP port can be sent to"
  run "$SANDBOX_RUN" --best-effort --connect-udp 53 -- true
  assert_status 0
  assert_stderr "sandbox-run: warning: command line:1:1: this kernel cannot enforce 'connect_send_udp', which Linux 7.2 $(
  )brought: any UDP port can be sent to"
}

test_scopes() {
  need_landlock 6
  printf 'landlock: {scope: [signals, abstract_unix_sockets]}\n' >scopes.yml
  start python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind(chr(0) + "sandbox-run-test-'$$-$TEST'")
s.listen()
print("listens", flush=True)
time.sleep(600)'
  wait_until grep -q listens daemon.log
  local code="
print(tried(lambda: os.kill($started, 0)))
print(tried(lambda: os.kill(os.getpid(), 0)))
print(tried(lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + 'sandbox-run-test-$$-$TEST')))"
  python -p scopes.yml -- "$code"
  assert_stdout "EPERM
ok
EPERM"
  python -- "$code"
  assert_stdout "ok
ok
ok"
}

run_tests
