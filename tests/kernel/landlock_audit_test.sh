#!/bin/bash
# sandbox-policy audit, live: the kernel's own records of what Landlock denies, which it writes where the audit system
# is on. The test does not switch it.
. "$(dirname "$0")/lib.sh"
need_landlock 7
is_root || skip "only root may read audit records"
command -v python3 >/dev/null || skip "python3 is not installed"

# audit_is STATE: on or off.
audit_is() {
  local state
  state=$(python3 -c '
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
s.send(struct.pack("=IHHII", 16, 1000, 1, 1, 0))  # AUDIT_GET
print("on" if struct.unpack("=I", s.recv(8192)[20:24])[0] else "off")')
  [ "$state" = "$1" ] || skip "the audit system is $state"
}

# listen: sandbox-policy audit, until `stop TERM`.
listen() {
  start "$TEST_BIN/sandbox-policy" audit
  wait_until grep -q listening daemon.log || fail "expected that it listens: $(shown daemon.log)"
}

test_a_launch_that_logs_where_audit_is_off() {
  audit_is off
  listen
  run "$SANDBOX_RUN" --log --ro /etc/hostname -- cat "$PWD/daemon.log"
  assert_stderr "cat: $PWD/daemon.log: Permission denied"
  stop TERM
  assert_equal "sandbox-policy: listening for the kernel's seccomp records; Ctrl-C ends it (of what Landlock denies there are $(
    )no records: the audit system is off, 'auditctl -e 1' turns it on)" "$(head -1 out)"
  ! grep -F "$PWD" out || fail "expected no record"
}

test_records_of_files_and_ports() {
  audit_is on
  echo secret >secret
  listen
  run "$SANDBOX_RUN" --log --ro /etc/hostname --connect-tcp none -- bash -c "cat $PWD/secret; : </dev/tcp/127.0.0.1/2"
  wait_until grep -q "TCP port 2" daemon.log || fail "expected a record of the port: $(shown daemon.log)"
  run "$SANDBOX_RUN" --ro /etc/hostname -- cat "$PWD/secret" # Without --log there are none.
  stop TERM
  sed -nE 's/^[^ ]+ (denied .*\[[a-z]+, pid )[0-9]+(\]  by Landlock domain )[0-9a-f]+( of .*)/\1N\2N\3/p' out |
    grep -F "$SANDBOX_RUN" >found
  assert_equal "denied openat = EACCES  [cat, pid N]  by Landlock domain N of $SANDBOX_RUN: no rule lets it read $PWD/secret  $(
    )/usr/bin/cat, user 0 (root)
denied connect = EACCES  [bash, pid N]  by Landlock domain N of $SANDBOX_RUN: no rule lets it connect to TCP port 2  $(
    )/usr/bin/bash, user 0 (root)" "$(cat found)"
}

run_tests
