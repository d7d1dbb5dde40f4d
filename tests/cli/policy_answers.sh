#!/bin/bash
# sandbox-policy: what check, show, explain, disasm, test and list say, as text and as JSON.
. "$(dirname "$0")/policy/lib.sh"
. "$KERNEL_TESTS/raw_bpf.sh"

# A filter as another tool might write it, for x86_64: the compiler of ours may come to write others.
write_foreign_filter() {
  local JGE=0x35 JSET=0x45 JA=0x05
  raw "$LD 0 0 $ARCH" "$JEQ 1 0 0xc000003e" "$RET 0 0 $KILL" "$LD 0 0 $NR" "$JGE 11 0 0x40000000" \
    "$JEQ 8 0 63" "$JEQ 0 4 41" "$LD 0 0 16" "$AND 0 0 0xff" "$JSET 4 0 0x10" "$JA 0 0 2" \
    "$JEQ 1 0 59" "$LD_IMM 0 0 0" "$RET 0 0 $ALLOW" "$RET 0 0 $ERRNO+1" "$RET 0 0 $LOG" "$RET 0 0 $ERRNO+38" >foreign.raw
}

test_check() {
  bring example.yml warned.yml wrong.yml disabled.yml
  answers 0 check_good check --machine x86_64 example.yml
  answers 0 check_warned check --machine x86_64 example.yml warned.yml
  answers 1 check_warned check --machine x86_64 --strict example.yml warned.yml
  answers 0 check_good check --machine x86_64 --strict example.yml
  answers 2 check_wrong check --machine x86_64 wrong.yml
  answers 2 check_json check --machine x86_64 --format=json --strict warned.yml wrong.yml
}

# Programs are killed under this list, and none was when it was written.
test_check_of_an_old_list() {
  bring old_calls.yml old_go.yml
  answers 1 check_old_calls check --machine x86_64 --strict old_calls.yml
  answers 0 check_old_go check --machine x86_64 old_go.yml
  answers 0 check_old_go_self_installed check --machine x86_64 --self-installed old_go.yml
}

# What is said of the policies here has an exception with a reason in the file, for each thing that is said.
test_check_of_exceptions() {
  policy check --strict --machine x86_64 "$POLICIES"/*.yml
  assert_status 0
  grep -qx "$POLICIES/docker.yml: 0 errors, 0 warnings, 2 exceptions" out || report "expected two exceptions"
  grep -qx "$POLICIES/default.yml: 0 errors, 0 warnings" out || report "expected no exception"
  sed 's/^    # check: .*//' "$POLICIES/docker.yml" >plain.yml
  policy check --strict --machine x86_64 plain.yml
  assert_status 1
  grep -qx 'plain.yml: 0 errors, 2 warnings' out || report "expected warnings without the exceptions"
  sed 's/allow opens-/allow open-/' "$POLICIES/docker.yml" >wrong.yml
  policy check --machine x86_64 wrong.yml
  assert_status 2
  grep -q "^wrong.yml:[0-9]*:[0-9]*: error: unknown warning 'open-processes'; did you mean 'opens-processes'?$" out ||
    report "expected the nearest name"
  policy check --strict --format json --machine x86_64 "$POLICIES/docker.yml"
  grep -qx '      "exceptions": 2' out || report "expected the number of exceptions"
}

test_check_of_a_policy_that_is_not_enabled() {
  bring disabled.yml
  answers 1 check_disabled check --strict disabled.yml
}

test_show() {
  bring example.yml disabled.yml
  HIDDEN='/^(filter|a call):/s/[0-9.]+/N/g' answers 0 show show --machine x86_64 example.yml
  answers 0 show_disabled show disabled.yml
  policy show --machine x86_64 --all example.yml
  assert_status 0
  grep -Eq '^  41 +socket +allow +if arg0 == AF_UNIX +line 16$' out || report "expected socket with its condition"
  grep -Eq '^  101 +ptrace +kill_process +line 27$' out || report "expected ptrace with its line"
  grep -Eq '^  257 +openat +errno EPERM +default$' out || report "expected openat by default"
  grep -Eq '^  462 +mseal +errno ENOSYS +kernel: 5.10$' out || report "expected mseal by kernel:"
  complains "example.yml: does not cover arm, only x86_64" show --arch arm example.yml
}

test_show_json() {
  bring example.yml
  # The whole of it is one object a call; here up to the twentieth call.
  local hidden='s/("(ranges|instructions|longest|mean)"): [0-9.]+/\1: N/; /"name": "writev"/,$d'
  HIDDEN=$hidden answers 0 show_json show --machine x86_64 --format json example.yml
}

test_show_of_a_filter() {
  write_foreign_filter
  answers 0 show_foreign show --machine x86_64 foreign.raw
}

test_explain() {
  bring example.yml
  answers 0 explain_group explain --machine x86_64 example.yml read
  answers 0 explain_cases explain --machine x86_64 example.yml socket
  answers 0 explain_condition explain --machine x86_64 example.yml socket AF_UNIX 'SOCK_STREAM|SOCK_CLOEXEC'
  answers 0 explain_default explain --machine x86_64 example.yml openat -100 0x10
  answers 0 explain_kernel explain --machine x86_64 example.yml mseal
  answers 0 explain_number explain --machine x86_64 example.yml 1000
  answers 0 explain_without_x32_bit explain --machine x86_64 --arch x32 example.yml 1000
  answers 0 explain_skipped explain --machine x86_64 example.yml -1
  answers 0 explain_x32 explain --machine x86_64 example.yml 0x40000000
  answers 0 explain_x32_own explain --machine x86_64 example.yml 520
  printf 'seccomp: {default_action: allow, architectures: [x32], syscalls: [{action: errno, names: [uname]}]}\n' >x32.yml
  policy explain --machine x86_64 --arch x86_64 x32.yml 520
  grep -q ': errno ENOSYS$' out || report "expected ENOSYS where x32 is listed alone, too"
  grep -q "one of x32's own numbers" out || report "expected the reason"
  answers 0 explain_abi explain --machine x86_64 --arch x86 example.yml read
  answers 0 explain_json explain --machine x86_64 --format json example.yml socket AF_INET
  answers 0 explain_cases_json explain --machine x86_64 --format json example.yml clone
  printf 'seccomp:\n  enabled: false\n' >disabled.yml
  answers 0 explain_disabled explain disabled.yml read
}

# What a container profile leaves to the future is named for what it is.
test_above_the_largest_number_named() {
  printf '%s\n' "$OLD_PROFILE" >old.json
  local call above="above the largest number that the profile names, 318 (getrandom)"
  for call in statx clone3 1000; do
    policy explain --machine x86_64 old.json "$call"
    assert_status 0
    grep -qx "old.json: $above: ENOSYS, as from container runtimes" out || report "expected the reason for $call"
  done
  policy explain --machine x86_64 old.json 101
  grep -q 'errno EPERM' out || report "expected EPERM below the largest number"
  policy show --machine x86_64 old.json
  [[ $(tr -s "\n " " " <out) == *" errno ENOSYS: all numbers $above "* ]] || report "expected the numbers above"
  grep -q '^  errno EPERM: .* calls, and all other numbers up to the largest one named$' out || report "expected those below"
  policy show --machine x86_64 --all old.json
  grep -Eq '^  332 +statx +errno ENOSYS +above the largest number named$' out || report "expected statx's reason"
  policy show --machine x86_64 --format json old.json
  grep -q '"largest_named": 318' out || report "expected the number"
  printf 'policy: old.json\narch: x86_64\nexpect:\n- {call: [statx], action: allow}\n' >expectations.yml
  policy test --machine x86_64 expectations.yml
  grep -q "expected allow, found errno ENOSYS ($above)" out || report "expected the reason of the failure"
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "fsync"], "action": "SCMP_ACT_ALLOW"}]}' \
    >older.json
  policy check --machine x86_64 older.json
  grep -q "'exit_group' is not allowed (errno ENOSYS, above the largest number that the profile names, 74 (fsync)): " out ||
    report "expected the reason why exit_group is denied"
  policy diff --machine x86_64 old.json older.json
  grep -qx "old.json, x86_64: errno ENOSYS $above" out || report "expected the number of the first"
  policy convert --machine x86_64 --to oci old.json -o same.json
  assert_equal 1 "$(wc -l <err)" "warnings"
  grep -q "^sandbox-policy: warning: old.json:1:2: a container runtime starts the program under the profile, and " err ||
    report "expected what a runtime needs"
  policy diff --machine x86_64 old.json same.json
  assert_status 0
  policy convert --machine x86_64 --to beats old.json -o old.yml
  assert_file_is err "sandbox-policy: warning: old.json:1:2: the Beats format has no rule for numbers above the \
largest one that the profile names: the calls that get ENOSYS by it are listed, the same ones on every ABI, and calls that \
this version of sandbox-policy does not know get errno EPERM"
  policy explain --machine x86_64 old.yml statx
  grep -q 'errno ENOSYS' out || report "expected ENOSYS in the Beats format too"
  printf 'seccomp: {default_action: errno, architectures: [x86_64], syscalls: [{action: allow, names: [read, fsync]}]}\n' \
    >beat.yml
  policy convert --machine x86_64 --to oci beat.yml -o beat.json
  sed -i '/a container runtime starts the program/d' err
  assert_file_is err "sandbox-policy: warning: beat.yml:1:11: container runtimes give errno ENOSYS, where \
this policy has errno EPERM, to calls above the largest number that the profile names, 74 (fsync) on x86_64"
  policy convert --machine x86_64 --to systemd old.json
  grep -q "ENOSYS above the largest number that the profile names cannot be expressed in a systemd unit" err ||
    report "expected the reason why systemd cannot have it"
}

# Profiles as people write them: tests/differential/container_profiles has more.
test_container_profiles_with_quirks() {
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "", "names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": []}]}' >name-empty.json
  printf '%s\n' '{"_comment": "why", "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}' >comment.json
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subarchitectures": ["SCMP_ARCH_X86"]}],' \
    ' "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}' >case.json
  local profile
  for profile in name-empty comment case; do
    policy explain --machine x86_64 "$profile.json" mkdir
    assert_status 0
    grep -qx 'mkdir on x86_64: errno EPERM' out || report "expected that $profile.json denies mkdir"
  done
  policy explain --machine x86_64 --arch x86 case.json mkdir
  grep -qx 'mkdir on x86: errno EPERM' out || report "expected that case.json covers x86"
}

test_explain_mistakes() {
  bring example.yml
  complains "unknown system call 'opnat' on x86_64; did you mean 'openat'?" explain example.yml opnat
  complains "no system call 'mmap2' on x86_64" explain example.yml mmap2
  complains "expected one call, found the set '@basic-io'" explain example.yml @basic-io
  complains "system call 'accept' has no number on x86; ask for 'socketcall 5'" explain --arch x86 example.yml accept
  complains "'99999999999' is not a number that a call can have" explain example.yml 99999999999
  complains "unknown constant 'AF_UNIXX'; did you mean 'AF_UNIX'?" explain example.yml socket AF_UNIXX
  complains "'0xgg' is not an integer of at most 64 bits" explain example.yml socket 0xgg
  complains "'0x100000000' does not fit in the 32 bits of an argument on x86" \
    explain --arch x86 example.yml socket 0x100000000
  complains "explain: unexpected argument '7'" explain example.yml read 1 2 3 4 5 6 7
}

# The way through a filter of ours: what stands in it is the compiler's affair, but not where it ends.
test_explain_path() {
  bring example.yml
  write_foreign_filter
  answers 0 explain_path explain --machine x86_64 --path foreign.raw socket AF_NETLINK
  answers 0 explain_path_json explain --machine x86_64 --path --format json foreign.raw socket AF_NETLINK
  policy explain --machine x86_64 --path example.yml socket AF_INET
  assert_status 0
  head -n 3 out >head
  assert_file_is head "socket(AF_INET) on x86_64: kill_process
example.yml:27:21
      names: [ptrace, socket]"
  grep -Eq '^ +[0-9]+  ld   args\[0\]\+0 +arg0, low half of socket  \[line 16\]$' out || report "expected a note"
  tail -n 1 out | grep -Eq '  ret  kill_process +ptrace, socket$' || report "expected the end of the way"
}

test_disasm() {
  bring example.yml
  write_foreign_filter
  answers 0 disasm disasm --machine x86_64 foreign.raw
  answers 0 disasm_json disasm --machine x86_64 --format json foreign.raw
  policy disasm --machine x86_64 example.yml
  assert_status 0
  head -n 1 out | grep -Eqx 'example.yml: [0-9]+ instructions for x86_64' || report "expected the size"
  grep -Eq 'ld   args\[0\]\+0 +arg0, low half of clone  \[line 21\]$' out || report "expected the line about clone"
  grep -Eq 'ret  errno 38 +ENOSYS: [0-9]+ of [0-9]+ calls$' out || report "expected the errno's name"
  printf 'seccomp: {default_action: errno, syscalls: [{action: allow, names: [read]}]}\n' >closed.yml
  policy disasm closed.yml
  grep -q 'word 6 of the exec token, drawn at the launch$' out || report "expected the exec token"
}

test_expectations() {
  bring example.yml expectations.yml
  answers 1 test test expectations.yml
  answers 1 test_json test --format=json expectations.yml
  sed -i '/openat/d; s/action: errno, errno: EPERM/action: kill_process/' expectations.yml
  policy test expectations.yml expectations.yml
  assert_status 0
  assert_file_is out "6 passed, 0 failed"
  sed 's/read, 0/raed, 0/' expectations.yml >typo.yml
  policy test expectations.yml typo.yml
  assert_status 2
  assert_file_is out "3 passed, 0 failed"
  assert_file_is err "sandbox-policy: error: typo.yml:4:11: unknown system call 'raed' on x86_64; did you mean 'read'?"
  printf 'seccomp:\n  enabled: false\n' >example.yml
  policy test expectations.yml
  assert_status 2
}

test_list() {
  answers 0 list_actions list actions
  answers 0 list_profiles list profiles
  answers 0 list_architectures_json list architectures --format json
  policy list syscalls --arch x86_64
  assert_status 0
  grep -Eqx '462  mseal +Linux 6.10' out || report "expected mseal with its version"
  head -n 1 out | grep -Eqx '0    read' || report "expected read first"
  policy list sets --arch x86_64
  grep -q '^@chown            chown fchown fchownat lchown$' out || report "expected @chown"
  policy list constants --arch x86_64
  grep -Eqx 'AF_UNIX +0x1' out || report "expected AF_UNIX"
  policy list constants --arch x86_64 --format json
  grep -A 1 '"name": "AF_UNIX"' out | grep -q '"value": "0x1"' || report "expected AF_UNIX in the JSON"
}

test_check_on_a_terminal() {
  bring wrong.yml
  status=0
  NO_COLOR=1 TERM=xterm "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" check --machine x86_64 wrong.yml >out || status=$?
  assert_equal 2 "$status" "the exit status"
  tr -d '\r' <out >text
  assert_file_is text "wrong.yml:5:13: error: unknown system call 'opnat' (x86_64); did you mean 'openat'?
    names: [opnat]
            ^~~~~
wrong.yml:6:13: error: unknown action 'alow'; did you mean 'allow'?
  - action: alow
            ^~~~
wrong.yml: 2 errors, 0 warnings"
}

# Colour is for terminals, unless NO_COLOR is set.
test_colour() {
  policy list actions
  ! grep -q $'\e' out || report "expected no colour in a pipe"
  env -u NO_COLOR TERM=xterm "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" list actions >out
  grep -q $'\e\[32mallow\e\[0m' out || fail "expected colour on a terminal: $(cat -v out)"
  NO_COLOR=1 TERM=xterm "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" list actions >out
  ! grep -q $'\e' out || fail "expected no colour with NO_COLOR"
  env -u NO_COLOR TERM=dumb "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" list actions >out
  ! grep -q $'\e' out || fail "expected no colour on a dumb terminal"
  env -u NO_COLOR TERM=xterm "$TEST_BIN/on_terminal" "$SANDBOX_POLICY" list --color never actions >out
  ! grep -q $'\e' out || fail "expected no colour with --color never"
  policy list --color=always actions
  grep -q $'\e\[32mallow\e\[0m' out || report "expected colour with --color always"
  complains "list: unknown colour 'sometimes'; there are auto, always and never" list --color sometimes actions
  complains "list: unknown colour 'allways'; did you mean 'always'?" list --color allways actions
}

run_tests
