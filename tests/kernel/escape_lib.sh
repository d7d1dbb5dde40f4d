# What the tests of escapes share: the policy that is to be got around, and the modes in which it is applied.
# shellcheck shell=bash
# shellcheck source=record_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/record_lib.sh"
umask 022 # Else the launcher may warn root of policies that others may write.

case $(uname -m) in
  x86_64) ;;
  *)
    echo "skipped: calls are made by the numbers of x86_64"
    exit 77
    ;;
esac

ESCAPE=$TEST_BIN/escape
FOLDER=$PWD
tried=0

# policy_text [LINE]...: the policy, with more lines below `seccomp:`.
policy_text() {
  echo "seccomp:"
  echo "  default_action: allow"
  [ $# -eq 0 ] || printf '  %s\n' "$@"
  cat <<'END_OF_POLICY'
  syscalls:
  - action: errno
    errno: EL3HLT
    names: [mkdir, mkdirat, unshare, setns, openat2, io_uring_setup, time]
    names_with_args:
    - name: socket
      arguments: [{argument: 0, operation: Equal, value: AF_PACKET}]
    - name: clone
      arguments: [{argument: 0, operation: BitsSet, value: CLONE_NEWUSER}]
  - action: errno
    errno: ENOSYS
    names: [clone3]
  - action: trap
    names: [symlinkat]
  - action: kill_process
    names: [linkat]
END_OF_POLICY
}
policy_text >plain.yml
policy_text "architectures: [x86_64, x86, x32]" >abis.yml
{
  policy_text
  echo "  - action: errno"
  echo "    errno: EL3HLT"
  echo "    names: [execve, execveat]"
} >token.yml
cat >trace.yml <<'END_OF_POLICY'
seccomp:
  default_action: allow
  syscalls:
  - action: trace
    names: [mkdir, mkdirat]
  - action: errno
    names: [ptrace]
END_OF_POLICY

# applied_by WAY POLICY: the command that starts a target, in $launch, an array.
applied_by() {
  local policy=$FOLDER/$2.yml
  case $1 in
    plain) launch=("$SANDBOX_RUN" -q -p "$policy" --) ;;
    report) launch=("$SANDBOX_RUN" --report=report.json -q -p "$policy" --) ;;
    permissive) launch=("$SANDBOX_RUN" --report=report.json --permissive -q -p "$policy" --) ;;
    record) launch=("$SANDBOX_POLICY" record -q -o recorded.yml --) ;;
    bpf)
      "$SANDBOX_POLICY" compile -q -o policy.bpf "$policy"
      launch=("$SANDBOX_RUN" -q --bpf policy.bpf --)
      ;;
    raw)
      "$SANDBOX_POLICY" compile -q --raw -o policy.raw "$policy"
      launch=("$SANDBOX_RUN" -q --bpf policy.raw --)
      ;;
  esac
}

# attempts WAY POLICY GROUP [NAME]...: makes the attempts; the outcomes are in the file out.
attempts() {
  applied_by "$1" "$2"
  shift 2
  run "${launch[@]}" "$ESCAPE" "$PWD/made" "$@"
  tried=$((tried + $(wc -l <out)))
}

# expect OUTCOMES: a line for each attempt, "NAME OUTCOME[|OUTCOME]...". All that differs is shown.
expect() {
  local name wanted got bad=
  [ "$status" = 0 ] || report "expected exit status 0"
  while read -r name wanted; do
    got=$(sed -n "s/^$name //p" out)
    case "|$wanted|" in *"|${got:-nothing}|"*) continue ;; esac
    bad="$bad
  $name: expected '$wanted', got '${got:-nothing}'"
  done <<<"$1"
  [ "$(wc -l <out)" = "$(wc -l <<<"$1")" ] || bad="$bad
  expected $(wc -l <<<"$1") attempts"
  assert_no_file made
  [ -z "$bad" ] || report "of the attempts:$bad"
  echo "$TEST: $tried attempts, none got out"
}
