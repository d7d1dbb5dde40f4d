# What the tests of --report with hostile programs share.
# shellcheck shell=bash

# shellcheck source=report_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/report_lib.sh"

case $(uname -m) in
  x86_64) ;;
  *)
    echo "skipped: calls are made by the numbers of x86_64"
    exit 77
    ;;
esac

# Nothing that the attacks need is denied.
write_policy policy.yml allow "errno:EPERM mkdir" "kill_process rmdir unlink"
POLICY=$PWD/policy.yml

# killed_at_once COMMAND...: it dies of the first call that it is denied, and nothing comes of that.
killed_at_once() {
  mkdir -p folder
  reported "$POLICY" "$@" folder
  assert_status 159
  assert_stdout ""
  [ -d folder ] || report "expected that the folder is there"
  assert_report_has "sandbox-run: 1 call was denied once:"
}
