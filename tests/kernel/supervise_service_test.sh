#!/bin/bash
# A supervised target as a service of systemd: what names the launcher by its number names the target.
. "$(dirname "$0")/supervise_lib.sh"

# The socket that a service manager hands over is descriptor 3; sd_listen_fds(3) looks at LISTEN_PID.
service_variables() {
  # shellcheck disable=SC2016 # The shells that are launched expand these.
  run sh -c 'LISTEN_PID=$$ WATCHDOG_PID=$$ LISTEN_FDS=1 exec $LAUNCH sh -c '\''
    [ "$LISTEN_PID $WATCHDOG_PID $LISTEN_FDS" = "$$ $$ 1" ] && echo inherited >&3'\'' 3>handed'
  assert_status 0
  assert_equal inherited "$(cat handed)" "what went to descriptor 3"
  run env LISTEN_PID=1 "${launch[@]}" printenv LISTEN_PID
  assert_stdout 1
}
test_service_variables() { each service_variables; }

test_notify_warning() {
  local warning="NOTIFY_SOCKET is set, and the program runs as a child of this process: its unit needs \
NotifyAccess=all, or systemd ignores what it reports"
  write_policy allow.yml allow "errno mkdir"
  run env NOTIFY_SOCKET=/run/notify "$SANDBOX_RUN" --report -p allow.yml -- true
  assert_stderr "sandbox-run: warning: $warning
sandbox-run: no call was denied"
  run env NOTIFY_SOCKET=/run/notify "$SANDBOX_RUN" --report -q -p allow.yml -- true
  assert_stderr ""
  run env NOTIFY_SOCKET=/run/notify "$SANDBOX_POLICY" record -o out.yml -- true
  head -n 1 err >first
  assert_equal "sandbox-policy: warning: $warning" "$(cat first)" "the first line"
  # A plain launch becomes the program.
  run env NOTIFY_SOCKET=/run/notify "$SANDBOX_RUN" -p allow.yml -- true
  assert_stderr ""
}

run_tests
