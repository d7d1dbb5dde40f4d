# What the tests of the profiles for one program share: profile_NAME_test.sh has the load of NAME.
#
# The load runs under the profile with kill_process in place of errno, so that a call which the profile forgot is not
# survived. With SANDBOX_RUN_RECORD=DIRECTORY the same load is recorded instead, one policy a launch: this is how the
# profiles were made, and what to do again when a program has a new release. Attacks are then left out.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
umask 022 # Else the launcher may warn root of policies that others may write.

# use_profile NAME: from here on "${LAUNCH[@]}" COMMAND... starts a program under the deadly profile, and
# "${PLAIN[@]}" COMMAND... under the profile as it is.
use_profile() {
  local policy=$POLICIES/$1.yml deadly=$PWD/$1.kill.yml
  # shellcheck disable=SC2034 # for those who source this
  PLAIN=("$SANDBOX_RUN" --profile "$1" --)
  LAUNCH=("$SANDBOX_RUN" --policy "$deadly" --)
  if [ -n "${SANDBOX_RUN_RECORD:-}" ]; then
    # shellcheck disable=SC2016 # for the shell that is started
    LAUNCH=(bash -c 'exec "$0" record -q --args -o "$1.$$.yml" -- "${@:2}"' "$TEST_BIN/sandbox-policy"
      "$SANDBOX_RUN_RECORD/$1")
    return
  fi
  sed 's/^  default_action: errno$/  default_action: kill_process/' "$policy" >"$deadly"
  grep -qx '  default_action: kill_process' "$deadly" || fail "$policy has another default action"
}

# assert_none_killed FILE...: what servers and shells say of a process of theirs that a call has killed.
assert_none_killed() {
  ! grep -Ei 'signal:? 31|SIGSYS|bad system call' "$@" >killed || fail "a process was killed: $(shown killed)"
}

# succeeds COMMAND...: under the deadly profile.
succeeds() {
  run "${LAUNCH[@]}" "$@"
  assert_status 0
  assert_none_killed err
}

# answers CALL ANSWER [CALL ANSWER]...: what a program gets under the profile, which every other one gets where there is
# none. Calls are those of tests/kernel/call.c.
answers() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  local calls=()
  : >expected
  while [ $# -gt 0 ]; do
    calls+=("$1")
    echo "${1%%,*} $2" >>expected
    shift 2
  done
  run "${PLAIN[@]}" "$TEST_BIN/call" "${calls[@]}"
  assert_status 0
  assert_stdout "$(cat expected)"
}

# ends_well SIGNAL [STATUS]: the daemon that was started last.
ends_well() {
  stop "$1"
  assert_status "${2:-0}"
  assert_none_killed out
}

# daemon_answers COMMAND...: waits until the daemon that was started last does.
daemon_answers() {
  wait_until ended_or "$@" || true
  "$@" >/dev/null 2>&1 || fail "expected an answer to: $* $(shown daemon.log)"
}
ended_or() { has_ended "$started" || "$@" >/dev/null 2>&1; }

# certificate: a key and a certificate for localhost, in key.pem and cert.pem; false where openssl is missing.
certificate() {
  command -v openssl >/dev/null || return 1
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
  chmod 644 key.pem
}
