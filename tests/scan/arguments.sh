#!/bin/bash
# sandbox-policy scan --args: what the calls are made for, where that is constant at all their places.
. "$(dirname "$0")/lib.sh"

test_text() {
  run "${SCAN[@]}" --args "$TEST_BIN/scan_arguments"
  assert_status 0
  sed -n '/^What they are called for:$/,/^$/p' out | sed '/^$/d; s/+0x[0-9a-f]*$/+N/' >text
  assert_file_is text 'What they are called for:
  ioctl        TCGETS
  socket       AF_UNIX SOCK_STREAM, AF_INET SOCK_DGRAM
  socketpair   AF_UNIX any
               not constant in scan_arguments+N
  clone        SIGCHLD|CLONE_NEWNET, CLONE_VM|CLONE_NEWNET
  fcntl        anything
               not constant in scan_arguments+N
  prctl        anything
               not constant in scan_arguments: by_pointer'
  run "${SCAN[@]}" "$TEST_BIN/scan_arguments"
  ! grep -q TCGETS out || report "arguments are told with --args alone"
}

test_json() {
  run "${SCAN[@]}" --args --format json "$TEST_BIN/scan_arguments"
  assert_status 0
  assert_equal '{"values": [[{"argument": 0, "value": "0x1", "text": "AF_UNIX"}, {"argument": 1, "mask": "0xf", "value": "0x1", "text": "SOCK_STREAM"}], [{"argument": 0, "value": "0x2", "text": "AF_INET"}, {"argument": 1, "mask": "0xf", "value": "0x2", "text": "SOCK_DGRAM"}]], "open": []}
[[]] 1
None' "$(python3 -c '
import json
calls = {call["name"]: call for call in json.load(open("out"))["calls"]}
print(json.dumps(calls["socket"]["arguments"]))
print(calls["fcntl"]["arguments"]["values"], len(calls["fcntl"]["arguments"]["open"]))
print(calls["write"].get("arguments"))')"
}

# A place whose number is not known may be any call: then no argument is known.
test_unknown_number() {
  run "${SCAN[@]}" --args --format json --follow "$TEST_BIN/scan_arguments" "$TEST_BIN/scan_unknown"
  assert_status 1
  run "${SCAN[@]}" --args --format json "$TEST_BIN/scan_unknown_arguments"
  assert_status 1
  assert_equal '[[]] begin' "$(python3 -c '
import json
calls = {call["name"]: call for call in json.load(open("out"))["calls"]}
print(calls["socket"]["arguments"]["values"], calls["socket"]["arguments"]["open"][0]["function"])')"
}

# The policy has them as conditions, masked where a part of the argument says it, and none where they are open.
test_policy() {
  run "${SCAN[@]}" --args -o p.yml "$TEST_BIN/scan_arguments"
  assert_status 0
  assert_file_is err ""
  local call
  local wanted
  while read -r wanted call; do
    # shellcheck disable=SC2086  # Words of a call.
    run "$TEST_BIN/sandbox-policy" explain p.yml $call
    head -n 1 out | grep -Eq " on x86_64: $wanted( EPERM)?$" || report "expected $wanted for $call, found $(head -n 1 out)"
  done <<'CALLS'
allow socket AF_UNIX SOCK_STREAM
allow socket AF_UNIX SOCK_STREAM|SOCK_NONBLOCK
errno socket AF_UNIX SOCK_DGRAM
allow socket AF_INET SOCK_DGRAM
allow socketpair AF_UNIX SOCK_DGRAM
errno socketpair AF_INET SOCK_STREAM
allow ioctl 0 TCGETS
errno ioctl 0 77
allow fcntl 0 77
allow prctl 77
allow clone CLONE_NEWNET|SIGCHLD
errno clone CLONE_NEWUSER|SIGCHLD
CALLS
}

# Real programs do real work, where a call that is not in the policy kills.
test_real_work() {
  work() {
    local program=$1
    shift
    command -v "$program" >/dev/null || return 0
    program=$(command -v "$program")
    # What is not known of some libraries' code is told, and has nothing to do with these calls.
    run "${SCAN[@]}" -q --args --with-nss --default kill_process --assume getpid -o w.yml "$program"
    [ "$status" != 2 ] || return 0 # A script.
    ran="$ran $(basename "$program")"
    run "$SANDBOX_RUN" --policy w.yml -- "$program" "$@"
    assert_status "${want:-0}"
  }
  ran=''
  work ls -lR "$TEST_DATA/scan"
  work sort -S 1M --parallel=2 /etc/services
  work tar cf a.tar "$TEST_DATA/scan"
  work git init -q repository
  want=7 work curl -s http://127.0.0.1:9/
  work redis-server --version
  work stat /etc/passwd
  [ "$(wc -w <<<"$ran")" -ge 4 ] || report "expected some programs: $ran"
  run "${SCAN[@]}" -q --args -o w.yml /bin/ls
  grep -q '^    - name: ioctl' w.yml || report "expected conditions on ioctl"
}

# What is seen of real programs is within what is told.
test_within() {
  command -v strace >/dev/null || { echo "no strace: not compared"; return; }
  strace -o /dev/null true || { echo "strace cannot trace here: not compared"; return; }
  python3 "$TEST_DATA/scan/arguments.py" --min 20 --constant 20 "$TEST_BIN/sandbox-policy" \
    "$TEST_DATA/scan/arguments_commands.txt" >table || report "$(grep -v ' $' table)"
  cat table
}

run_tests
