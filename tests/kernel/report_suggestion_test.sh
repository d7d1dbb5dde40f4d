#!/bin/bash
# sandbox-run --report: what would allow what was denied; --permissive; events.
. "$(dirname "$0")/report_lib.sh"

# ---- What would allow it ----

# works POLICY TEXT COMMAND...: the policy now allows what the command calls.
works() {
  local policy=$1 text=$2
  shift 2
  sandboxed "$policy" "$@"
  assert_status 0
  assert_stdout "$text"
  reported "$policy" "$@"
  assert_report "sandbox-run: no call was denied"
}

test_suggestion_for_errno() {
  need python3
  write_policy policy.yml errno "allow $STATIC_CALLS"
  reported policy.yml "$CALL" getppid getpgrp getuid getgid
  apply_suggestion policy.yml
  works policy.yml "getppid ok
getpgrp ok
getuid ok
getgid ok" "$CALL" getppid getpgrp getuid getgid
}

# To allow it would open what the policy closes, and would not help.
test_what_is_made_to_look_absent() {
  write_policy policy.yml allow "errno:ENOSYS clone3"
  reported policy.yml "$CALL" clone3
  assert_stdout "clone3 ENOSYS"
  assert_report_has "sandbox-run: Probably not needed: clone3. policy.yml answers ENOSYS on purpose, and programs then \
do without."
  ! grep -q 'To allow this' err || fail "expected no lines that allow it: $(cat err)"
}

# Each round shows one call, for the program is dead then.
test_suggestion_for_kills() {
  need python3
  local action round
  for action in kill_process kill_thread; do
    write_policy policy.yml "$action" "allow $STATIC_CALLS"
    for round in getppid getpgrp getuid; do
      reported policy.yml "$CALL" getppid getpgrp getuid
      assert_status 159
      assert_denied_lines "sandbox-run: denied $round() = ${action#kill_} killed  [call, pid N]  by policy.yml:2 (default_action: $action)"
      apply_suggestion policy.yml
    done
    works policy.yml "getppid ok
getpgrp ok
getuid ok" "$CALL" getppid getpgrp getuid
  done
}

# All at once, when nothing is denied meanwhile.
test_suggestion_with_permissive() {
  need python3
  write_policy policy.yml kill_process "allow brk"
  run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$CALL" getppid getpgrp getuid
  assert_status 0
  apply_suggestion policy.yml
  works policy.yml "getppid ok
getpgrp ok
getuid ok" "$CALL" getppid getpgrp getuid
}

# Groups that deny by name; the lines go before them.
test_suggestion_for_groups() {
  need python3
  write_policy policy.yml allow "allow getpid" "errno getppid" "kill_process getpgrp"
  run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$CALL" getppid getpgrp
  apply_suggestion policy.yml
  works policy.yml "getppid ok
getpgrp ok" "$CALL" getppid getpgrp
}

test_suggestion_in_all_styles() {
  need python3
  local style
  # Comments, other indentation, other keys beside it.
  cat >style1.yml <<'END'
# A configuration.
name: beat
seccomp:
    # What is left.
    default_action: allow
    syscalls:
        # Comment of the first group.

        -   action: errno   # never
            names: [getppid, "getpgrp"]
output.file: {path: out}
END
  cat >style2.yml <<'END'
seccomp:
 default_action: allow
 syscalls:
 - names:
   - getppid
   - getpgrp
   action: errno
END
  cat >style3.yml <<'END'
seccomp.default_action: allow
seccomp.syscalls:
- action: errno
  names: [getppid, getpgrp]
END
  cat >style4.yml <<'END'
seccomp: {default_action: allow, syscalls: [{action: errno, names: [getppid, getpgrp]}]}
END
  cat >style5.yml <<'END'
{"seccomp": {"default_action": "allow", "syscalls": [
  {"action": "errno", "names": ["getppid"]},
  {"action": "errno", "names": ["getpgrp"]}]}}
END
  cat >style6.yml <<'END'
seccomp:
  default_action: allow
  syscalls:
    -
      action: errno
      names: [getppid, getpgrp]
END
  sed 's/$/\r/' style1.yml >style7.yml
  for style in style?.yml; do
    reported $style "$CALL" getppid getpgrp
    apply_suggestion $style
    works $style "getppid ok
getpgrp ok" "$CALL" getppid getpgrp
  done
}

# Each that denies a call by itself has to be changed.
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
sandbox-run: Think twice: one.yml denies getpgrp, getppid by name, which the lines below undo.
sandbox-run: To allow this, add to one.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp
    - getppid
sandbox-run: To allow this, add to two.yml before line 5, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getgid
    - getppid
    - rmdir
sandbox-run: Think twice: three.yml denies rmdir by name, which the lines below undo.
sandbox-run: To allow this, add to three.yml before line 4, as the first entry of 'syscalls:':
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
sandbox-run: To allow this, make a copy of the built-in profile default:
    sandbox-policy convert --to beats profile:default -o my.yml
sandbox-run: add to it, as the first entry of 'syscalls:', and give it by --policy my.yml:
  - action: allow
    names:
    - reboot"
  sed -n 's/^    sandbox-policy //p' report | xargs "$SANDBOX_POLICY" >converted 2>&1 ||
    fail "expected that the command works: $(cat converted)"
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
  assert_report "sandbox-run: denied getppid() = EPERM  [call, pid N]  by profile.json:2 (default_action: errno)
sandbox-run: denied getpgrp() = EPERM  [call, pid N]  by profile.json:2 (default_action: errno)
sandbox-run: 2 calls were denied 2 times:
  1  getppid  EPERM  [call]  by profile.json:2:3
  1  getpgrp  EPERM  [call]  by profile.json:2:3
sandbox-run: To allow this, add to profile.json, to its 'syscalls' (and take them out of rules that deny them):
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
sandbox-run: To allow this, allow getpgrp, getppid in the policy that filter was compiled from, and compile it again.
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

# ---- --permissive ----

test_permissive() {
  local action fate
  for action in errno:EXFULL kill_process kill_thread trap trace log; do
    write_policy policy.yml allow "$action getppid"
    run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- sh -c '"$0" getppid; exit 42' "$CALL"
    without_numbers
    assert_status 42
    case $action in
      errno*) fate="would deny getppid() = EXFULL" ;;
      kill_*) fate="would deny getppid() = ${action#kill_} killed" ;;
      trap) fate="would deny getppid() = SIGSYS" ;;
      trace) fate="would deny getppid() = left to its tracer" ;;
      log) fate="logged getppid() " ;;
    esac
    # The shell calls it too.
    assert_stdout "getppid ok"
    local line=6
    case $action in errno:*) line=7 ;; esac
    local rest="  [call, pid N]  by policy.yml:$line (${action%:*}), let through"
    [ $action != log ] || rest=" [call, pid N]  by policy.yml:6 (log)"
    assert_report_has "sandbox-run: $fate$rest"
    if [ $action = log ]; then
      grep -q '^sandbox-run: 1 call was logged' report || report "expected a summary"
    else
      grep -q '^sandbox-run: 1 call would have been denied' report || report "expected a summary"
    fi
  done
}

test_permissive_under_a_default() {
  local action
  for action in errno kill_process kill_thread trap; do
    write_policy policy.yml $action "allow brk"
    run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$CALL" getppid mkdir
    without_numbers
    assert_status 0
    assert_stdout "getppid ok
mkdir EFAULT"
    grep -q '^sandbox-run: would deny getppid() = .*default_action: '"$action"'), let through$' report ||
      report "expected the call"
    ! grep -q '^sandbox-run: denied' report || report "expected that nothing is denied"
  done
  # No signal either: a handler would see it.
  write_policy policy.yml allow "trap getppid"
  run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$TEST_BIN/trap_report"
  assert_stdout "signal 0, code is SYS_SECCOMP: no, call is getppid: no, arch 0, errno 0, address in the program: no"
}

test_permissive_with_fixed_rules() {
  run "$CALL" i386:20
  [ "$status" = 0 ] || skip "this kernel has no 32-bit calls (status $status)"
  write_policy policy.yml allow "errno rmdir"
  run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$CALL" i386:20 900
  without_numbers
  assert_status 0
  assert_stdout "i386:20 ok
900 ENOSYS"
  assert_denied_lines \
    "sandbox-run: would deny x86 getpid() = process killed  [call, pid N]  by a fixed rule (no calls through x86), let through"
}

test_permissive_without_report() {
  write_policy policy.yml allow "errno rmdir"
  expect_failure 125 "'--permissive' needs '--report': what is let through is to be seen" \
    "$SANDBOX_RUN" --permissive --policy policy.yml -- touch started
  assert_no_file started
}

# ---- --report=FILE ----

test_events() {
  need python3
  write_policy policy.yml allow "errno:EXFULL getppid mkdir" "kill_process getpgrp" "log getuid"
  echo '{"earlier": "line"}' >events
  run "$SANDBOX_RUN" --report=events --policy policy.yml -- sh -c '"$0" mkdir,1,2 getuid getpgrp' "$CALL"
  without_numbers
  assert_status 159
  assert_stdout "mkdir EXFULL
getuid ok"
  # The shell's own getppid is denied as well; the lines for single calls are in the file alone.
  assert_denied_lines ""
  ! grep -q ' error: ' report || report "expected no errors"
  assert_equal '{"earlier": "line"}' "$(head -n 1 events)" "what was there"
  sed -i 1d events
  grep -v '"syscall":"get[pu]*id"' events >shown || true
  check_events events "$(grep -c '"kind":"event"' events)"
  event_fields events event.kind auditd.data.syscall sandbox_run.args sandbox_run.action sandbox_run.errno \
    sandbox_run.rule sandbox_run.policy sandbox_run.outcome process.name sandbox_run.count | grep ' \(call\|null\) ' >told
  grep -v getppid told | grep -v 'getuid.* sh ' | LC_ALL=C sort >sorted
  grep -qFx 'event mkdir 0x1, 02 errno EXFULL policy.yml:8:7 policy.yml enforced call null' sorted &&
    grep -qFx 'event getpgrp  kill_process null policy.yml:11:7 policy.yml enforced call null' sorted &&
    { ! is_root || grep -qFx 'event getuid null log null policy.yml:14:7 policy.yml enforced call null' sorted; } &&
    grep -qFx 'metric mkdir null errno EXFULL policy.yml:8:7 policy.yml null null 1' sorted &&
    grep -qFx 'metric getpgrp null kill_process null policy.yml:11:7 policy.yml null null 1' sorted ||
    fail "expected other events: $(cat told)"
}

test_events_are_appended() {
  need python3
  write_policy policy.yml allow "errno getppid"
  local round
  for round in 1 2 3; do
    run "$SANDBOX_RUN" --report=events --policy policy.yml -- "$CALL" getppid getppid
    check_events events $round
    assert_equal $((2 * round)) "$(wc -l <events)" "lines"
  done
  run "$SANDBOX_RUN" -q --report=events --policy policy.yml -- "$CALL" getppid
  assert_stderr ""
  check_events events 4
}

test_events_of_names_of_any_kind() {
  need python3
  write_policy policy.yml allow "errno getpgrp mkdir"
  local name
  for name in $'\e[31mred\a' $'new\nline' 'quo"te\' $'\xff\xfe' 'ümläut'; do
    cp "$CALL" "./$name"
    run "$SANDBOX_RUN" --report=events --policy policy.yml -- "./$name" getpgrp
    rm "./$name"
    run "$SANDBOX_RUN" --report=events --policy policy.yml -- python3 -c 'import os, sys
try: os.mkdir(sys.argv[1])
except PermissionError: pass' "$name"
  done
  check_events events 10
}

test_permissive_events() {
  need python3
  write_policy policy.yml allow "kill_process getppid"
  run "$SANDBOX_RUN" --report=events --permissive --policy policy.yml -- "$CALL" getppid
  assert_status 0
  check_events events 1
  assert_equal "SIGSYS or not: 0 0x7ffc0000 kill_process let_through" "SIGSYS or not: $(head -n 1 events >one
    event_fields one auditd.data.sig auditd.data.code sandbox_run.action sandbox_run.outcome)"
}

# Field by field what the kernel's own record of the same call has, without a supervisor.
test_events_beside_the_kernels_records() {
  is_root || skip "only root may read audit records"
  need python3
  local login action
  for login in "" 1000; do
    for action in errno:EACCES kill_process kill_thread; do
      write_policy policy.yml allow "$action getppid"
      run python3 "$KERNEL_TESTS/report_beside_record.py" "$login" "$SANDBOX_RUN" policy.yml getppid -- "$CALL" getuid getppid
      [ "$status" != 77 ] || skip "$(cat out)"
      assert_status 0
      assert_stdout "compared"
    done
  done
  write_policy policy.yml allow "errno rmdir"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml getpid -- "$CALL" i386:20
  assert_status 0
  assert_stdout "compared"
  write_policy policy.yml allow "errno connect execve"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml connect -- "$CALL" connect
  assert_stdout "compared"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml execve -- "$CALL" execve
  assert_stdout "compared"
  # Another user, and a thread that is not the first.
  write_policy policy.yml allow "kill_thread getppid"
  chmod 755 . ..
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml getppid -- \
    setpriv --reuid=65534 --regid=65533 --clear-groups -- "$CALL" getppid
  assert_stdout "compared"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml getppid -- "$TEST_BIN/kill_one_thread"
  assert_stdout "compared"
}

run_tests
