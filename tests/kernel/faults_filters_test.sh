#!/bin/bash
# An outer filter answers one of the calls that the launcher makes, every time: 0, EPERM, EAGAIN, EINVAL, ENOSYS.
. "$(dirname "$0")/faults_lib.sh"

test_plain() { survives plain "$TEST_BIN/inject_faults" $FULL filters; }
test_token() { survives token "$TEST_BIN/inject_faults" $FULL filters; }
test_default_profile() { survives default_profile "$TEST_BIN/inject_faults" $FULL filters; }
test_privileged() { survives privileged "$TEST_BIN/inject_faults" $FULL filters; }
test_privileged_token() { survives privileged_token "$TEST_BIN/inject_faults" $FULL filters; }
test_report() { survives report "$TEST_BIN/inject_faults" $FULL filters; }
test_report_token() { survives report_token "$TEST_BIN/inject_faults" $FULL filters; }

run_tests
