#!/bin/bash
# `kernel:`: calls that Linux gained later do not exist, so that programs fall back to what the policy knows.
. "$(dirname "$0")/lib.sh"

# with_kernel POLICY VERSION: POLICY with the key, in policy.yml.
with_kernel() {
  sed "s/^seccomp:/&\n  kernel: $2/" "$1" >policy.yml
  grep -q "^  kernel: $2" policy.yml || fail "$1 has taken no 'kernel'"
}

needs_the_beats_list() {
  [ "$(uname -m)" = x86_64 ] || skip "the list is for x86_64"
  need prometheus-node-exporter curl python3
}

# clone3 is newer than the list: it gets EPERM where the C library needs ENOSYS to fall back to clone.
test_a_daemon_dies_under_an_old_list() {
  needs_the_beats_list
  sandboxed "$POLICIES/beats-amd64-2018.yml" prometheus-node-exporter "--web.listen-address=127.0.0.1:$(free_port)"
  [ "$status" != 0 ] && [ "$status" != 125 ] && [ "$status" != 137 ] || report "expected that the daemon dies by itself"
  assert_stderr_has "pthread_create failed: Operation not permitted"
}

test_the_daemon_serves_under_the_old_list_with_kernel() {
  needs_the_beats_list
  with_kernel "$POLICIES/beats-amd64-2018.yml" '"4.17"'
  serve /metrics "$SANDBOX_RUN" --policy policy.yml -- prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@
  run curl -s -f "http://127.0.0.1:$port/metrics"
  assert_status 0
  grep -q '^node_load1 ' out || report "expected the machine's load among the metrics"
  assert_equal 2 "$(sed -n 's/^Seccomp:\s*//p' "/proc/$started/status")" "seccomp mode of the daemon"
  stop TERM
  assert_status 143
}

# clone3 came with 5.3, close_range with 5.9, openat2 with 5.6; openat is older than all. Bad pointers and numbers: no
# call does anything, and ENOSYS comes from the filter alone.
newer_calls() { sandboxed policy.yml "$TEST_BIN/call" clone3 openat2,-1 close_range,5,4 openat,-1 getpid; }

test_without_the_key_newer_calls_are_there() {
  write_policy policy.yml allow "errno uname"
  newer_calls
  assert_stdout "clone3 EINVAL
openat2 EINVAL
close_range EINVAL
openat EFAULT
getpid ok"
}

test_newer_calls_do_not_exist() {
  write_policy old.yml allow "errno uname"
  with_kernel old.yml 5.7
  newer_calls
  assert_status 0
  assert_stderr ""
  assert_stdout "clone3 EINVAL
openat2 EINVAL
close_range ENOSYS
openat EFAULT
getpid ok"
  with_kernel old.yml '"5.2"'
  newer_calls
  assert_stdout "clone3 ENOSYS
openat2 ENOSYS
close_range ENOSYS
openat EFAULT
getpid ok"
}

# The version that brought a call has it; releases as uname prints them are taken.
test_the_version_itself() {
  write_policy old.yml allow "errno uname"
  local version
  for version in '"5.3"' 5.3.0 5.3.18-generic; do
    with_kernel old.yml "$version"
    newer_calls
    assert_stdout "clone3 EINVAL
openat2 ENOSYS
close_range ENOSYS
openat EFAULT
getpid ok"
  done
}

# 5.10 is later than 5.9: a version is no fraction.
test_a_version_is_no_fraction() {
  write_policy old.yml allow "errno uname"
  with_kernel old.yml 5.10
  newer_calls
  assert_stdout "clone3 EINVAL
openat2 EINVAL
close_range EINVAL
openat EFAULT
getpid ok"
}

test_whatever_the_default_action_is() {
  local default
  for default in errno:EXFULL trap kill_process log; do
    write_policy old.yml "$default" "allow $STATIC_CALLS getpid"
    with_kernel old.yml '"5.2"'
    sandboxed policy.yml "$TEST_BIN/call" clone3 openat2 0x7ff getpid
    assert_status 0
    assert_stdout "clone3 ENOSYS
openat2 ENOSYS
0x7ff ENOSYS
getpid ok"
  done
}

# The key hides nothing that the default action decides.
test_older_calls_get_the_default() {
  write_policy old.yml errno:EXFULL "allow $STATIC_CALLS getpid"
  with_kernel old.yml '"5.2"'
  sandboxed policy.yml "$TEST_BIN/call" openat getuid getpid
  assert_stdout "openat EXFULL
getuid EXFULL
getpid ok"
  write_policy old.yml kill_process "allow $STATIC_CALLS getpid"
  with_kernel old.yml '"5.2"'
  sandboxed policy.yml "$TEST_BIN/call" getpid openat
  assert_status 159
  assert_stdout "getpid ok"
}

test_a_named_call_is_there() {
  write_policy old.yml errno:EXFULL "allow $STATIC_CALLS clone3" "errno:EACCES openat2"
  with_kernel old.yml '"5.2"'
  newer_calls
  assert_stdout "clone3 EINVAL
openat2 EACCES
close_range ENOSYS
openat EXFULL
getpid EXFULL"
}

# What the conditions do not match gets the default, not ENOSYS.
test_naming_with_conditions_is_naming() {
  write_policy old.yml allow "errno uname"
  cat >>old.yml <<'EOF'
  - action: errno
    errno: EACCES
    names_with_args:
    - {name: close_range, arguments: [{value: 4, operation: Equal}]}
EOF
  with_kernel old.yml '"5.2"'
  sandboxed policy.yml "$TEST_BIN/call" close_range,4,1 close_range,5,4 clone3
  assert_status 0
  assert_stdout "close_range EACCES
close_range EINVAL
clone3 ENOSYS"
}

test_a_set_names_its_members() {
  write_policy old.yml allow 'errno:EACCES "@file-system"'
  with_kernel old.yml '"5.2"'
  sandboxed policy.yml "$TEST_BIN/call" openat2 clone3
  assert_stdout "openat2 EACCES
clone3 ENOSYS"
}

# Each policy speaks for itself; the more restrictive verdict is the errno.
test_beside_another_policy() {
  write_policy old.yml allow "errno uname"
  with_kernel old.yml '"5.2"'
  write_policy other.yml allow "errno:EXFULL getuid"
  run "$SANDBOX_RUN" --policy policy.yml --policy other.yml -- "$TEST_BIN/call" clone3 uname getuid getpid
  assert_stdout "clone3 ENOSYS
uname EPERM
getuid EXFULL
getpid ok"
}

run_tests
