#!/bin/bash
# sandbox-policy: what it writes (compile, convert), and filters of other tools (disasm, explain, diff).
. "$(dirname "$0")/policy/lib.sh"
. "$KERNEL_TESTS/raw_bpf.sh"
if [ -z "$OWN_ARCH" ]; then
  echo "skipped: the numbers of this machine's calls are not known here"
  exit 77
fi
printf '%s\n' "$GOOD_POLICY" >good.yml
GOOD=$PWD/good.yml

# --- compile ---

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
  complains "good.bpf: is a compiled filter, and cannot be turned into a policy" convert --to oci good.bpf
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

# --- convert ---

test_round_trip() {
  bring example.yml
  sed -i '/kernel:/d' example.yml
  policy convert --to oci example.yml -o example.json
  assert_status 0
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
  policy convert --to k8s example.yml
  assert_status 0
  grep -q 'kind: SeccompProfile' out || report "expected a SeccompProfile"
}

test_what_a_format_cannot_say() {
  bring example.yml
  policy convert --to systemd example.yml -o example.conf
  assert_status 2
  grep -q "^sandbox-policy: error: example.yml:1[0-9]*:[0-9]*: .* cannot be said in " err || report "expected the rule"
  assert_no_output_file example.conf
  policy convert --to systemd --lossy example.yml -o example.conf
  if [ "$status" = 0 ]; then grep -q '^SystemCallFilter=' example.conf || fail "expected a drop-in"; fi
}

# --- Filters of other tools ---

test_a_filter_of_libseccomp() {
  "$TEST_BIN/libseccomp_filter" lib.raw
  policy disasm lib.raw
  assert_status 0
  grep -Eq ' jeq .* uname\?$' out || report "expected the name of uname"
  grep -Eq ' ret .* EACCES: execve$' out || report "expected the errno's name and the call"
  policy explain lib.raw uname
  assert_file_is out "uname on $(uname -m): errno EPERM
lib.raw: raw BPF"
  policy explain lib.raw socket AF_PACKET SOCK_RAW --path
  assert_status 0
  grep -q '^socket(AF_PACKET, SOCK_RAW) on .*: errno EAFNOSUPPORT$' out || report "expected the verdict"
  grep -q 'arg0, low half of socket' out || report "expected a note on the argument"
  policy diff lib.raw "$GOOD"
  assert_status 1
  grep -A 1 'errno EACCES / allow' out | grep -qx '      execve' || report "expected that execve differs"
  ! grep -q '^      .*uname' out || report "expected that uname does not differ"
  policy diff lib.raw lib.raw
  assert_status 0
}

# What a launcher has installed, read back from the kernel.
dumped() {
  local launcher=$1
  shift
  is_root || skip "only root can read filters back"
  need "$launcher"
  run "$TEST_BIN/installed_filters" "$launcher" "$(readlink -f /bin/true)" "$@"
  { [ "$status" = 0 ] && [ -s "$launcher.0" ]; } || skip "$launcher's filter cannot be read back here: $(cat err)"
  policy disasm "$launcher.0"
  assert_status 0
  policy explain "$launcher.0" uname --path
  assert_status 0
  policy show "$launcher.0"
  assert_status 0
  policy diff "$launcher.0" "$launcher.0"
  assert_status 0
}

test_a_filter_that_bubblewrap_has_loaded() {
  local filter=$PWD/bwrap.raw
  policy compile --raw "$GOOD" -o "$filter"
  dumped bwrap bash -c 'exec bwrap --ro-bind / / --seccomp 9 /bin/true 9<"$0"' "$filter"
  cmp bwrap.0 "$filter" || fail "expected what was compiled"
  policy diff bwrap.0 "$GOOD"
  assert_status 0
}

test_a_filter_that_firejail_has_loaded() {
  dumped firejail firejail --quiet --noprofile --seccomp /bin/true
  policy diff firejail.0 "$GOOD"
  assert_status 1
}

# --- diff ---

test_diff() {
  bring example.yml other.yml
  answers 1 diff diff --machine x86_64 example.yml other.yml
  answers 1 diff_json diff --machine x86_64 --format json example.yml other.yml
  answers 0 diff_equal_json diff --machine x86_64 --format json example.yml example.yml
  answers 0 diff_arch diff --machine x86_64 --arch aarch64 example.yml other.yml
}

test_diff_of_what_cannot_be_followed() {
  local MUL_X=0x2c TAX=0x07
  # arg0 * arg1 == 1000000007, beside "never".
  raw "$LD 0 0 16" "$TAX 0 0 0" "$LD 0 0 24" "$MUL_X 0 0 0" "$JEQ 0 1 1000000007" "$RET 0 0 $ERRNO+1" "$RET 0 0 $ALLOW" >product.raw
  raw "$RET 0 0 $ALLOW" >allow.raw
  policy diff product.raw allow.raw
  assert_status 3
  grep -q '^product.raw and allow.raw: no difference was found, but not everything could be compared$' out ||
    report "expected that it is said"
  grep -q 'product.raw, instruction [34]: computes a value that cannot be followed' out || report "expected the reason"
  policy diff product.raw product.raw
  assert_status 0
}

test_damaged_files() {
  printf '\6\0\0' >odd.raw
  complains "odd.raw: has 3 bytes; raw BPF has 8 for each instruction" disasm odd.raw
  raw "$LD 0 0 $NR" >open.raw
  complains "open.raw: instruction 0: the last instruction is not a return" show open.raw
  policy compile "$GOOD" -o good.bpf
  head -c 30 good.bpf >cut.bpf
  complains "cut.bpf: is a damaged filter file: it has 30 bytes, and the header alone takes more" disasm cut.bpf
  raw "$LD 0 0 16" "$RET_A 0 0 0" >computed.raw
  policy show --all computed.raw
  assert_status 0
  grep -Eq '  uname +what it computes$' out || report "expected that it is not known"
  # Of a filter with thousands of answers for each call, 64 are listed.
  local i program=("$LD 0 0 16")
  for ((i = 1; i <= 70; ++i)); do program+=("$JEQ 0 1 $i" "$RET 0 0 $ERRNO+$i"); done
  raw "${program[@]}" "$RET 0 0 $ALLOW" >many.raw
  policy show --all many.raw
  assert_status 0
  grep -Eq '  uname +allow or .* or one of 7 more$' out || report "expected the number of the others"
  policy show --all --format json many.raw
  [ "$(grep -c '"more_verdicts": 7' out)" = "$(grep -c '"verdicts"' out)" ] || report "expected it of each call"
  # What a launcher must refuse can still be looked at.
  raw "$RET 0 0 $NOTIFY" >notify.raw
  policy explain notify.raw read
  assert_status 0
  head -n 1 out | grep -q ': user_notif$' || report "expected user_notif"
}

run_tests
