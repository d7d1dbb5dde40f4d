#!/bin/bash
# Other ways into the kernel, other calls that do the same, filters and tracers of one's own: a denied call stays denied.
. "$(dirname "$0")/escape_lib.sh"

CALLS="direct EL3HLT
older_call EL3HLT
int80_mkdirat signal 31
int80_mkdir signal 31
int80_getpid signal 31
x32_mkdirat ENOSYS
x32_number ENOSYS
high_half_of_number EL3HLT
socket EL3HLT
socket_high_half EL3HLT
clone EL3HLT
clone_high_half EL3HLT
clone3 ENOSYS
unshare EL3HLT
setns EL3HLT
openat2 EL3HLT
io_uring EL3HLT
thread EL3HLT
child EL3HLT
vforked EL3HLT
trap_handler handled
trap_ignored signal 31
trap_rewrites EL3HLT
kill_with_handler signal 31
kill_blocked signal 31
restart_syscall EINTR
vsyscall EL3HLT|signal 11
traced_entry EL3HLT
suspend_seccomp EPERM
get_filter EACCES
number_minus_one ENOSYS"

# A success that a filter of one's own pretends (own_success) is no success.
FILTERS="own_allow EL3HLT
own_allow_by_prctl EL3HLT
own_log EL3HLT
own_trace_untraced EL3HLT
own_success ok
own_tsync EL3HLT
own_tracer EL3HLT
own_tracer_rewrites EL3HLT
strict_by_prctl EINVAL
strict_by_seccomp EINVAL
mode_none EINVAL
new_privileges EINVAL"

# Where the ABIs are covered, their calls get what the policy says; a kernel without x32 has none of its calls.
calls_of_all_abis() {
  sed -e 's/^int80_mkdir\(at\)\? .*/int80_mkdir\1 EL3HLT/' -e 's/^int80_getpid .*/int80_getpid ok/' \
    -e 's/^x32_mkdirat .*/x32_mkdirat EL3HLT|ENOSYS/' <<<"$CALLS"
}

calls_and_filters() { # WAY POLICY
  attempts "$1" "$2" calls
  expect "$CALLS"
  attempts "$1" "$2" filters
  expect "$FILTERS"
}

test_plain() { calls_and_filters plain plain; }
test_token() { calls_and_filters plain token; }
test_report() { calls_and_filters report plain; }
test_report_token() { calls_and_filters report token; }
test_filter_file() { calls_and_filters bpf plain; }
test_filter_file_token() { calls_and_filters bpf token; }
test_raw() { calls_and_filters raw plain; }
test_raw_token() { calls_and_filters raw token; }
test_all_abis() {
  attempts plain abis calls
  expect "$(calls_of_all_abis)"
  attempts report abis calls
  expect "$(calls_of_all_abis)"
}

run_tests
