#!/bin/bash
# The profile sshd: logins with a terminal and without, commands, files, forwarded ports.
. "$(dirname "$0")/profile_lib.sh"
need /usr/sbin/sshd ssh ssh-keygen python3
is_root || {
  echo "skipped: without root sshd changes to no other user" >&2
  exit 77
}

serve_sshd() {
  [ -d /run/sshd ] || mkdir -m 755 /run/sshd
  ssh-keygen -q -t ed25519 -N "" -f host_key
  ssh-keygen -q -t ed25519 -N "" -f user_key
  mkdir -m 755 keys
  cp user_key.pub keys/authorized
  port=$(free_port)
  cat >sshd_config <<END
Port $port
HostKey $PWD/host_key
AuthorizedKeysFile $PWD/keys/authorized
StrictModes no
UsePAM $1
PidFile none
Subsystem sftp /usr/lib/openssh/sftp-server
ListenAddress 127.0.0.1
PermitRootLogin yes
PasswordAuthentication no
AllowAgentForwarding yes
X11Forwarding yes
LogLevel VERBOSE
END
  options=(-F /dev/null -i "$PWD/user_key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o "Port=$port")
  start "${LAUNCH[@]}" /usr/sbin/sshd -D -e -f "$PWD/sshd_config"
  daemon_answers ssh "${options[@]}" localhost true
}

log_in() {
  echo text >file
  run ssh "${options[@]}" localhost 'id -u; echo x | sort | cat; ls /proc >/dev/null; df >/dev/null; ps >/dev/null; git --version >/dev/null 2>&1; sleep 0.01 & wait'
  assert_status 0
  assert_stdout "0
x"
  run ssh -tt "${options[@]}" localhost 'tty >/dev/null; stty size >/dev/null; bash -i -c "echo interactive"; vi --version >/dev/null 2>&1; true' </dev/null
  assert_status 0
  grep -q interactive out || report "expected an interactive shell"
  run scp -q "${options[@]}" file "localhost:$PWD/copy"
  assert_status 0
  cmp file copy
  run scp -O -q -p -r "${options[@]}" "localhost:$PWD/keys" copies
  assert_status 0
  printf 'ls\nmkdir d\nrename copy d/copy\nchmod 600 d/copy\nrm d/copy\nrmdir d\nln -s a b\nrm b\ndf\nbye\n' >batch
  run sftp -q "${options[@]}" -b batch "localhost:$PWD"
  assert_status 0
  start_forwarding=$(free_port)
  ssh "${options[@]}" -L "$start_forwarding:127.0.0.1:$port" -R 0:127.0.0.1:1 -N localhost >forwarded 2>&1 &
  forwarding=$!
  STARTED="$STARTED $forwarding"
  wait_until python3 -c "import socket; s = socket.create_connection(('127.0.0.1', $start_forwarding)); s.recv(4)" 2>/dev/null ||
    fail "expected a forwarded port"
  kill "$forwarding"
  if getent passwd nobody >/dev/null; then
    run ssh "${options[@]}" nobody@localhost true # Has no shell to log in to; sshd tries.
  fi
}

test_log_in() {
  use_profile sshd
  serve_sshd no
  log_in
  ends_well TERM
}

test_log_in_with_pam() {
  use_profile sshd
  serve_sshd yes
  log_in
  kill -HUP "$started" # Starts itself anew.
  daemon_answers ssh "${options[@]}" localhost true
  ends_well TERM
}

# Root logs in, and stays without what administers the machine.
test_attack() {
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  use_profile sshd
  LAUNCH=("${PLAIN[@]}")
  serve_sshd no
  run ssh "${options[@]}" localhost "$TEST_BIN/call ptrace,16,1 mount unshare,0x10000000 init_module socket,17,3,0 bpf"
  assert_status 0
  assert_stdout "ptrace EPERM
mount EPERM
unshare EPERM
init_module EPERM
socket EAFNOSUPPORT
bpf EPERM"
}

run_tests
