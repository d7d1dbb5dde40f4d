#!/bin/bash
# sandbox-policy scan: priorities are changed for mutexes only where a program may have one with a ceiling.
. "$(dirname "$0")/lib.sh"

command -v gcc >/dev/null || { echo "skipped: there is no compiler"; exit 77; }
# In which of glibc's builds the functions stand by themselves is for the compiler to say.
[ "$(getconf GNU_LIBC_VERSION 2>/dev/null)" = "glibc 2.36" ] || { echo "skipped: not glibc 2.36"; exit 77; }
CALLS="sched_get_priority_max sched_get_priority_min sched_getparam sched_getscheduler sched_setscheduler"

# priorities_of WAY: those of CALLS that a scan finds.
priorities_of() {
  gcc -O2 -w "-DWAY=$1" "$TEST_DATA/scan/priorities.c" -o "way$1" || report "$1: was not built"
  calls_of "$PWD/way$1" >all
  for call in $CALLS; do grep -ow -- "$call" all; done | tr '\n' ' ' | sed 's/ $//'
}

test_mutex_without_ceiling() {
  assert_equal "" "$(priorities_of 0)"
  assert_equal "" "$(priorities_of 6)"
}

test_mutex_that_may_have_one() {
  local way
  for way in 1 2 3 4 5 7; do assert_equal "$CALLS" "$(priorities_of "$way")"; done
}

# A program that has one makes the calls, and its policy allows them.
test_work() {
  priorities_of 1 >/dev/null
  "${SCAN[@]}" "$PWD/way1" --default kill_process -o p.yml >/dev/null
  run "$SANDBOX_RUN" -p p.yml -- "$PWD/way1"
  [ "$status" -lt 128 ] || report "expected the program to run, got $status"
  command -v strace >/dev/null && strace -o trace true 2>/dev/null || return 0
  strace -o trace "$PWD/way1" || true  # Such a mutex may not be locked without privileges.
  grep -q '^sched_get' trace || report "expected a call for the priority"
}

run_tests
