#!/bin/bash
# A daemon as Beats are: written in Go, linked with C, under the policy that Beats have for this machine.
. "$(dirname "$0")/lib.sh"

case $(uname -m) in
  x86_64) POLICY=$POLICIES/beats-amd64.yml ;;
  aarch64) POLICY=$POLICIES/beats-arm64.yml ;;
  *)
    echo "skipped: Beats have no policy for $(uname -m)"
    exit 77
    ;;
esac

serve_metrics() {
  need prometheus-node-exporter curl python3
  serve /metrics "$SANDBOX_RUN" --policy "$POLICY" -- prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@
}

test_serves_metrics_and_ends_by_term() {
  serve_metrics
  for _ in 1 2 3; do # Over one connection after the other: new threads come up.
    run curl -s -f "http://127.0.0.1:$port/metrics"
    assert_status 0
    grep -q '^node_load1 ' out || report "expected the machine's load among the metrics"
    grep -q '^process_open_fds ' out || report "expected the process's descriptors among the metrics"
  done
  stop TERM
  assert_status 143
}

test_serves_many_clients_at_once() {
  serve_metrics
  run curl -s -f -o /dev/null -w '%{http_code}\n' --parallel --parallel-max 8 "http://127.0.0.1:$port/metrics?[1-16]"
  assert_status 0
  [ "$(grep -c '^200$' out)" = 16 ] || report "expected 16 answers with status 200"
  stop TERM
  assert_status 143
}

test_is_under_the_filter() {
  serve_metrics
  assert_equal 2 "$(sed -n 's/^Seccomp:\s*//p' "/proc/$started/status")" "seccomp mode of the daemon"
  assert_equal 1 "$(sed -n 's/^NoNewPrivs:\s*//p' "/proc/$started/status")" "no_new_privs of the daemon"
  local task
  for task in "/proc/$started/task"/*/status; do
    assert_equal 2 "$(sed -n 's/^Seccomp:\s*//p' "$task")" "seccomp mode of $task"
  done
  stop KILL
  assert_status 137
}

test_has_the_launchers_process() {
  serve_metrics
  assert_equal prometheus-node "$(cat "/proc/$started/comm")" "name of the process that the shell started"
  stop TERM
  assert_status 143
}

run_tests
