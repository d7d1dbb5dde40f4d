#!/bin/bash
# Each system call that the launcher makes before its target starts fails once. SANDBOX_RUN_TEST_FULL=1 tries all errnos.
. "$(dirname "$0")/faults_lib.sh"

test_plain() { survives plain "$TEST_BIN/inject_faults" $FULL calls; }
test_token() { survives token "$TEST_BIN/inject_faults" $FULL calls; }
test_default_profile() { survives default_profile "$TEST_BIN/inject_faults" $FULL calls; }
test_privileged() { survives privileged "$TEST_BIN/inject_faults" $FULL calls; }
test_privileged_token() { survives privileged_token "$TEST_BIN/inject_faults" $FULL calls; }
test_report() { survives report "$TEST_BIN/inject_faults" $FULL calls; }
test_report_token() { survives report_token "$TEST_BIN/inject_faults" $FULL calls; }

run_tests
