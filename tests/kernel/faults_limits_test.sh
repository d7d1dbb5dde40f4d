#!/bin/bash
# The launcher starts under limits on descriptors, processes, memory and more.
. "$(dirname "$0")/faults_lib.sh"

test_plain() { survives plain "$TEST_BIN/inject_faults" $FULL limits; }
test_token() { survives token "$TEST_BIN/inject_faults" $FULL limits; }
test_default_profile() { survives default_profile "$TEST_BIN/inject_faults" $FULL limits; }
test_privileged() { survives privileged "$TEST_BIN/inject_faults" $FULL limits; }
test_privileged_token() { survives privileged_token "$TEST_BIN/inject_faults" $FULL limits; }
test_report() { survives report "$TEST_BIN/inject_faults" $FULL limits; }
test_report_token() { survives report_token "$TEST_BIN/inject_faults" $FULL limits; }

run_tests
