#!/bin/bash
# Interactive shells as supervised targets, and terminals that hang up.
. "$(dirname "$0")/supervise_terminal_lib.sh"

INNER_SHELL='type echo inner-$((1+1))\n
expect inner-2\n
expect PROMPT>
type $SLEEPER\n
expect up-2\n
type \x1a
expect Stopped
expect PROMPT>
type fg\n
expect again-2\n
type \x03
expect PROMPT>
type echo status-$?\n
expect status-130\n
expect PROMPT>
type sh -c "echo up-2; exec cat"\n
expect up-2\n
type line\n
expect line\nline\n
type \x04
expect PROMPT>
type sleep 300 & kill %1; wait; echo waited-$((1+1))\n
expect waited-2\n'

shell_as_target() {
  on_terminal "${launch[@]}" $SHELL_WITH_JOBS <<<"expect PROMPT>
$INNER_SHELL
expect PROMPT>
type exit 7\n
end 7
never no job control"
  on_terminal $SHELL_WITH_JOBS <<<"expect PROMPT>
modes
type \$LAUNCH $SHELL_WITH_JOBS\n
expect PROMPT>
$INNER_SHELL
expect PROMPT>
type exit 7\n
expect exit\n
expect PROMPT>
type echo status-\$?\n
expect status-7\n
same-modes
type $SLEEPER\n
expect up-2\n
type \x03
type echo status-\$?\n
expect status-130\n
type exit\n
end 0
never no job control"
}
test_an_interactive_shell_as_target() { each shell_as_target; }

# It has taken the terminal for a process group of its own, and has it again when it goes on.
shell_that_suspends() {
  on_terminal $SHELL_WITH_JOBS <<<"expect PROMPT>
type \$LAUNCH $SHELL_WITH_JOBS\n
expect PROMPT>
type echo inner-\$PPID-\n
expect inner-(\d+)-
expect PROMPT>
type suspend\n
expect Stopped.*bash
expect PROMPT>
type fg\n
expect LAUNCH.*\n
expect PROMPT>
type echo again-\$PPID-\n
expect again-{1}-
expect PROMPT>
type exit 7\n
expect exit\n
expect PROMPT>
type echo status-\$?\n
expect status-7\n
type exit\n
end 0"
}
test_an_interactive_shell_that_suspends_itself() { each shell_that_suspends; }

hang_up_leader() {
  on_terminal "${launch[@]}" sh -c 'echo "up-$$-"; exec sleep 300' <<'STEPS'
expect up-(\d+)-
hangup
end 129
STEPS
}
test_a_terminal_that_hangs_up_ends_the_leader() { each hang_up_leader; }

hang_up_job() {
  on_terminal $SHELL_WITH_JOBS <<'STEPS'
expect PROMPT>
type $LAUNCH sh -c 'echo $$ >pid; echo up-$((1+1)); exec sleep 300'\n
expect up-2
hangup
end 129
STEPS
  wait_until has_ended "$(cat pid)" || fail "the target goes on without its terminal"
}
test_a_terminal_that_hangs_up_ends_a_job() { each hang_up_job; }

run_tests
