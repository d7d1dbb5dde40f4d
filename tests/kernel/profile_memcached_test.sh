#!/bin/bash
# The profile memcached: TCP, UDP and a local socket, threads, slabs, privileges given up.
. "$(dirname "$0")/profile_lib.sh"
need memcached python3

load() {
  python3 - "$1" "$2" <<'END'
import socket, sys, threading, time
def text(connect):
    s = connect(); f = s.makefile("rwb", buffering=0)
    def ask(line, end):
        f.write(line)
        while True:
            answer = f.readline()
            if not answer or answer.strip().split(b" ")[0] in end: return answer
    for i in range(50): ask(b"set key%d 0 1 10\r\n0123456789\r\n" % i, [b"STORED"])
    ask(b"set large 0 0 200000\r\n" + b"x" * 200000 + b"\r\n", [b"STORED"])
    ask(b"get key1 key2 large\r\n", [b"END"]); ask(b"touch key1 20\r\n", [b"TOUCHED", b"NOT_FOUND"])
    for what in b"", b" settings", b" items", b" slabs", b" conns", b" sizes": ask(b"stats%s\r\n" % what, [b"END"])
    ask(b"delete key2\r\n", [b"DELETED", b"NOT_FOUND"]); ask(b"verbosity 1\r\n", [b"OK"]); ask(b"lru_crawler crawl all\r\n", [b"OK", b"BUSY"]); ask(b"flush_all\r\n", [b"OK"]); s.close()
def tcp(): return socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def local(): s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[2]); return s
connect = local if sys.argv[2] else tcp
threads = [threading.Thread(target=text, args=(connect,)) for i in range(3)]
[t.start() for t in threads]; [t.join() for t in threads]
if not sys.argv[2]:
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(5)
    u.sendto(b"\0\1\0\0\0\1\0\0version\r\n", ("127.0.0.1", int(sys.argv[1]))); print(u.recv(1000)[8:15].decode())
time.sleep(0.2)
END
}

test_tcp_and_udp() {
  use_profile memcached
  port=$(free_port)
  start "${LAUNCH[@]}" memcached -u nobody -l 127.0.0.1 -p "$port" -U "$port" -m 64 -t 4 -vv -o modern -P "$PWD/pid"
  wait_until python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null
  assert_equal VERSION "$(load "$port" "")"
  ends_well TERM
}

# On a local socket.
serves_as_daemon() {
  chmod 777 .
  start "${LAUNCH[@]}" memcached -u nobody -s "$PWD/socket" -a 0777 -m 64 -k -d -P "$PWD/pid" -L
  wait_until test -S socket -a -s pid || fail "expected a socket: $(shown daemon.log)"
  load 0 "$PWD/socket"
  kill "$(cat pid)"
  wait_until has_ended "$(cat pid)" || fail "expected memcached to end"
}

test_local_socket_and_daemon() {
  use_profile memcached
  serves_as_daemon
}

test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile memcached
  run env LD_PRELOAD="$TEST_BIN/attack.so" "${PLAIN[@]}" memcached -V
  assert_status 0
  assert_stderr "attack: execve /bin/sh: Operation not permitted"
  run env LD_PRELOAD="$TEST_BIN/attack.so" memcached -V
  assert_status 99
  answers execve EPERM ptrace EPERM connect ECONNREFUSED socket,17,3,0 EAFNOSUPPORT mount EPERM bpf EPERM chown EPERM
}

test_with_its_files_alone() {
  with_files memcached --rw .
  serves_as_daemon
  add_options --rox "$TEST_BIN"
  run env LD_PRELOAD="$TEST_BIN/attack.so" ATTACK_FILE="$KEY" "${PLAIN[@]}" memcached -V
  assert_stderr "attack: open $KEY: Permission denied
attack: execve /bin/sh: Operation not permitted"
  run env LD_PRELOAD="$TEST_BIN/attack.so" ATTACK_FILE="$KEY" memcached -V
  assert_stderr_has "attack: open $KEY: Success"
}

test_files_of_debian() { assert_files_of memcached memcached; }

run_tests
