#!/bin/bash
# The profile beats: a daemon in Go with C, as Beats are, and a packet socket. (No Beat is in Debian.)
. "$(dirname "$0")/profile_lib.sh"

test_a_daemon_in_go() {
  need prometheus-node-exporter curl python3
  use_profile beats
  # Its collector of the clock calls adjtimex, as no Beat does.
  serve /metrics "${LAUNCH[@]}" prometheus-node-exporter --no-collector.timex --web.listen-address=127.0.0.1:@PORT@
  for _ in 1 2 3; do
    run curl -s -f --parallel --parallel-max 8 "http://127.0.0.1:$port/metrics?[1-16]"
    assert_status 0
    grep -q '^node_load1 ' out || report "expected the machine's load among the metrics"
    grep -q '^process_open_fds ' out || report "expected the process's descriptors among the metrics"
  done
  ends_well TERM 143
}

# Packetbeat opens a packet socket (17), raw (3), for all protocols.
test_packets() {
  is_root || skip "only root may capture packets"
  use_profile beats
  run "${LAUNCH[@]}" "$TEST_BIN/call" socket,17,3,0x300
  assert_status 0
  assert_stdout "socket ok"
}

# What the list of Beats has, and nothing else, but for what a start and a stop need.
test_is_the_list_of_beats() {
  local answers
  answers=$("$TEST_BIN/sandbox-policy" diff --format json --machine x86_64 --arch x86_64 "$POLICIES/beats-amd64.yml" \
    "$POLICIES/beats.yml") && fail "expected differences"
  python3 - "$answers" <<'END' || report "expected the list of Beats"
import json, sys
looser = set()
for one in json.loads(sys.argv[1])["differences"]:
    if one["direction"] == "looser":
        looser.update(one["calls"])
    else:
        assert (one["direction"], one["verdict_b"].get("errno")) == ("other", "ENOSYS"), one
assert looser == {"restart_syscall", "dup3", "faccessat"}, looser
END
}

# A Beat that reads what others have written, and is taken over by it, reaches for the machine and other processes.
test_attack() {
  use_profile beats
  answers ptrace EPERM process_vm_writev EPERM unshare,0x10000000 EPERM setns EPERM mount EPERM bpf EPERM \
    perf_event_open EPERM init_module EPERM keyctl EPERM execveat EPERM settimeofday EPERM setuid EPERM chroot EPERM \
    io_uring_setup,1 ENOSYS
}

run_tests
