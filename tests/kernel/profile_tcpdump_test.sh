#!/bin/bash
# The profile tcpdump: packets of an interface, to files and from files, privileges given up.
. "$(dirname "$0")/profile_lib.sh"
need tcpdump python3

send_packets() {
  python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True: s.sendto(b"x" * 100, ("127.0.0.1", 40009)); time.sleep(0.02)' &
  STARTED="$STARTED $!"
}

can_capture() { tcpdump -i lo -c 1 -w /dev/null >/dev/null 2>&1; }

capture() {
  succeeds tcpdump "$@"
}

test_capture() {
  use_profile tcpdump
  is_root || skip "packet sockets take CAP_NET_RAW"
  send_packets
  can_capture || skip "no packets can be captured here"
  chmod 777 .
  capture -i lo -c 4 -n udp port 40009
  capture -i any -c 4 -w "$PWD/any.pcap" -s 200
  capture -i lo -c 4 -w "$PWD/lo.pcap" -C 1 -W 2 -B 4096 "udp and host localhost"
  capture -i lo -c 4 -w - -U -Z nobody
  capture -i lo -c 3 -l -e -vvv -X -tttt --immediate-mode
  capture -i lo -p -Q in -c 2 -nn -Z root
  start "${LAUNCH[@]}" tcpdump -i lo -n
  wait_until grep -q "listening on" daemon.log
  ends_well INT
  succeeds tcpdump -D
  succeeds tcpdump -r any.pcap -w - -n
}

test_reads_files() {
  use_profile tcpdump
  # A file with one UDP packet: header, packet header, Ethernet, IPv4, UDP.
  python3 -c '
import struct, sys
packet = bytes.fromhex("ffffffffffff0000000000000800") + bytes.fromhex("4500001d00010000401166cd7f0000017f000001") + struct.pack(">HHHH", 1, 53, 9, 0) + b"x"
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet)' >file.pcap
  succeeds tcpdump -n -r file.pcap
  grep -q '127.0.0.1.1 > 127.0.0.1.53' out || report "expected the packet"
  succeeds tcpdump -vv -X -r file.pcap "ip and udp"
  succeeds tcpdump -r - -w copy.pcap <file.pcap
  succeeds tcpdump -d "udp port 53"
  succeeds tcpdump -L -r file.pcap
}

# tcpdump itself starts a program for each file that is full, if it is told so.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile tcpdump
  run env LD_PRELOAD="$TEST_BIN/attack.so" "${PLAIN[@]}" tcpdump --version
  assert_status 0
  assert_stderr "attack: execve /bin/sh: Operation not permitted"
  run env LD_PRELOAD="$TEST_BIN/attack.so" tcpdump --version
  assert_status 99
  answers execve EPERM fork EPERM clone,17 EPERM ptrace EPERM bpf EPERM unlink EPERM socket,40,1,0 EAFNOSUPPORT listen EPERM
}

# A file of packets, and none of a home.
test_with_its_files_alone() {
  with_files tcpdump --ro /sys --rw .
  python3 -c '
import struct, sys
packet = bytes.fromhex("ffffffffffff0000000000000800") + bytes.fromhex("4500001d00010000401166cd7f0000017f000001") + struct.pack(">HHHH", 1, 53, 9, 0) + b"x"
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet)' >file.pcap
  succeeds tcpdump -n -r file.pcap -w copy.pcap -Z root
  succeeds tcpdump -vv -X -r copy.pcap "ip and udp"
  succeeds tcpdump -D
  run "${LAUNCH[@]}" tcpdump -r "$KEY"
  assert_stderr "tcpdump: $KEY: Permission denied"
  run tcpdump -r "$KEY"
  assert_stderr "tcpdump: unknown file format"
  is_root || skip "packet sockets take CAP_NET_RAW"
  send_packets
  can_capture || skip "no packets can be captured here"
  chmod 777 .
  capture -i any -c 4 -w "$PWD/any.pcap" -s 200
  capture -i lo -c 4 -n udp port 40009
  run "${LAUNCH[@]}" tcpdump -i lo -c 1 -w "$HOME/.ssh/authorized_keys" -Z root
  assert_stderr_has "Permission denied"
  assert_no_file "$HOME/.ssh/authorized_keys"
}

run_tests
