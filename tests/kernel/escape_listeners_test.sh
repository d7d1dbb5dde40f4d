#!/bin/bash
# Listeners of one's own. A newer filter's notification outranks the action `trace` and, on a tie, an older listener's; its
# owner could let the call through. Where a filter has either, no process gets a listener.
. "$(dirname "$0")/escape_lib.sh"

# Where neither is in the filter, a listener is had, and lets nothing through.
HARMLESS="listener EL3HLT
listener_wait_killable EL3HLT
listener_tsync EL3HLT
listener_high_halves EL3HLT
listener_high_number EL3HLT
listener_int80 signal 31
listener_x32 ENOSYS
listener_of_child EL3HLT
notification_by_prctl EL3HLT"

# refused [OUTCOME]: of the call with a notification that is not answered.
refused() {
  echo "listener EBUSY
listener_wait_killable EBUSY
listener_tsync EBUSY
listener_high_halves EBUSY
listener_high_number EBUSY
listener_int80 signal 31
listener_x32 EBUSY|ENOSYS
listener_of_child EBUSY
notification_by_prctl ${1:-ENOSYS}"
}
refused_by_all_abis() { refused "$@" | sed -e 's/signal 31/EBUSY/' -e 's/x32 .*/x32 EBUSY|ENOSYS/'; }

test_plain() {
  attempts plain plain listeners
  expect "$HARMLESS"
}
test_filter_file() {
  attempts bpf plain listeners
  expect "$HARMLESS"
}
test_raw() {
  attempts raw plain listeners
  expect "$HARMLESS"
}
# The token is answered by a notification; what else the policy denies is denied by an errno, which outranks all of these.
test_token() {
  attempts plain token listeners
  expect "$(refused EL3HLT)"
}
test_filter_file_token() {
  attempts bpf token listeners
  expect "$(refused EL3HLT)"
}
test_raw_token() {
  attempts raw token listeners
  expect "$(refused EL3HLT)"
}
test_report() {
  attempts report plain listeners
  expect "$(refused)"
}
test_report_of_all_abis() {
  attempts report abis listeners
  expect "$(refused_by_all_abis)"
}
test_report_token() {
  attempts report token listeners
  expect "$(refused)"
}
# The call was allowed by its own maker.
test_trace() {
  attempts plain trace listeners
  expect "$(refused)"
  attempts plain trace calls direct older_call
  expect "direct ENOSYS
older_call ENOSYS"
}
test_trace_in_a_filter_file() {
  attempts bpf trace listeners
  expect "$(refused)"
}
test_trace_in_raw() {
  attempts raw trace listeners
  expect "$(refused)"
}
test_trace_with_report() {
  attempts report trace listeners
  expect "$(refused)"
}
# Where everything is allowed, there is no listener all the same.
test_permissive() {
  attempts permissive plain listeners listener listener_wait_killable listener_high_halves
  expect "listener EBUSY
listener_wait_killable EBUSY
listener_high_halves EBUSY"
}
test_record() {
  attempts record plain listeners listener listener_wait_killable listener_high_halves
  expect "listener EBUSY
listener_wait_killable EBUSY
listener_high_halves EBUSY"
}

run_tests
