#!/bin/bash
# Ways out of a sandbox of files by something else than a file: services behind sockets, other processes, mounts.
. "$(dirname "$0")/landlock_escape_lib.sh"

# listen NAME: a server at a path, or with a NUL in front of the name.
listen() {
  need python3
  start /usr/bin/python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1].replace("@", "\0"))
s.listen()
print("ready", flush=True)
time.sleep(1000)' "$1"
  wait_until grep -q ready daemon.log || fail "no server: $(shown daemon.log)"
}

# Landlock restricts a socket that has a path from ABI 9 on only: before, the filter has to.
test_sockets_with_a_path() {
  prepare
  listen "$PWD/outside/socket"
  untrusted_answers EAFNOSUPPORT path_socket ../outside/socket
  comes_to EAFNOSUPPORT "$SANDBOX_RUN" --rwx . --no-unix -- "$LEAVE" path_socket ../outside/socket
  if [ "$(landlock_abi)" -ge 9 ]; then
    files_answer EACCES path_socket ../outside/socket
  else
    files_answer reached path_socket ../outside/socket # Documented.
  fi
}

test_abstract_sockets() {
  prepare
  listen "@sandbox-run-escape-$$"
  untrusted_answers EAFNOSUPPORT abstract_socket "sandbox-run-escape-$$"
  [ "$(landlock_abi)" -ge 6 ] || return 0
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [reboot]}]}
landlock: {scope: [abstract_unix_sockets]}\n' >scope.yml
  comes_to EPERM "$SANDBOX_RUN" -p ../scope.yml -- "$LEAVE" abstract_socket "sandbox-run-escape-$$"
}

# A server that executes what its client says.
test_tmux() {
  need tmux
  prepare
  start env -u TMUX SHELL=/bin/sh tmux -D -S "$PWD/outside/tmux" -f /dev/null
  wait_until test -S outside/tmux || fail "no server: $(shown daemon.log)"
  run tmux -S outside/tmux new-session -d "touch $PWD/outside/before; sleep 1000"
  assert_status 0
  wait_until test -e outside/before || fail "no command: $(shown daemon.log)"
  run env -C inside "${UNTRUSTED[@]}" -- tmux -S "$PWD/outside/tmux" new-window "touch $PWD/outside/escaped"
  [ "$status" != 0 ] || report "expected that the server is out of reach"
  run tmux -S outside/tmux new-window "touch $PWD/outside/after; sleep 1000"
  wait_until test -e outside/after # The server takes one command after the other.
  assert_no_file outside/escaped
  run tmux -S outside/tmux kill-server
}

test_ssh_agent() {
  need ssh-agent ssh-add
  prepare
  start ssh-agent -D -a "$PWD/outside/agent"
  wait_until test -S outside/agent || fail "no agent: $(shown daemon.log)"
  export SSH_AUTH_SOCK=$PWD/outside/agent
  run ssh-add -l
  assert_stdout "The agent has no identities."
  run env -C inside "${UNTRUSTED[@]}" -- ssh-add -l
  assert_status 2
  assert_stderr "Error connecting to agent: Address family not supported by protocol"
}

test_processes() {
  prepare
  start sleep 1000
  local signals=EPERM
  [ "$(landlock_abi)" -ge 6 ] || signals=reached # The launcher says so.
  untrusted_answers $signals signal "$started"
  untrusted_answers $signals pidfd_signal "$started"
  untrusted_answers EPERM limit "$started"
  # Without the filter Landlock alone: tracing always, signals where the scope says so.
  files_answer EPERM attach "$started"
  comes_to EPERM "${UNTRUSTED[@]}" -- "$LEAVE" attach "$started"
  files_answer reached signal "$started"
  is_running "$started" || fail "expected that the process is unharmed"
  # Its own children it may signal.
  run env -C inside "${UNTRUSTED[@]}" -- sh -c 'sleep 1000 & kill $!; wait $!'
  assert_status 143
}

test_queues_and_shared_memory() {
  prepare
  comes_to "shmget ENOSYS
msgget ENOSYS
semget ENOSYS
mq_open ENOSYS" "${UNTRUSTED[@]}" -- "$TEST_BIN/call" shmget msgget semget mq_open
}

# mounted COMMAND: as root, in a mount namespace that goes away, from the test's directory.
mounted() {
  is_root || skip "only root mounts"
  unshare -m --propagation private true 2>/dev/null || skip "no mount namespace can be made here"
  # In $1 "untrusted" is the launcher with the profile.
  run unshare -m --propagation private sh -ec "untrusted() { $(printf '%q ' "${UNTRUSTED[@]}") \"\$@\"; }; $1" \
    "$SANDBOX_RUN" "$LEAVE" "$PLAIN_FILTER"
}

test_mounts_inside() {
  prepare
  mkdir inside/mount
  mounted 'mount --bind outside inside/mount; cat inside/mount/secret; umount inside/mount
    cd inside; untrusted -- mount --bind ../outside mount || echo denied
    "$0" -p "$2" --rwx . -- mount --bind ../outside mount || echo denied; ls mount'
  assert_stdout "secret
denied
denied"
}

# What is mounted below a rule's directory belongs to it; what is mounted over the directory itself does not.
test_bind_mounts_before_the_launch() {
  prepare
  mkdir inside/mount elsewhere
  mounted 'mount --bind outside inside/mount; mount --bind inside elsewhere; cd inside
    untrusted -- "$1" open mount/secret 0
    untrusted -- "$1" open ../outside/secret 0
    untrusted -- "$1" open ../elsewhere/file 0'
  assert_stdout "reached
EACCES
reached"
}

test_a_mount_over_the_rule_s_directory() {
  prepare
  touch outside/file
  mkfifo inside/started inside/mounted
  mounted 'top=$PWD; cd inside
    "$0" -p "$2" --rwx . -- sh -c "exec 3<>mounted; echo x >started; read line <&3; cat $top/inside/file" &
    exec 3<>mounted; read line <started; mount --bind "$top/outside" "$top/inside"; echo x >&3; wait'
  assert_stdout ""
  assert_stderr "cat: $PWD/inside/file: Permission denied"
}

# The merged tree and its layers are trees of their own.
test_overlay() {
  prepare
  mkdir layers
  mounted 'mount -t tmpfs none layers; cd layers; mkdir lower upper work merged; echo text >lower/file
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged || { echo none; exit 0; }
    "$0" -p "$2" --ro merged -- "$1" open merged/file 0; "$0" -p "$2" --ro merged -- "$1" open lower/file 0
    "$0" -p "$2" --ro lower -- "$1" open lower/file 0; "$0" -p "$2" --ro lower -- "$1" open merged/file 0'
  [ "$(cat out)" != none ] || skip "no overlay can be mounted here"
  assert_stdout "reached
EACCES
reached
EACCES"
}

run_tests
