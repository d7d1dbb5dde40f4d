#!/bin/bash
# The profile prometheus-node-exporter: scrapes with every collector that the machine has.
. "$(dirname "$0")/profile_lib.sh"
need prometheus-node-exporter curl python3

scrape() {
  local i pids=
  for i in 1 2 3; do
    curl -s -f -o "metrics.$i" "http://127.0.0.1:$port/metrics" &
    pids="$pids $!"
  done
  wait $pids
  curl -s -f "http://127.0.0.1:$port/metrics" >metrics
  grep -q '^node_load1 ' metrics || fail "expected the load in the metrics"
  grep -q '^node_network_up' metrics || fail "expected interfaces in the metrics"
  grep -q '^node_filesystem_size_bytes' metrics || fail "expected file systems in the metrics"
}

test_scrapes() {
  use_profile prometheus-node-exporter
  serve /metrics "${LAUNCH[@]}" prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@
  scrape
  ends_well TERM 143
}

test_more_collectors() {
  use_profile prometheus-node-exporter
  mkdir texts
  echo "a_metric 1" >texts/a.prom
  serve /metrics "${LAUNCH[@]}" prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@ --log.level=debug \
    --collector.textfile.directory=texts --collector.processes --collector.tcpstat --collector.ethtool \
    --collector.interrupts --collector.mountstats --collector.qdisc --collector.wifi --collector.systemd --collector.ntp \
    --collector.buddyinfo --collector.ksmd --collector.network_route --collector.sysctl --collector.zoneinfo \
    --collector.lnstat --collector.meminfo_numa --collector.drm --collector.cgroups
  scrape
  grep -q '^a_metric 1' metrics || fail "expected the text file in the metrics"
  ends_well TERM 143
}

# A request that takes the exporter over gets no shell; it is a static program, so the calls are made by another one.
test_attack() {
  use_profile prometheus-node-exporter
  answers execve EPERM execveat EPERM fork EPERM ptrace EPERM bpf EPERM perf_event_open EPERM unlink EPERM rename EPERM \
    socket,17,3,0 EAFNOSUPPORT settimeofday EPERM mount EPERM
}

test_with_its_files_alone() {
  with_files prometheus-node-exporter
  mkdir texts
  echo "a_metric 1" >texts/a.prom
  exported() { # FILE: which collectors worked.
    serve /metrics "${LAUNCH[@]}" prometheus-node-exporter --web.listen-address=127.0.0.1:@PORT@ \
      --collector.textfile.directory=texts --collector.processes --collector.ethtool --collector.interrupts \
      --collector.mountstats --collector.qdisc --collector.zoneinfo --collector.cgroups
    scrape
    ends_well TERM 143
    grep -q '^a_metric 1' metrics || fail "expected the text file in the metrics"
    grep '^node_scrape_collector_success' metrics >"$1"
  }
  exported without
  add_options --ro /sys --ro texts
  exported with
  diff without with >&2 || fail "expected that the same collectors work"
  run "${LAUNCH[@]}" prometheus-node-exporter --web.listen-address=127.0.0.1:0 --web.config.file="$KEY"
  grep -q "open $KEY: permission denied" out err || report "expected that the key cannot be read"
}

test_files_of_debian() { assert_files_of prometheus-node-exporter prometheus-node-exporter; }

run_tests
