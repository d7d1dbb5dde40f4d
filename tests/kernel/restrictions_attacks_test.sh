#!/bin/bash
# --no-network, --no-unix and --no-exec against what would get round them. Each way works without them: "reached".
. "$(dirname "$0")/lib.sh"

REACH=$TEST_BIN/reach

# A service to be reached: its port, process, a descriptor of a connection of its own, and an address in its memory.
start_service() {
  need python3
  chmod 755 . ..
  start python3 "$KERNEL_TESTS/service.py" "$PWD/about" "$PWD/stream" "$PWD/datagram"
  wait_until test -e about || fail "the service does not start: $(shown daemon.log)"
  read -r port pid connection address <about
}

# comes_to RESULT OPTION... -- WAY...
comes_to() {
  local expected=$1
  shift
  run "$SANDBOX_RUN" -q "$@"
  assert_status 0
  assert_stdout "$expected"
}

reached_without() { # WAY...: skips where this machine itself does not let it.
  run "$REACH" "$@"
  [ "$(cat out)" = reached ]
}

# closes "OPTION RESULT"... -- WAY...: beside the profile default, and alone, as the profile of that name.
closes() {
  local result=$1 option=$2
  shift 2
  comes_to "$result" "--$option" -- "$REACH" "$@"
  reached_without "$@" || return 0
  comes_to "$result" --profile "$option" -- "$REACH" "$@"
}

test_no_network_by_sockets() {
  start_service
  comes_to reached -- "$REACH" tcp "$port"
  closes EAFNOSUPPORT no-network tcp "$port"
  local family
  # IPv6, netlink (all of its protocols), packet, Bluetooth, crypto API, vsock, TIPC, XDP, and one that is to come.
  for family in "10 1 0" "16 3 0" "16 3 9" "16 3 15" "17 3 0" "31 3 0" "38 5 0" "40 1 0" "30 4 0" "44 3 0" "45 1 0"; do
    closes EAFNOSUPPORT no-network socket $family
  done
  closes EAFNOSUPPORT no-network pair 30 4
  comes_to reached --no-network -- "$REACH" local_stream "$PWD/stream"
  comes_to reached --no-network -- "$REACH" pair 1 2
}

# A deny list of socket and connect is passed by io_uring, where the kernel has it.
test_io_uring() {
  start_service
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: ["@network-io"]}]}\n' >names.yml
  if reached_without ring_tcp "$port"; then
    comes_to reached -p names.yml -- "$REACH" ring_tcp "$port"
  fi
  closes ENOSYS no-network ring_tcp "$port"
  closes ENOSYS no-unix ring_tcp "$port"
  closes ENOSYS no-exec ring_tcp "$port"
}

test_by_another_process() {
  start_service
  local option
  for option in no-network no-unix no-exec; do
    closes EPERM "$option" stolen "$pid" "$connection"
    closes EPERM "$option" memory "$pid" "$address"
    closes EPERM "$option" traced "$pid"
  done
}

test_by_the_terminal() {
  need python3
  local option
  for option in no-network no-unix no-exec; do
    status=0
    command_line="on a terminal: --profile $option"
    timeout -s KILL "$BOUND" python3 -c 'import pty, sys
pty.spawn(sys.argv[1:])' "$SANDBOX_RUN" --profile "$option" -- "$REACH" typed </dev/null >screen 2>err || status=$?
    [ "$(tr -d '\r\n' <screen)" = EPERM ] || fail "expected EPERM on the terminal, got $(shown screen)"
  done
}

# Ends of pairs: of the three types, those of datagrams can be connected anew and send to any name.
test_no_unix_by_sockets() {
  start_service
  comes_to reached -- "$REACH" local_stream "$PWD/stream"
  closes EAFNOSUPPORT no-unix local_stream "$PWD/stream"
  local type
  for type in 2 3; do
    reached_without reconnected "$PWD/datagram" "$type" || fail "a pair of type $type cannot be connected anew"
    reached_without addressed "$PWD/datagram" "$type" || fail "a pair of type $type cannot send to a name"
    closes EAFNOSUPPORT no-unix reconnected "$PWD/datagram" "$type"
    closes EAFNOSUPPORT no-unix addressed "$PWD/datagram" "$type"
  done
  # The others are the kernel's to deny.
  comes_to EISCONN --profile no-unix -- "$REACH" addressed "$PWD/stream" 1
  run "$REACH" reconnected "$PWD/stream" 1
  [ "$(cat out)" != reached ] || report "expected that the kernel connects no pair of streams anew"
  comes_to reached --no-unix -- "$REACH" pair 1 5
  comes_to reached --no-unix -- "$REACH" tcp "$port"
}

test_no_exec() {
  local way
  for way in executed executed_at from_memory spawned in_thread; do
    reached_without "$way" || fail "$way does not execute"
    closes EACCES no-exec "$way"
  done
}

# Calls of other ABIs: killed where the policies do not cover them, and judged where they do.
test_other_abis() {
  [ "$(uname -m)" = x86_64 ] || skip "int \$0x80 exists on x86_64 only"
  reached_without int80 20 0 0 || skip "no 32-bit calls here"
  local option
  for option in no-network no-unix no-exec; do
    run "$SANDBOX_RUN" -q "--$option" -- "$REACH" int80 20 0 0
    assert_status 159
    run "$SANDBOX_RUN" -q --profile "$option" -- "$REACH" int80 20 0 0
    assert_status 159
  done
  printf 'seccomp: {default_action: allow, architectures: [x86_64, x86], syscalls: [{action: errno, names: [acct]}]}\n' \
    >both.yml
  comes_to reached --no-network -p both.yml -- "$REACH" int80 20 0 0
  comes_to reached --no-network -p both.yml -- "$REACH" int80 359 1 1
  comes_to EAFNOSUPPORT --no-network -p both.yml -- "$REACH" int80 359 2 1  # socket(AF_INET, SOCK_STREAM)
  comes_to EAFNOSUPPORT --no-network -p both.yml -- "$REACH" int80 102 1 0  # socketcall(SYS_SOCKET)
  comes_to EAFNOSUPPORT --no-unix -p both.yml -- "$REACH" int80 359 1 1
  comes_to EAFNOSUPPORT --no-unix -p both.yml -- "$REACH" int80 102 8 0  # socketcall(SYS_SOCKETPAIR)
  comes_to EACCES --no-exec -p both.yml -- "$REACH" int80 11 0 0
  comes_to EPERM --deny socket -p both.yml -- "$REACH" int80 359 2 1
  comes_to EPERM --deny socket -p both.yml -- "$REACH" int80 102 1 0
  comes_to ENOSYS --deny socket -p both.yml -- "$REACH" int80 425 0 0  # io_uring_setup
  # x32's socket, execve and io_uring_setup.
  run "$SANDBOX_RUN" -q --no-network --no-exec -p both.yml -- "$TEST_BIN/call" 0x40000029,2,1 0x40000208 0x400001a9
  assert_stdout "0x40000029 ENOSYS
0x40000208 ENOSYS
0x400001a9 ENOSYS"
}

run_tests
