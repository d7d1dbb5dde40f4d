#!/bin/bash
# A supervised target on a terminal: keys, job control, modes, as without a supervisor.
. "$(dirname "$0")/supervise_terminal_lib.sh"

KEYS='type \x03
expect INT\n
type \x1c
expect QUIT\n
type \x1a
expect TSTP\n
size 40 100
expect WINCH\n
signal HUP {1}
expect HUP\n
signal RTMAX {1}'
EACH_KEY_ONCE='times 1 INT\n
times 1 QUIT\n
times 1 TSTP\n
times 1 WINCH\n
times 1 HUP\n'

keys() {
  on_terminal "${launch[@]}" "$PRINT_SIGNALS" <<<"expect ready (\d+)
$KEYS
end 0
$EACH_KEY_ONCE"
}
test_keys_reach_a_target_that_leads_the_session_once() { each keys; }

keys_in_shell() {
  on_terminal $SHELL_WITH_JOBS <<<"expect PROMPT>
type \$LAUNCH \$PRINT_SIGNALS\n
expect ready (\d+)
$KEYS
expect PROMPT>
$EACH_KEY_ONCE
type exit\n
end 0"
}
test_keys_reach_a_target_in_a_shell_once() { each keys_in_shell; }

reads() {
  on_terminal $SHELL_WITH_JOBS <<'STEPS'
expect PROMPT>
modes
type $LAUNCH sh -c 'echo up-$((1+1)); exec cat'\n
expect up-2\n
type one\n
expect one\none\n
type \x1a
expect Stopped
expect PROMPT>
same-modes
type fg\n
expect exec cat'\n
type two\n
expect two\ntwo\n
type \x04
expect PROMPT>
type echo status-$?\n
expect status-0\n
type exit\n
end 0
STEPS
}
test_a_target_reads_from_the_terminal() { each reads; }

stopped_by_terminal() {
  on_terminal $SHELL_WITH_JOBS <<'STEPS'
expect PROMPT>
type set -b\n
expect PROMPT>
type $LAUNCH cat & echo started-$((1+1))\n
expect started-2\n
expect Stopped.*cat
type fg\n
expect cat\n
type three\n
expect three\nthree\n
type \x03
expect PROMPT>
type echo status-$?\n
expect status-130\n
type $LAUNCH $SLEEPER\n
expect up-2\n
type \x1a
expect Stopped
expect PROMPT>
type bg; jobs; kill %1\n
expect Running.*SLEEPER
expect Exit 143|Terminated
type exit\n
end 0
STEPS
}
test_background_and_foreground() { each stopped_by_terminal; }

# One that stops its whole process group itself, as editors do.
stops_its_group() {
  on_terminal $SHELL_WITH_JOBS <<'STEPS'
expect PROMPT>
type set -b; program='trap "echo again-\$((1+1))" CONT; echo up-$((1+1)); kill -s TSTP 0; sleep 0.3; read x; echo "got-$x"'\n
expect PROMPT>
type $LAUNCH bash -c "$program"\n
expect up-2\n
expect Stopped
expect PROMPT>
type fg\n
expect again-2\n
type line\n
expect got-line\n
expect PROMPT>
times 1 Stopped
type exit\n
end 0
STEPS
}
test_a_target_that_stops_its_group() { each stops_its_group; }

raw_mode() {
  on_terminal $SHELL_WITH_JOBS <<'STEPS'
expect PROMPT>
modes
type $LAUNCH sh -c 's=$(stty -g); stty raw -echo; echo up-$((1+1)); dd bs=1 count=4 2>/dev/null | od -An -tx1; stty "$s"'\n
expect up-2
type \x03\x1a\x1cq
expect 03 1a 1c 71
expect PROMPT>
same-modes
type echo status-$?; stty size\n
expect status-0\n
type exit\n
end 0
STEPS
}
test_raw_mode() { each raw_mode; }

pager() {
  seq 1 500 >numbers
  on_terminal $SHELL_WITH_JOBS <<'STEPS'
size 24 80
expect PROMPT>
modes
type TERM=xterm $LAUNCH less numbers\n
expect \n23
type G
expect END
insist \x1a Stopped
expect PROMPT>
same-modes
type fg\n
expect END
type q
expect PROMPT>
same-modes
type exit\n
end 0
STEPS
}
test_a_pager() {
  need less
  each pager
}

run_tests
