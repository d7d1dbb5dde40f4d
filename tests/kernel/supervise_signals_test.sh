#!/bin/bash
# Signals to a supervised target and from it: each comes once, with its value, as without a supervisor.
. "$(dirname "$0")/supervise_lib.sh"

# All but those that cannot be caught, SIGCHLD, which the launcher needs itself, and two of the C library's own.
passes_all_on() {
  start_target
  local number count=0
  : >expected
  for number in 1 2 3 4 5 6 7 8 10 11 12 13 14 15 16 18 20 21 22 23 24 25 26 27 28 29 30 31 $(seq 34 63); do
    if [ "$number" -lt 34 ]; then
      case $number in
        16) echo STKFLT ;;
        29) echo POLL ;;
        *) kill -l "$number" ;;
      esac
    else
      echo "RTMIN+$((number - 34))"
    fi >>expected
    kill -s "$number" "$started"
    count=$((count + 1))
    wait_until has_caught "$count" || fail "signal $number does not arrive; caught: $(caught | xargs)"
  done
  end_target
  caught | diff expected - >difference || fail "expected each signal once (<): $(cat difference)"
}
test_every_signal_is_passed_on_once() { each passes_all_on; }

queues_all() {
  start_target
  local value number
  : >expected
  for value in 1 2147483647 -1 0; do
    for number in 34 63; do
      "$PRINT_SIGNALS" send "$started" "$number" "$value"
      echo "RTMIN+$((number - 34))=$value" >>expected
    done
  done
  "$PRINT_SIGNALS" send "$started" 10 5
  echo "USR1=5" >>expected
  wait_until has_caught 9 || fail "not all arrive; caught: $(caught | xargs)"
  end_target
  # Those of a smaller number come first.
  caught | sort | diff <(sort expected) - >difference || fail "expected each signal once (<): $(cat difference)"
}
test_queued_signals_keep_their_values() { each queues_all; }

# A burst of one signal arrives in its order, as often as it was sent.
queues_many() {
  start_target
  local value
  for value in $(seq 1 100); do
    "$PRINT_SIGNALS" send "$started" 40 "$value"
    echo "RTMIN+6=$value"
  done >expected
  wait_until has_caught 100 || fail "not all arrive: $(caught | wc -l)"
  end_target
  caught | diff expected - >difference || fail "expected each signal once (<): $(cat difference)"
}
test_many_queued_signals() { each queues_many; }

# What a program sends its own process group, as 'kill 0' does in scripts, comes back to no process.
signals_its_group() {
  run setsid -w "${launch[@]}" bash -c 'count=0
    trap "count=\$((count + 1))" USR1
    for i in 1 2 3 4 5; do kill -s USR1 0; sleep 0.05; done
    echo "$count"'
  assert_status 0
  assert_stdout 5
}
test_a_signal_of_the_target_to_its_group_comes_once() { each signals_its_group; }

group_of() { ps -o pgid= -p "$1" | tr -d ' '; }

# As 'kill -- -PGID', timeout(1) and supervisors of services do. Nothing tells such a signal from one that was sent to the
# launcher alone, so it is passed on, and the target may get it twice. But none is lost.
signalled_as_a_group() {
  start_target setsid
  local group signal count=0
  group=$(group_of "$target")
  for signal in TERM INT USR1 HUP CONT WINCH; do
    kill -s "$signal" -- "-$group"
    echo "$signal" >>expected
    count=$((count + 1))
    wait_until has_caught "$count" || fail "$signal does not arrive; caught: $(caught | xargs)"
    sleep 0.1 # It may come again.
    count=$(caught | wc -l)
  done
  kill -s RTMAX "$target"
  wait_until has_ended "$target"
  caught | uniq | diff expected - >difference || fail "expected each signal (<): $(cat difference)"
}
test_a_signal_to_the_whole_group() { each signalled_as_a_group; }

# One that comes when the target has hardly begun is not lost.
signalled_early() {
  local pause
  for pause in 0 0.001 0.002 0.005 0.01 0.02; do
    : >daemon.log # The shell may be ended before it makes it.
    start "${launch[@]}" sleep 60
    sleep "$pause"
    stop TERM
    assert_status 143
  done
}
test_a_signal_at_the_start() { each signalled_early; }

run_tests
