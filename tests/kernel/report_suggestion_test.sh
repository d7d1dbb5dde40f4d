#!/bin/bash
# sandbox-run --report: the lines that would allow what was denied, applied by a script: the program works then.
. "$(dirname "$0")/report_lib.sh"

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
  reported policy.yml "$CALL" clone3 clone3
  assert_stdout "clone3 ENOSYS
clone3 ENOSYS"
  assert_report "sandbox-run: no call was denied
sandbox-run: 2 calls got ENOSYS, as if this kernel lacked them
sandbox-run: Probably not needed: clone3. policy.yml answers ENOSYS on purpose, and programs then do without."
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

run_tests
