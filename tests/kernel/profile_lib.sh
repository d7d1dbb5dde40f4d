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

# Programs whose files are known: the comment of the profile names options about files. The load runs with such options
# for the directories of the test, and an attack on a key in HOME fails.

# add_options OPTION...: from here on "${LAUNCH[@]}" and "${PLAIN[@]}" have them.
add_options() {
  LAUNCH=("${LAUNCH[@]:0:${#LAUNCH[@]}-1}" "$@" --)
  PLAIN=("${PLAIN[@]:0:${#PLAIN[@]}-1}" "$@" --)
}

# with_files PROFILE OPTION...: under the profile with these options about files, in the directory work/; the key is out
# of reach there.
with_files() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || skip "a recording is about calls"
  need_landlock 1
  use_profile "$1"
  add_options "${@:2}"
  mkdir -p home/.ssh work
  echo "a private key" >home/.ssh/id_rsa
  export HOME=$PWD/home
  # shellcheck disable=SC2034 # for those who source this
  KEY=$HOME/.ssh/id_rsa
  cd work
}

# assert_files_of PROFILE PROGRAM: the options that the comment names are accepted, where the packages that they are for
# have made the directories.
assert_files_of() {
  local options
  options=$(sed -n '/^# Files:/,/^#$/p' "$POLICIES/$1.yml" | grep -oE -- '--r[ow] /[^ ;,]*')
  [ -n "$options" ] || fail "expected options in the comment of $1"
  # shellcheck disable=SC2086 # Words.
  run "$SANDBOX_RUN" --dry-run --profile "$1" $options -- "$2"
  ! grep -q "does not exist" err || skip "no such directory here: $(shown err)"
  assert_status 0
  assert_stderr ""
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
