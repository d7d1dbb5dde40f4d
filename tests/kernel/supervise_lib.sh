# What the tests of supervision share: 'sandbox-run --report' and 'sandbox-policy record' alike.
# shellcheck shell=bash

# shellcheck source=record_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record_lib.sh"

cat >policy.yml <<'END_OF_POLICY'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EACCES
    names: [mkdirat, mkdir]
  - action: kill_process
    names: [linkat]
  - action: kill_thread
    names: [symlinkat]
END_OF_POLICY
write_policy no_exec.yml allow "errno:EACCES execve execveat mkdirat"
FOLDER=$PWD
PRINT_SIGNALS=$TEST_BIN/print_signals
MANY_CALLERS=$TEST_BIN/many_callers

# supervised_by KIND: the command that starts a target, in $launch, an array; and as one word for shells, in $LAUNCH.
# What is denied goes to a file, so that standard error is the target's.
supervised_by() {
  case $1 in
    report) launch=("$SANDBOX_RUN" --report=report.json -q -p "$FOLDER/policy.yml" --) ;;
    record) launch=("$SANDBOX_POLICY" record -q -o recorded.yml --) ;;
  esac
  LAUNCH=${launch[*]}
  export LAUNCH
}

# each FUNCTION [ARGUMENT]...: for both.
each() {
  local kind folder=$PWD
  for kind in report record; do
    mkdir "$kind"
    cd "$kind"
    supervised_by "$kind"
    "$@"
    cd "$folder"
  done
}

# The state of a process, a letter; nothing when there is none.
state_of() {
  local line
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  line=${line##*) }
  echo "${line%% *}"
}
is_in_state() { [ "$(state_of "$2")" = "$1" ]; }
is_gone() { [ -z "$(state_of "$1")" ]; }

# children_of PID: one a line.
children_of() {
  local file line rest
  for file in /proc/[0-9]*/stat; do
    line=$({ cat "$file"; } 2>/dev/null) || continue
    rest=${line##*) }
    rest=${rest#* }
    [ "${rest%% *}" != "$1" ] || echo "${line%% *}"
  done
}

# start_target [COMMAND]...: print_signals below $launch; its pid is then in $target, that of the launcher in $started.
start_target() {
  start "$@" "${launch[@]}" "$PRINT_SIGNALS"
  wait_until grep -qs ready daemon.log || fail "print_signals does not start: $(shown daemon.log)"
  target=$(sed -n 's/^ready //p' daemon.log)
}

caught() { sed '/^ready /d' daemon.log; }
has_caught() { [ "$(caught | wc -l)" -ge "$1" ]; }

end_target() {
  kill -s RTMAX "$target"
  wait_until has_ended "$started" || fail "the launcher has not ended with its target"
  status=0
  wait "$started" || status=$?
  assert_equal 0 "$status" "exit status"
}
