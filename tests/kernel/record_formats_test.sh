#!/bin/bash
# sandbox-policy record --to, and what the ending of the file says.
. "$(dirname "$0")/record_lib.sh"

CALLS=("$TEST_BIN/call" getpgrp socket,1,1)

test_json_is_for_container_runtimes() {
  need python3
  record p.json -- "${CALLS[@]}"
  python3 -c 'import json; assert json.load(open("p.json"))["defaultAction"] == "SCMP_ACT_ERRNO"'
  sandboxed p.json "$TEST_BIN/call" getpgrp socket,1,1 setsid clone3
  assert_stdout "getpgrp ok
socket ok
setsid EPERM
clone3 ENOSYS"
  # What a runtime calls before the program starts is allowed, so the program may start others.
  run "$SANDBOX_POLICY" explain p.json execve
  grep -q '^execve on .*: allow$' out || report "expected execve to be allowed"
}

test_a_unit_is_for_systemd() {
  local file
  for file in sandbox.conf a.service; do
    record "$file" -- "${CALLS[@]}"
    assert_equal "# What a recorded run has called is allowed, all else gets ENOSYS." "$(head -n 1 "$file")"
    grep -qx 'SystemCallErrorNumber=ENOSYS' "$file" || report "expected the answer to all else: $(cat "$file")"
    ! grep -q ExecStart "$file" || report "expected systemd to hold the policy: $(cat "$file")"
    sandboxed "$file" "$TEST_BIN/call" getpgrp socket,1,1 setsid clone3
    assert_stdout "getpgrp ok
socket ok
setsid ENOSYS
clone3 ENOSYS"
    run "$SANDBOX_POLICY" explain "$file" execve
    grep -q '^execve on .*: allow$' out || report "expected systemd to be able to start the program"
  done
  record a.service -- "${CALLS[@]}" # Its own file is replaced.
}

# Threads and another libc's calls: the program works under the unit as it did.
test_programs_work_under_the_unit() {
  need python3
  local program='import threading; t = threading.Thread(target=print, args=("a thread",)); t.start(); t.join()'
  record python.conf -- python3 -c "$program"
  sandboxed python.conf python3 -c "$program"
  assert_status 0
  assert_stdout "a thread"
}

test_to_decides() {
  need python3
  record p.json --to beats -- "${CALLS[@]}"
  grep -qx seccomp: p.json || report "expected a policy of Beats: $(cat p.json)"
  run "$SANDBOX_POLICY" record -q --to oci -o - -- "$TEST_BIN/call" getpgrp
  assert_status 0
  sed 1d out | python3 -c 'import json, sys; json.load(sys.stdin)' # Behind the program's line.
}

# The recording that is added to stays what it is.
test_merge() {
  record p.yml -- "$TEST_BIN/call" getpgrp
  cp p.yml before.yml
  record p.json --merge p.yml -- "$TEST_BIN/call" setsid
  cmp p.yml before.yml
  sandboxed p.json "$TEST_BIN/call" getpgrp setsid socket,1,1
  assert_stdout "getpgrp ok
setsid ok
socket EPERM"
}

test_what_is_not_possible() {
  refuses 2 "record: --to is beats, oci or systemd here, and not bpf" -o p.bpf --to bpf touch started
  refuses 2 "record: --to is beats, oci or systemd here, and not k8s" -o p.yml --to kubernetes touch started
  local cannot="record: a unit of systemd cannot have what"
  refuses 2 "$cannot --args tells apart; leave it out, or record a policy" -o a.service --args touch started
  refuses 2 "$cannot --default says: ENOSYS for newer calls, and the action for the others" \
    -o a.conf --default kill_process touch started
  refuses 2 "$cannot --merge adds to; record a policy, and convert it by 'sandbox-policy convert'" \
    -o p.yml --to systemd --merge p.yml touch started
  echo '{}' >p.json
  refuses 2 "p.json: is there already, and was not written by 'record'; --force replaces it" -o p.json touch started
}

run_tests
