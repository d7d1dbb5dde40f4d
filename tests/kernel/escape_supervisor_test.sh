#!/bin/bash
# Attempts on the supervisor and the launcher above it: to trace them, to take what they have, to starve, stop or kill them;
# and then to be one's own supervisor. SANDBOX_RUN_TEST_RUNS says how often those that once worked are tried (50
# were).
. "$(dirname "$0")/escape_lib.sh"

RUNS=${SANDBOX_RUN_TEST_RUNS:-8}

UNTRACEABLE="seize EPERM
attach EPERM
process_vm_readv EPERM
process_vm_writev EPERM
proc_mem EACCES
proc_syscall EPERM|EACCES
pidfd_getfd EPERM
listen_at_once EBUSY"

untraceable() { # WAY
  # shellcheck disable=SC2046 # Words.
  attempts "$1" plain supervisor $(cut -d ' ' -f 1 <<<"$UNTRACEABLE")
  expect "$UNTRACEABLE"
}

test_tracing_report() { untraceable report; }
# Where everything is allowed, no capability is taken from root.
test_tracing_permissive() {
  ! is_root || skip "root may trace what lets it do all"
  untraceable permissive
}
test_tracing_record() {
  ! is_root || skip "root may trace what records it"
  untraceable record
}

nobody_left() { ! pgrep -f "$1 supervisor" >/dev/null; }

# no_way_out RUNS NAME [COMMAND_OF_LAUNCH...]: the denied call is not made, no listener is had, no process is left.
no_way_out() {
  local runs=$1 name=$2 folder=$3 round outcome
  shift 3
  for round in $(seq "$runs"); do
    run setsid -w "$@" "$ESCAPE" "$folder" supervisor "$name"
    tried=$((tried + 1))
    outcome=$(sed -n "s/^$name //p" out)
    case $outcome in
      '' | EBUSY | EL3HLT | EPERM | ENOSYS | "signal "*) ;;
      *) report "run $round: expected no way out, got '$outcome'" ;;
    esac
    [ ! -e "$folder" ] || report "run $round: the folder was made"
    wait_until nobody_left "$folder" || report "run $round: processes are left: $(pgrep -af "$folder supervisor")"
  done
}

test_getting_rid_of_them() {
  need pgrep setsid
  local name
  applied_by report plain
  for name in limit_descriptors limit_descriptors_to_few limit_memory limit_data limit_processor limit_files \
    limit_processes limit_stack limit_signals limit_locked kill_supervisor kill_proxy kill_both; do
    no_way_out 2 "$name" "$PWD/made" "${launch[@]}"
  done
  echo "$TEST: $tried attempts, none got out"
}

is_stopped_or_gone() {
  local line
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  case ${line##*) } in T* | Z*) ;; *) return 1 ;; esac
}

# A launcher that is stopped cannot kill, nor can a supervisor that is dead.
test_stopping_one_and_killing_the_other() {
  need pgrep setsid
  local folder=$PWD/made
  applied_by report plain
  start setsid -w "${launch[@]}" "$ESCAPE" "$folder" supervisor stop_proxy_kill_supervisor
  wait_until is_stopped_or_gone "$started" || fail "the launcher is not stopped"
  wait_until nobody_left "^$ESCAPE $folder" || fail "processes are left: $(pgrep -af "$folder supervisor")"
  [ ! -e "$folder" ] || fail "the folder was made"
  kill -CONT "$started" 2>/dev/null || true
  wait_until has_ended "$started" || fail "the launcher has not ended"
}

# own_listener FORM POLICY: the program limited or killed its supervisor, had a listener, and let its call through.
own_listener() {
  need pgrep setsid
  case $2 in
    mkdirat)
      applied_by report plain
      no_way_out "$RUNS" "$1" "$PWD/made" "${launch[@]}"
      ;;
    unshare)
      unshare --user true 2>/dev/null || skip "no user namespace can be made"
      no_way_out "$RUNS" "$1" unshare "$SANDBOX_RUN" --report=report.json -q --
      ;;
  esac
  echo "$TEST: $tried attempts, none got out"
}
test_own_listener_by_a_limit() { own_listener limit_descriptors mkdirat; }
test_own_listener_by_a_kill() { own_listener kill_supervisor mkdirat; }
test_own_listener_by_a_limit_default_profile() { own_listener limit_descriptors unshare; }
test_own_listener_by_a_kill_default_profile() { own_listener kill_supervisor unshare; }

run_tests
