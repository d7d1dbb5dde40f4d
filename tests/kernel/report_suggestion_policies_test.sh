#!/bin/bash
# Suggestions for several policies, the default profile, container profiles, filter files and ABIs not covered.
. "$(dirname "$0")/report_lib.sh"

test_several_policies() {
  need python3
  write_policy one.yml allow "errno getppid" "kill_process getpgrp"
  write_policy two.yml errno:EXFULL "allow $STATIC_CALLS getpgrp getuid"
  write_policy three.yml allow "errno rmdir"
  several=(--policy one.yml --policy two.yml --policy three.yml)
  run "$SANDBOX_RUN" "${several[@]}" -- "$CALL" getppid getuid getgid rmdir getpgrp
  cp out out.plain
  several=("$SANDBOX_RUN" --report "${several[@]}")
  run "${several[@]}" -- "$CALL" getppid getuid getgid rmdir getpgrp
  without_numbers
  assert_status 159
  cmp out out.plain || report "expected what the program prints without --report: $(cat out.plain)"
  assert_report "sandbox-run: denied getppid() = EXFULL  [call, pid N]  by two.yml:2 (default_action: errno)
sandbox-run: denied getgid() = EXFULL  [call, pid N]  by two.yml:2 (default_action: errno)
sandbox-run: denied rmdir(NULL) = EPERM  [call, pid N]  by three.yml:6 (errno)
sandbox-run: denied getpgrp() = process killed  [call, pid N]  by one.yml:9 (kill_process)
sandbox-run: 4 calls were denied 4 times:
  1  getppid  EXFULL          [call]  by two.yml:2:3
  1  getgid   EXFULL          [call]  by two.yml:2:3
  1  rmdir    EPERM           [call]  by three.yml:6:7
  1  getpgrp  process killed  [call]  by one.yml:9:7
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: one.yml denies getpgrp, getppid by name, which the lines below undo.
sandbox-run: Add to one.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp
    - getppid
sandbox-run: Add to two.yml before line 5, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getgid
    - getppid
    - rmdir
sandbox-run: Think twice: three.yml denies rmdir by name, which the lines below undo.
sandbox-run: Add to three.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - rmdir
$HINT"
  cp err once
  for file in one two three; do
    cp once err
    apply_suggestion $file.yml
  done
  run "${several[@]}" -- "$CALL" getppid getuid getgid rmdir getpgrp
  assert_status 0
  assert_stderr "sandbox-run: no call was denied"
}

# It cannot be edited, and the report says what to do instead: make a copy.
test_suggestion_for_the_default_profile() {
  need python3
  run "$SANDBOX_RUN" --report -- "$CALL" reboot,1 getppid
  without_numbers
  assert_status 0
  assert_stdout "reboot EPERM
getppid ok"
  assert_report "sandbox-run: denied reboot(1, 0, LINUX_REBOOT_CMD_CAD_OFF, NULL) = EPERM  [call, pid N]  by $(
    sed -n '1s/.*  by //p' report)
sandbox-run: 1 call was denied once:
$(sed -n 3p report)
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Make a copy of the built-in profile default:
    sandbox-policy show --source profile:default >my.yml
sandbox-run: add to it, as the first entry of 'syscalls:', and give it by --policy my.yml:
  - action: allow
    names:
    - reboot"
  sed -n 's/^    sandbox-policy /"$SANDBOX_POLICY" /p' report >commands
  . ./commands || fail "expected that the command works: $(cat commands)"
  sed -n '/^  - action: allow/,/^sandbox-run/p' report | grep '^ ' >lines
  local first
  first=$(grep -n '^  - ' my.yml | head -n 1 | cut -d : -f 1)
  sed -i "$((first - 1))r lines" my.yml
  works my.yml "getppid ok" "$CALL" getppid
  reported my.yml "$CALL" reboot,1
  assert_report "sandbox-run: no call was denied"
}

test_suggestion_for_an_oci_profile() {
  need python3
  cat >profile.json <<'END'
{
  "defaultAction": "SCMP_ACT_ERRNO",
  "defaultErrnoRet": 1,
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [
    {"names": ["@CALLS@"], "action": "SCMP_ACT_ALLOW"}
  ]
}
END
  # shellcheck disable=SC2086 # One name a word.
  sed -i "s/@CALLS@/$(echo execve $STATIC_CALLS | sed 's/ /", "/g')/" profile.json
  run "$SANDBOX_RUN" --report --policy profile.json -- "$CALL" getppid getpgrp
  without_numbers
  assert_stdout "getppid EPERM
getpgrp EPERM"
  assert_report "sandbox-run: denied getppid() = EPERM  [call, pid N]  by profile.json:2 (defaultAction: errno)
sandbox-run: denied getpgrp() = EPERM  [call, pid N]  by profile.json:2 (defaultAction: errno)
sandbox-run: 2 calls were denied 2 times:
  1  getppid  EPERM  [call]  by profile.json:2:3
  1  getpgrp  EPERM  [call]  by profile.json:2:3
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Add to 'syscalls' in profile.json, and remove the names from rules that deny them:
    {\"names\":[\"getpgrp\",\"getppid\"],\"action\":\"SCMP_ACT_ALLOW\"},"
  apply_suggestion profile.json
  works profile.json "getppid ok
getpgrp ok" "$CALL" getppid getpgrp
}

test_a_compiled_filter() {
  write_policy policy.yml allow "errno:EXFULL getppid" "kill_process getpgrp"
  local form
  for form in "" --raw; do
    # shellcheck disable=SC2086 # It may be empty.
    "$SANDBOX_POLICY" compile $form policy.yml -o filter || fail "cannot compile"
    run "$SANDBOX_RUN" --bpf filter -- "$CALL" getppid getpgrp
    assert_status 159
    run "$SANDBOX_RUN" --report --bpf filter -- "$CALL" getppid getpgrp
    without_numbers
    assert_status 159
    assert_stdout "getppid EXFULL"
    assert_report "sandbox-run: denied getppid() = EXFULL  [call, pid N]  by filter (errno)
sandbox-run: denied getpgrp() = process killed  [call, pid N]  by filter (kill_process)
sandbox-run: 2 calls were denied 2 times:
  1  getppid  EXFULL          [call]
  1  getpgrp  process killed  [call]
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Allow getpgrp, getppid in the policy that filter was compiled from, and compile it again.
$HINT"
    run "$SANDBOX_RUN" --report --permissive --bpf filter -- "$CALL" getppid getpgrp
    assert_status 0
    assert_stdout "getppid ok
getpgrp ok"
  done
}

test_architectures() {
  need python3
  run "$CALL" i386:20
  [ "$status" = 0 ] || skip "this kernel has no 32-bit calls (status $status)"
  write_policy with.yml allow "errno rmdir"
  sed -i '1a\  architectures: [x86_64]' with.yml
  write_policy without.yml allow "errno rmdir"
  printf 'seccomp.default_action: allow\nseccomp.syscalls:\n- {action: errno, names: [rmdir]}\n' >dotted.yml
  echo 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [rmdir]}]}' >flow.yml
  printf '"seccomp":\n  syscalls:\n  -\n    action: errno\n    names: [rmdir]\n  "default_action":\n    allow  # all else' \
    >quoted.yml
  write_policy list.yml kill_process "allow $STATIC_CALLS"
  cat >profile.json <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["rmdir"], "action": "SCMP_ACT_ERRNO"}]}
END
  local policy
  for policy in with.yml without.yml dotted.yml flow.yml quoted.yml profile.json; do
    reported $policy "$CALL" i386:20
    assert_status 159
    apply_suggestion $policy
    works $policy "i386:20 ok" "$CALL" i386:20
  done
  # The ABI first, the call then.
  reported list.yml "$CALL" i386:20
  apply_suggestion list.yml
  reported list.yml "$CALL" i386:20
  assert_status 159
  assert_denied_lines "sandbox-run: denied x86 getpid() = process killed  [call, pid N]  by list.yml:2 (default_action: kill_process)"
  apply_suggestion list.yml
  works list.yml "i386:20 ok" "$CALL" i386:20
}

run_tests
