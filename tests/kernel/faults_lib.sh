# What the tests of faults share: the launches in which faults happen.
# shellcheck shell=bash
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
umask 022 # Else the launcher may warn root of policies that others may write.

case $(uname -m) in
  x86_64) ;;
  *)
    echo "skipped: faults are injected on x86_64"
    exit 77
    ;;
esac

# Seconds after which a launch counts as hung.
export SANDBOX_RUN_FAULT_BOUND=$((BOUND / 6))
FULL=
[ -z "${SANDBOX_RUN_TEST_FULL:-}" ] || FULL=--full

write_policy plain.yml allow "errno:EL3HLT mkdirat mkdir"
write_policy token.yml allow "errno:EL3HLT mkdirat mkdir execve execveat"
PLAIN=$PWD/plain.yml
TOKEN=$PWD/token.yml
EL3HLT=46 EPERM=1

# launch_of KIND: leaves the command that launches in $launch, an array.
launch_of() {
  case $1 in
    plain) launch=("$SANDBOX_RUN" -p "$PLAIN" -- "$TEST_BIN/filtered" mkdirat $EL3HLT) ;;
    token) launch=("$SANDBOX_RUN" -p "$TOKEN" -- "$TEST_BIN/filtered" mkdirat $EL3HLT) ;;
    default_profile) launch=("$SANDBOX_RUN" -- "$TEST_BIN/filtered" ptrace $EPERM) ;;
    privileged)
      is_root || skip "only root may leave out no_new_privs"
      launch=("$SANDBOX_RUN" --no-new-privs=false -p "$PLAIN" -- "$TEST_BIN/filtered" mkdirat $EL3HLT)
      ;;
    privileged_token)
      is_root || skip "only root may leave out no_new_privs"
      launch=("$SANDBOX_RUN" --no-new-privs=false -p "$TOKEN" -- "$TEST_BIN/filtered" mkdirat $EL3HLT)
      ;;
    report) launch=("$SANDBOX_RUN" --report -q -p "$PLAIN" -- "$TEST_BIN/filtered" mkdirat $EL3HLT) ;;
    report_token) launch=("$SANDBOX_RUN" --report -q -p "$TOKEN" -- "$TEST_BIN/filtered" mkdirat $EL3HLT) ;;
  esac
}

# survives KIND COMMAND...: COMMAND is a program that launches and judges; its summary is shown. The launch follows it.
survives() {
  local kind=$1
  shift
  launch_of "$kind"
  status=0
  "$@" "${launch[@]}" >summary 2>problems || status=$?
  echo "$TEST: $(cat summary)"
  [ "$status" = 0 ] || fail "$(wc -l <problems) lines of problems; the first are:
$(head -n 60 problems)"
}
