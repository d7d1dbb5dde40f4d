#!/bin/bash
# sandbox-policy: what it writes: compile and convert.
. "$(dirname "$0")/policy_filters_lib.sh"

test_a_filter_file_is_enforced() {
  policy compile "$GOOD" -o good.bpf
  assert_status 0
  assert_file_is out ""
  assert_file_is err ""
  enforces --bpf good.bpf
}

test_several_policies() {
  write_policy other.yml allow "errno:EACCES sethostname"
  policy compile "$GOOD" other.yml --output both.bpf
  assert_status 0
  run "$SANDBOX_RUN" --bpf both.bpf -- "$TEST_BIN/call" uname sethostname getpid
  assert_file_is out "uname EPERM
sethostname EACCES
getpid ok"
}

test_several_policies_that_are_too_large_together() {
  { printf '%s\n' "$GOOD_POLICY" && yes '# padding' | head -c 1040000; } >large.yml
  cp large.yml last.yml
  complains "last.yml: with this file the policies are larger than 8388608 bytes, the most that they may have together" \
    compile large.yml{,,,,,,,} last.yml -o all.bpf
  assert_no_file all.bpf
}

test_a_policy_without_execve() {
  write_policy strict.yml kill_process "allow $STATIC_CALLS getpid"
  policy compile strict.yml -o strict.bpf
  assert_status 0
  assert_file_is err ""
  run "$SANDBOX_RUN" --bpf strict.bpf -- "$TEST_BIN/call" getpid
  assert_status 0
  # No other launcher could start a program under it.
  policy compile --raw strict.yml -o strict.raw
  assert_status 0
  assert_file_is err "sandbox-policy: warning: strict.yml: does not allow execve for all arguments, so that a launcher \
which installs the raw filter may be unable to start a program; 'sandbox-run --bpf' can"
  # The token is no part of what the file says of calls.
  policy diff strict.bpf strict.yml
  assert_status 0
  policy diff strict.raw strict.bpf
  assert_status 0
}

test_flags_and_raw_bpf() {
  sed 's/^seccomp:/&\n  flags: [log]/' "$GOOD" >flags.yml
  policy compile --raw flags.yml -o flags.raw
  assert_file_is err "sandbox-policy: warning: flags.yml: raw BPF carries no flags: 'log' is lost unless the launcher sets it"
  policy compile --raw -q flags.yml -o flags.raw
  assert_file_is err ""
}

test_bubblewrap_runs_a_raw_filter() {
  need bwrap
  # Not everywhere: in a chroot "/" is no mount point.
  bwrap --ro-bind / / true 2>bwrap.err || skip "bubblewrap runs nothing here: $(cat bwrap.err)"
  policy compile --raw "$GOOD" -o good.raw
  assert_status 0
  assert_file_is err ""
  [ "$(($(stat -c %s good.raw) % 8))" = 0 ] || fail "expected 8 bytes an instruction"
  run bash -c 'bwrap --ro-bind / / --seccomp 9 "$0" uname socket,17,3 socket,1,1 9<good.raw' "$TEST_BIN/call"
  assert_status 0
  assert_file_is out "uname EPERM
socket EAFNOSUPPORT
socket ok"
}

test_setpriv_runs_a_raw_filter() {
  setpriv --help | grep -q -- --seccomp-filter || skip "setpriv has no --seccomp-filter; util-linux 2.41 brought it"
  policy compile --raw "$GOOD" -o good.raw
  run setpriv --no-new-privs --seccomp-filter good.raw -- "$TEST_BIN/call" uname getpid
  assert_file_is out "uname EPERM
getpid ok"
}

# Raw BPF is in the byte order of the machine that it is for.
test_raw_bpf_for_another_machine() {
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [uname]}]}\n' >any.yml
  policy compile --raw --machine s390x any.yml -o any.raw
  assert_status 0
  # ld [4]; jeq 0x80000016
  assert_equal "0020000000000004" "$(od -An -tx1 -N 8 any.raw | tr -d ' ')"
  assert_equal "80000016" "$(od -An -tx1 -j 12 -N 4 any.raw | tr -d ' ')"
  policy compile --machine s390x any.yml -o any.bpf
  assert_status 0
  run "$SANDBOX_RUN" --bpf any.bpf true
  assert_stderr "sandbox-run: error: any.bpf: is for a sandbox-run on s390x, and this one is on $(uname -m)"
  policy explain any.bpf uname
  assert_file_is out "uname on s390x: errno EPERM
any.bpf: a compiled filter, made from any.yml"
}

test_compile_mistakes() {
  bring wrong.yml disabled.yml
  policy compile wrong.yml -o out.bpf
  assert_status 2
  assert_no_output_file out.bpf
  policy compile disabled.yml -o out.bpf
  assert_status 2
  assert_file_is err "sandbox-policy: warning: disabled.yml:2:3: 'enabled' is false: this policy changes nothing
sandbox-policy: error: no policy is enabled, so there is no filter to write"
  policy compile "$GOOD" -o good.bpf
  complains "good.bpf: is a compiled filter, and cannot be compiled again" compile good.bpf -o again.bpf
  complains "good.bpf: is a compiled filter, expected a policy" check good.bpf
  complains "good.bpf: is a compiled filter, which cannot be converted; 'sandbox-policy show' prints what it does" convert --to oci good.bpf
  complains "nowhere/good.bpf: cannot be written: No such file or directory" compile "$GOOD" -o nowhere/good.bpf
  mkdir folder
  complains "folder: is a directory, expected a file" compile "$GOOD" -o folder
}

assert_no_output_file() { [ ! -e "$1" ] || fail "expected no file $1"; }

# A reader of the file sees the old one or the new one, and nothing is left beside it.
test_a_file_is_replaced_as_a_whole() {
  policy compile "$GOOD" -o good.bpf
  chmod 600 good.bpf
  ln good.bpf old.bpf
  ln -s good.bpf link.bpf
  bring example.yml
  policy compile example.yml -o link.bpf
  assert_status 0
  [ -L link.bpf ] || fail "expected that the link is kept"
  ! cmp -s good.bpf old.bpf || fail "expected a new file"
  assert_equal 600 "$(stat -c %a good.bpf)" "the mode"
  policy diff old.bpf "$GOOD"
  assert_status 0
  assert_equal "" "$(find . -name '*.tmp')" "left over"
  "$SANDBOX_POLICY" compile "$GOOD" -o /dev/stdout | cmp - old.bpf || fail "expected the same bytes in a pipe"
}

test_a_full_disk_leaves_nothing() {
  status=0
  local said
  said=$( (ulimit -f 0 && trap '' XFSZ && exec "$SANDBOX_POLICY" compile "$GOOD" -o small.bpf) 2>&1) || status=$?
  assert_equal 2 "$status" "the exit status"
  assert_equal "sandbox-policy: error: small.bpf: cannot be written: File too large" "$said"
  assert_equal "" "$(find . -name 'small*')" "left over"
}

test_round_trip() {
  bring example.yml
  sed -i '/kernel:/d' example.yml
  # Where the default is EPERM, container runtimes have ENOSYS above the largest number named, and nothing else differs.
  policy convert --to oci example.yml -o example.json
  assert_status 0
  grep -q '^sandbox-policy: warning: .*container runtimes give errno ENOSYS, where this policy has errno EPERM, to calls' \
    err || report "expected a warning of what runtimes answer"
  policy diff -q example.yml example.json
  assert_status 1
  [ "$(grep ' / ' out | sed 1d)" = "  errno EPERM / errno ENOSYS: other" ] || report "expected one difference"
  sed -i 's/^  default_action: errno$/&\n  default_errno: ENOSYS/' example.yml
  policy convert --to oci example.yml -o example.json
  sed -i '/a container runtime starts the program/d' err
  assert_file_is err ""
  policy diff -q example.yml example.json
  assert_status 0
  policy convert -q --to beats example.json -o again.yml
  assert_status 0
  policy diff again.yml example.yml
  assert_status 0
  assert_file_is out "again.yml and example.yml are equal: every call gets the same answer"
  policy convert --to bpf -q example.yml -o example.raw
  assert_status 0
  policy compile --raw -q example.yml -o compiled.raw
  cmp example.raw compiled.raw || fail "expected the same raw BPF of convert and compile"
  sed -i '/default_errno:/d' example.yml # The resource has none.
  policy convert --to k8s example.yml
  assert_status 0
  grep -q 'kind: SeccompProfile' out || report "expected a SeccompProfile"
}

test_what_a_format_cannot_say() {
  bring example.yml
  policy convert --to k8s example.yml -o example.conf
  assert_status 2
  grep -q "^sandbox-policy: error: example.yml:[0-9]*:[0-9]*: .* cannot be expressed in a SeccompProfile" err ||
    report "expected the rule"
  assert_no_output_file example.conf
  policy convert --to systemd --lossy example.yml -o example.conf
  if [ "$status" = 0 ]; then grep -q '^SystemCallFilter=' example.conf || fail "expected a drop-in"; fi
}

run_tests
