#!/bin/bash
# sandbox-policy: filters of other tools, their differences, and files that are damaged.
. "$(dirname "$0")/policy_filters_lib.sh"

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
  # A filter with thousands of answers for each call: 64 are listed.
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
