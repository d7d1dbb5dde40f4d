#!/bin/bash
# sandbox-policy record --args, --assume and --merge.
. "$(dirname "$0")/record_lib.sh"

case $(uname -m) in x86_64) ABI=x86_64 ;; *) ABI=$(uname -m) ;; esac

test_args() {
  record p.yml --args -- "$TEST_BIN/call" socket,1,1 socket,2,0x80001 prctl,15,0 ioctl,0,0x541b,0 fcntl,0,1
  sed -n '/names_with_args/,$p' p.yml >conditions
  for value in "value: AF_UNIX}" "value: AF_INET}" "mask: 0xf, value: SOCK_STREAM}  # 1" "value: PR_SET_NAME}  # 1" \
    "value: FIONREAD}" "value: F_GETFD}"; do
    grep -qF "$value" conditions || fail "expected '$value' in: $(cat conditions)"
  done
  sandboxed p.yml "$TEST_BIN/call" socket,1,0x801 socket,2,1 socket,2,2 socket,16,3 prctl,16,0 fcntl,0,1 fcntl,0,3
  assert_stdout "socket ok
socket ok
socket EPERM
socket EPERM
prctl EPERM
fcntl ok
fcntl EPERM"
}

test_assume() {
  record p.yml --assume @basic-io --assume getppid -- "$TEST_BIN/call" getppid getpgrp
  grep -qFx '    - "@basic-io"      # assumed' p.yml || fail "expected the set: $(cat p.yml)"
  grep -Eqx '    - getppid  *# assumed' p.yml || fail "expected getppid: $(cat p.yml)"
  assert_lacks write p.yml
  needs_no_more p.yml "$TEST_BIN/call" getppid getpgrp
  # The set is assumed again.
  record p.yml --merge p.yml -- "$TEST_BIN/call" getpgrp getuid
  assert_lacks write p.yml
  assert_equal 2 "$(counted getpgrp p.yml)" "calls of getpgrp"
  assert_allows getuid p.yml
}

# The first run misses a path.
test_merge() {
  program='if [ "$1" = yes ]; then mkdir sub; rmdir sub; umask 077; fi; echo done'
  record p.yml -- sh -c "$program" sh no
  deadly p.yml
  sandboxed p.yml.kill sh -c "$program" sh yes
  assert_status 159
  cp p.yml first.yml
  record p.yml --merge p.yml -- sh -c "$program" sh yes
  needs_no_more p.yml sh -c "$program" sh yes
  needs_no_more p.yml sh -c "$program" sh no
  grep -Ec '^  # 20..-' p.yml | grep -qx 2 || fail "expected two runs: $(cat p.yml)"
  [ "$(counted openat p.yml)" -gt "$(counted openat first.yml)" ] || fail "expected the sum of counts"
  # Nothing new: the same calls again.
  record q.yml --merge p.yml -- sh -c "$program" sh yes
  run "$SANDBOX_POLICY" diff p.yml q.yml
  assert_status 0
}

test_merge_into_a_configuration() {
  cat >beat.yml <<'END'
# The whole configuration of a program.
name: beat
seccomp:
  default_action: kill_process
  syscalls:
  # By hand.
  - action: allow
    names: ["@default", "@basic-io"] # both
    names_with_args:
    - name: socket
      arguments:
      - {argument: 0, operation: Equal, value: AF_UNIX}
output.file: out
END
  cp beat.yml before.yml
  record beat.yml --merge beat.yml -- "$TEST_BIN/call" socket,1,1 socket,16,3,0 getpgrp
  diff before.yml beat.yml | grep -q '^<' && fail "lines are gone: $(diff before.yml beat.yml)"
  grep -qF 'value: AF_NETLINK}' beat.yml || fail "expected a condition: $(cat beat.yml)"
  sandboxed beat.yml "$TEST_BIN/call" socket,1,1 socket,16,3,0 getpgrp
  assert_status 0
  sandboxed beat.yml "$TEST_BIN/call" socket,2,1
  assert_status 159
  printf 'seccomp:\n  default_action: allow\n  syscalls:\n  - {action: errno, names: [read]}\n' >deny.yml
  refuses 2 "deny.yml:2:3: --merge takes a policy that denies calls by default; this one has 'allow'" \
    -o p.yml --merge deny.yml -- touch started
}

# What a group denies on purpose stays denied, and what looked absent and is called does not stand there any more.
test_merge_into_a_policy_that_denies() {
  cat >p.yml <<'END'
seccomp:
  default_action: kill_process
  syscalls:
  # Tried by libraries.
  - action: errno
    errno: EPERM
    names: [setsid, mount]  # on purpose
  - action: errno
    errno: ENOSYS
    names: [getpgrp, statx]
  - {action: allow, names: ["@default", "@basic-io", execve]}
END
  record p.yml --merge p.yml -- "$TEST_BIN/call" getpgrp getuid
  grep -qxF '  # Tried by libraries.' p.yml || fail "expected the comment: $(cat p.yml)"
  grep -qxF '    names: [setsid, mount]  # on purpose' p.yml || fail "expected the group: $(cat p.yml)"
  grep -qxF '    names: [statx]' p.yml || fail "expected no getpgrp in the group with ENOSYS: $(cat p.yml)"
  run "$SANDBOX_POLICY" explain p.yml getpgrp
  grep -q allow out || report "expected that getpgrp is allowed"
  run "$SANDBOX_POLICY" explain p.yml setsid
  grep -q EPERM out || report "expected that setsid is denied"

  cp p.yml before.yml
  run "$SANDBOX_POLICY" record -o p.yml --merge p.yml -- "$TEST_BIN/call" setsid
  assert_status 2
  line=$(grep -nF setsid p.yml | cut -d: -f1)
  assert_stderr "sandbox-policy: error: p.yml:$line:13: the run calls 'setsid', which this group denies ('errno EPERM'): take it out of the group to have it added
sandbox-policy: error: what was recorded is in p.yml.recorded, as a policy of its own"
  cmp -s p.yml before.yml || fail "expected the policy as it was"
  grep -q '^    - setsid ' p.yml.recorded || fail "expected the recording: $(cat p.yml.recorded)"
}

# Under the policy threads and children start as before: by clone, and not in new namespaces.
test_clone3() {
  need python3
  cat >program.py <<'END'
import os, subprocess, threading
thread = threading.Thread(target=print, args=("thread",))
thread.start()
thread.join()
print(subprocess.run(["true"]).returncode, flush=True)
END
  record p.yml --args -- python3 program.py
  assert_stdout "thread
0"
  needs_no_more p.yml python3 program.py
  run "$SANDBOX_POLICY" check --strict p.yml
  assert_status 0
  run "$SANDBOX_POLICY" explain p.yml clone 0x10000000
  grep -q EPERM out || fail "expected that namespaces are denied: $(cat out)"
}

test_default() {
  record p.yml --default kill_process -- "$TEST_BIN/call" getppid
  run "$SANDBOX_RUN" -p p.yml -- "$TEST_BIN/call" getpgrp
  assert_status 159
  needs_no_more p.yml "$TEST_BIN/call" getppid
  refuses 2 "record: unknown action 'allow'; there are errno, kill_process, kill_thread and trap" -o q.yml \
    --default allow -- touch started
}

run_tests
