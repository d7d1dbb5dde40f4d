# What the tests of supervised targets on a terminal share.
# shellcheck shell=bash

# shellcheck source=supervise_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/supervise_lib.sh"

# on_terminal COMMAND... <STEPS. $LAUNCH and $PRINT_SIGNALS can be used in the steps.
on_terminal() {
  need python3
  export PRINT_SIGNALS
  run env BOUND="$((BOUND / 3))" PS1='PROMPT> ' python3 "$KERNEL_TESTS/terminal.py" "$@"
  assert_status 0
  rm -f recorded.yml
}
SHELL_WITH_JOBS="bash --norc --noprofile --noediting -i"
# Says that it runs, and that it runs again: what is typed before is the shell's. SIGCONT is waited for and not handled:
# one that comes just before pause() would be handled after the next signal only.
cat >sleeper <<'END_OF_PROGRAM'
#!/usr/bin/python3
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
os.write(1, b"up-2\n")
while True:
    signal.sigwait({signal.SIGCONT})
    os.write(1, b"again-2\n")
END_OF_PROGRAM
chmod 755 sleeper
export SLEEPER=$FOLDER/sleeper
