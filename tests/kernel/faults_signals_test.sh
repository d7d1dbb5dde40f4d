#!/bin/bash
# Signals come at random moments of a launch. The seed is printed; SANDBOX_RUN_TEST_SEED repeats it. In the storm each
# launch is to succeed; SANDBOX_RUN_TEST_LAUNCHES says how many there are (10000 were tried).
. "$(dirname "$0")/faults_lib.sh"

SEED=${SANDBOX_RUN_TEST_SEED:-$RANDOM$RANDOM}
LAUNCHES=${SANDBOX_RUN_TEST_LAUNCHES:-200}
echo "seed $SEED"

ends() { survives "$1" "$TEST_BIN/signal_moments" ends "$SEED" 200; }
storm() { survives "$1" "$TEST_BIN/signal_moments" storm "$SEED" "$LAUNCHES"; }

test_plain() { ends plain; }
test_storm_plain() { storm plain; }
test_token() { ends token; }
test_storm_token() { storm token; }
test_default_profile() { ends default_profile; }
test_storm_default_profile() { storm default_profile; }
test_report() { ends report; }
test_storm_report() { storm report; }
test_report_token() { ends report_token; }
test_storm_report_token() { storm report_token; }

run_tests
