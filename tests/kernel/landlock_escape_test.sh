#!/bin/bash
# Ways out of a sandbox of files: other names of a file, descriptors, truncation, moves between rules. Each is denied, or
# is one that the manual names as open.
. "$(dirname "$0")/landlock_escape_lib.sh"

test_other_names() {
  prepare
  ln -s ../outside/secret inside/link
  both_answer EACCES open link 0
  both_answer EACCES open ../outside/secret 0
  both_answer EACCES open /proc/self/root"$TOP"/outside/secret 0
  both_answer EACCES open /proc/self/cwd/../outside/secret 0
  # A link that is made inside leads no further.
  run env -C inside "${UNTRUSTED[@]}" -- sh -c 'ln -s ../outside/secret own && cat own'
  assert_stderr "cat: own: Permission denied"
}

# Another process of the user is no way around: its root, its working directory and its descriptors are out of reach.
test_by_another_process() {
  prepare
  start sh -c 'cd outside; exec 3<secret; echo ready; exec sleep 1000'
  wait_until grep -q ready daemon.log || fail "no process: $(shown daemon.log)"
  local name
  for name in cwd/secret "root$TOP/outside/secret" fd/3; do
    comes_to reached "$LEAVE" open "/proc/$started/$name" 0
    comes_to EACCES "${UNTRUSTED[@]}" -- "$LEAVE" open "/proc/$started/$name" 0
    files_answer EACCES open "/proc/$started/$name" 0
  done
  untrusted_answers EACCES open "/proc/$started/mem" 2 # O_RDWR
  # To read is allowed below /proc; the kernel asks besides whether it might be traced. Root may, by CAP_PERFMON.
  comes_to reached "$LEAVE" open "/proc/$started/environ" 0
  is_root || both_answer EACCES open "/proc/$started/environ" 0
}

# in_vain RESULT WAY FROM TO: what is made at TO is removed again where it works.
in_vain() {
  local expected=$1
  shift
  comes_to reached "$LEAVE" "$@"
  rm "inside/$3"
  comes_to "$expected" "${UNTRUSTED[@]}" -- "$LEAVE" "$@"
  files_answer "$expected" "$@"
}

# A hard link cannot be made out of the tree or into it, where the file would have more rights. One that is there is a
# file of the tree.
test_hard_links() {
  prepare
  in_vain EXDEV link ../outside/secret made
  in_vain EACCES link file ../outside/made
  ln outside/secret inside/there
  both_answer reached open there 0
}

test_moves() {
  prepare
  mkdir inside/more
  local way
  for way in rename exchange; do
    comes_to EACCES "${UNTRUSTED[@]}" -- "$LEAVE" $way ../outside/secret file
    comes_to EACCES "${UNTRUSTED[@]}" -- "$LEAVE" $way file ../outside/secret
    files_answer EACCES $way ../outside/secret file
    files_answer EACCES $way file ../outside/secret
  done
  assert_equal "secret text" "$(cat outside/secret) $(cat inside/file)"
  # Inside all is free.
  files_answer reached rename file more/file
  echo other >inside/other
  files_answer reached exchange more/file other
  assert_equal "text other" "$(cat inside/other) $(cat inside/more/file)"
}

# Between two rules a file does not gain a right: the error is that of another file system, and programs copy.
test_moves_between_rules() {
  prepare
  mkdir inside/rw inside/rwx inside/ro
  touch inside/rw/tool inside/ro/file
  FILES=(--rw rw --rwx rwx --ro ro)
  files_answer EXDEV rename rw/tool rwx/tool
  files_answer EXDEV link rw/tool rwx/tool
  files_answer EACCES rename ro/file rw/file
  files_answer EACCES rename rw/tool ro/tool
  FILES=(--rwx rw --rwx rwx --ro ro)
  files_answer reached rename rw/tool rwx/tool
}

test_descriptors() {
  prepare
  both_answer EACCES reopen ../outside/secret
  both_answer EACCES below_path ../outside/secret
}

# What is open, or is handed over by a process outside, is the sandbox's: only opening is restricted.
test_inherited_and_passed_descriptors() {
  prepare
  need python3
  comes_to reached sh -c 'exec "$@" 3<../outside/secret' sh "${UNTRUSTED[@]}" -- "$LEAVE" inherit 3
  comes_to EACCES sh -c 'exec "$@" 3<../outside/secret' sh "${UNTRUSTED[@]}" -- "$LEAVE" open /dev/fd/3 0
  cat >send.py <<'END'
import os, socket, subprocess, sys
ours, theirs = socket.socketpair()
child = subprocess.Popen(sys.argv[1:] + [str(theirs.fileno())], pass_fds=[theirs.fileno()])
with open("../outside/secret") as secret:
  socket.send_fds(ours, [b"x"], [secret.fileno()])
child.wait()
END
  comes_to reached /usr/bin/python3 ../send.py "${UNTRUSTED[@]}" -- "$LEAVE" receive
}

# Root alone may open by handle. The filter denies it; without that, Landlock sees a file that has no way up from it.
test_file_handles() {
  is_root || skip "only root opens files by their handles"
  prepare
  [ "$(in_inside "$LEAVE" handle ../outside/secret)" = reached ] || skip "this file system has no handles"
  untrusted_answers EPERM handle ../outside/secret
  files_answer EACCES handle ../outside/secret
}

test_truncation() {
  prepare
  echo text >inside/keep
  FILES=(--ro keep)
  files_answer EACCES truncate keep
  files_answer EACCES open keep 512  # O_TRUNC
  files_answer EACCES open keep 513  # O_TRUNC|O_WRONLY
  files_answer EACCES open keep 1025 # O_APPEND|O_WRONLY
  assert_equal text "$(cat inside/keep)"
  FILES=(--rw keep)
  if [ "$(landlock_abi)" -ge 3 ]; then
    files_answer reached truncate keep
  else
    files_answer EACCES truncate keep # By the filter, which does not see the file: open(2) truncates it.
    files_answer reached open keep 513
  fi
  assert_equal "" "$(cat inside/keep)"
  comes_to EACCES "${UNTRUSTED[@]}" -- "$LEAVE" truncate ../outside/secret
  comes_to EACCES "${UNTRUSTED[@]}" -- "$LEAVE" open ../outside/secret 512
  assert_equal secret "$(cat outside/secret)"
}

# 'execute' is about execve(2) alone: what can be read can be run out of memory.
test_memory_is_executed() {
  prepare
  cp "$TEST_BIN/call" inside/tool
  FILES=(--ro tool)
  comes_to "getpid ok" "$SANDBOX_RUN" "${FILES[@]}" -- "$LEAVE" memory tool getpid
  comes_to "getpid ok" "${UNTRUSTED[@]}" -- "$LEAVE" memory tool getpid
}

test_io_uring() {
  prepare
  comes_to "io_uring_setup ENOSYS" "${UNTRUSTED[@]}" -- "$TEST_BIN/call" io_uring_setup
  comes_to "io_uring_setup ENOSYS" "$SANDBOX_RUN" --rw . -- "$TEST_BIN/call" io_uring_setup
}

# The attributes of files need no right. The manual says so.
test_attributes_stay_open() {
  prepare
  run env -C inside "${UNTRUSTED[@]}" -- chmod 640 ../outside/secret
  assert_status 0
  assert_equal 640 "$(stat -c %a outside/secret)"
}

run_tests
