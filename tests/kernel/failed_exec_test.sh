#!/bin/bash
# What only execve finds out: the filter is installed by then. Still there is one line on standard error and status 126,
# regardless of what the policy denies.
. "$(dirname "$0")/lib.sh"

write_policy permissive.yml allow "errno reboot"
POLICY_FOLDER=$PWD
POLICY_NAMES=permissive
for action in errno kill_thread kill_process trap trace log; do
  write_policy "deny_$action.yml" allow "$action execve execveat write writev exit_group exit"
  POLICY_NAMES="$POLICY_NAMES deny_$action"
done
for action in errno kill_thread kill_process trap trace log; do
  write_policy "default_$action.yml" "$action" "allow sched_yield"
  POLICY_NAMES="$POLICY_NAMES default_$action"
done
cat >conditional.yml <<'EOF'
seccomp:
  default_action: kill_process
  syscalls:
  - action: allow
    names_with_args:
    - name: write
      arguments:
      - {argument: 0, operation: Equal, value: 1}
    - name: exit_group
      arguments:
      - {argument: 0, operation: Equal, value: 0}
    - name: execve
      arguments:
      - {argument: 0, operation: Equal, value: 0}
EOF
POLICY_NAMES="$POLICY_NAMES conditional"

# fails_late REASON TARGET...: under each policy. The launcher is started by the words in before, an array.
before=()
fails_late() {
  local reason=$1 name
  shift
  for name in $POLICY_NAMES; do
    expect_failure 126 "cannot execute '$1': $reason" \
      "${before[@]}" "$SANDBOX_RUN" -p "$POLICY_FOLDER/$name.yml" -- "$@"
  done
}

NOT_A_PROGRAM="it is neither a program for this machine nor a script that starts with '#!'"

test_text_without_an_interpreter() {
  printf 'touch started\n' >text
  chmod 755 text
  fails_late "$NOT_A_PROGRAM" ./text
  assert_no_file started
}

test_a_program_for_another_machine() {
  # The machine's field of the ELF header becomes that of a processor that never was.
  cp "$TEST_BIN/call" program
  printf '\377\376' | dd of=program bs=1 seek=18 conv=notrunc 2>/dev/null
  fails_late "$NOT_A_PROGRAM" ./program getpid
}

test_half_a_program() {
  head -c 40 "$TEST_BIN/call" >program
  chmod 755 program
  fails_late "$NOT_A_PROGRAM" ./program
}

# Only the kernel can read which interpreter that is.
test_a_script_that_cannot_be_read() {
  printf '#!/missing/interpreter\n' >script
  chmod 111 script
  ! is_root || before=(setpriv --bounding-set=-dac_override,-dac_read_search)
  fails_late "it, or the interpreter that it asks for, is gone" ./script
}

test_a_script_that_is_its_own_interpreter() {
  printf '#!%s/loop\n' "$PWD" >loop
  chmod 755 loop
  fails_late "Too many levels of symbolic links" ./loop
}

test_a_file_that_is_open_for_writing() {
  cp "$TEST_BIN/call" program
  exec 9>>program
  fails_late "Text file busy" ./program
  exec 9>&-
}

test_too_many_arguments() {
  local name
  need python3
  for name in permissive deny_errno deny_kill_process default_kill_thread; do
    run python3 "$KERNEL_TESTS/argument_limit.py" "$SANDBOX_RUN" "$POLICY_FOLDER/$name.yml" "$PWD"
    assert_status 0
    assert_stdout "126
sandbox-run: error: cannot execute '$PWD/script': Argument list too long"
  done
}

test_a_path_with_a_newline_stays_one_line() {
  cp /dev/null "$(printf 'a\nb')"
  printf 'text\n' >"$(printf 'a\nb')"
  chmod 755 "$(printf 'a\nb')"
  local name
  for name in $POLICY_NAMES; do
    expect_failure 126 "cannot execute './a\\nb': $NOT_A_PROGRAM" \
      "$SANDBOX_RUN" -p "$POLICY_FOLDER/$name.yml" -- "$(printf './a\nb')"
  done
}

test_a_closed_standard_error_changes_nothing() {
  printf 'text\n' >text
  chmod 755 text
  local name
  for name in $POLICY_NAMES; do
    run sh -c '"$0" -p "$1" -- ./text 2>&-' "$SANDBOX_RUN" "$POLICY_FOLDER/$name.yml"
    assert_status 126
    assert_stderr ""
  done
}

test_a_full_standard_error_changes_nothing() {
  printf 'text\n' >text
  chmod 755 text
  run sh -c '"$0" -p "$1" -- ./text 2>/dev/full' "$SANDBOX_RUN" "$POLICY_FOLDER/deny_kill_process.yml"
  assert_status 126
}

test_the_same_policies_start_what_can_run() {
  local name
  for name in permissive deny_log default_log; do
    sandboxed "$POLICY_FOLDER/$name.yml" "$TEST_BIN/call" sched_yield
    assert_status 0
    assert_stdout "sched_yield ok"
  done
  # The target is under the filter from its first instruction: it cannot print.
  for name in deny_kill_process default_kill_process default_kill_thread deny_trap; do
    sandboxed "$POLICY_FOLDER/$name.yml" "$TEST_BIN/call" sched_yield
    assert_status 159
    assert_stdout ""
  done
}

run_tests
