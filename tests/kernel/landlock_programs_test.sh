#!/bin/bash
# Programs under restricted files: what people meet, and what the manual says of it.
. "$(dirname "$0")/lib.sh"

CALL=$TEST_BIN/call

test_programs() {
  need python3 git
  export HOME=$PWD/home # Git dies of configuration that it cannot read.
  git init -q repository
  echo text >repository/file
  ln -s /etc/hostname outside
  run "$SANDBOX_RUN" --rw repository -- git -C repository -c user.name=n -c user.email=e@x add file
  assert_stderr ""
  assert_status 0
  run "$SANDBOX_RUN" --ro repository -- /usr/bin/python3 -c 'import json, ssl, subprocess
print(open("repository/file").read().strip(), subprocess.run(["/bin/echo", "child"], capture_output=True).stdout)
open("outside")'
  assert_stdout "text b'child\\n'"
  assert_stderr_has "PermissionError: [Errno 13] Permission denied: 'outside'"
}

# A rule is on a file, and not on its name.
test_a_file_that_is_replaced() {
  mkdir folder
  echo old >file
  echo new >other
  run "$SANDBOX_RUN" --ro file --rw folder -- sh -c 'cat file; echo a >folder/a; echo b >folder/b; mv folder/b folder/a; cat folder/a'
  assert_stdout "old
b"
  start "$SANDBOX_RUN" --ro file -- sh -c 'echo ready; while [ "$(cat file 2>&1)" = old ]; do :; done; cat file'
  wait_until grep -q ready daemon.log
  mv other file
  wait_until has_ended "$started"
  assert_equal "cat: file: Permission denied" "$(tail -1 daemon.log)"
}

# 'execute' is about execve(2): what can be read can be run by its loader, or out of memory.
test_what_can_be_read_can_be_run() {
  need python3
  local loader
  loader=$(ls /lib64/ld-linux-x86-64.so.2 2>/dev/null) || skip "another loader"
  cp /bin/true tool
  cp "$CALL" static
  run "$SANDBOX_RUN" --ro tool -- sh -c './tool; echo $?; '"$loader"' ./tool; echo $?'
  assert_stdout "126
0"
  run "$SANDBOX_RUN" --ro static -- python3 -c 'import os
fd = os.memfd_create("copy", 0)
os.write(fd, open("static", "rb").read())
os.execve(fd, ["static", "getpid"], os.environ)'
  assert_stdout "getpid ok"
}

# A pipe or a terminal needs no rule; a file does.
test_dev_stdout() {
  run "$SANDBOX_RUN" --ro /etc/hostname -- sh -c 'echo text >/dev/stdout' # It is a file here.
  assert_stderr "sh: 1: cannot create /dev/stdout: Permission denied"
  run "$SANDBOX_RUN" --rw out -- sh -c 'echo text >/dev/stdout'
  assert_stdout text
  run sh -c '"$0" --ro /etc/hostname -- sh -c "echo text >/dev/stdout" | cat' "$SANDBOX_RUN"
  assert_stdout text
}

# A password is not echoed: the terminal is controlled by ioctl(2), which @devices allows.
test_a_password_prompt() {
  need python3
  cat >prompt.py <<'END'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
  os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while not seen.endswith(b": "):
  seen += os.read(terminal, 1)
os.write(terminal, b"secret\n")
try:
  while part := os.read(terminal, 1000):
    seen += part
except OSError:
  pass
print(seen.decode().replace("\r", ""), end="")
END
  local ask='import getpass; print(len(getpass.getpass("ask: ")))'
  run python3 prompt.py "$SANDBOX_RUN" --ro /etc/hostname -- /usr/bin/python3 -c "$ask"
  assert_stdout "ask: 
6"
}

# @proc covers /proc/self of each process. A rule on /proc/self itself is about one of them.
test_proc_self() {
  run "$SANDBOX_RUN" --ro /etc/hostname -- sh -c '(cat /proc/self/comm); cat /proc/$$/comm'
  assert_stdout "cat
sh"
  run "$SANDBOX_RUN" --ro /proc/self -- true
  assert_stderr ""
  run "$SANDBOX_RUN" --report --ro /proc/self --ro /proc/self/fd/0 -- true </etc/hostname
  assert_stderr "sandbox-run: warning: command line:1:6: '/proc/self' is a process of sandbox-run's with --report, and $(
    )not the program's; give /proc
sandbox-run: no call was denied"
}

test_the_working_directory() {
  mkdir work
  echo text >work/file
  echo "print(open('file').read(), end='')" >work/script.py
  (
    cd work
    run "$SANDBOX_RUN" --rwx . -- cat file ../../test_programs 2>/dev/null
    assert_stdout text
  )
  HOME=$PWD/work run env -C "$PWD/work" "$SANDBOX_RUN" --rwx . -- touch started
  assert_status 125
  assert_stderr_has "command line:1:7: '.' is the working directory, '$PWD/work', which is the home directory"
  assert_no_file work/started
}

test_the_home_directory_by_another_name() {
  mkdir home
  ln -s home link
  echo key >home/key
  for home in "$PWD/link" "$PWD//home/./"; do
    HOME=$home run env -C "$PWD/home" "$SANDBOX_RUN" --ro . -- cat key
    assert_status 125
    assert_stderr "sandbox-run: error: command line:1:6: '.' is the working directory, '$PWD/home', which is the home directory; change to another directory, or write out the paths that the program needs"
  done
  HOME=$PWD/home run env -C "$PWD/link" PWD="$PWD/link" "$SANDBOX_RUN" --ro . -- cat key
  assert_status 125
}

test_a_home_that_is_no_absolute_path() {
  mkdir home
  HOME=home run "$SANDBOX_RUN" --ro '~' -- true
  assert_status 125
  assert_stderr "sandbox-run: error: command line:1:6: '~' stands for HOME, which is not set; write out the path"
}

test_a_policy_below_a_working_directory_that_is_gone() {
  mkdir gone data
  printf 'landlock: {files: [{access: [read], paths: [data]}]}\n' >app.yml
  run sh -c 'cd gone && rmdir ../gone && exec "$0" -p ../app.yml -- true' "$SANDBOX_RUN"
  assert_status 125
  assert_stderr "sandbox-run: error: ../app.yml:1:45: 'data' is relative to the working directory, which cannot be known"
}

# Landlock's way around: moving, linking, renaming between rules.
test_moves_between_rules() {
  mkdir ro rw
  echo text >ro/file
  run "$SANDBOX_RUN" --ro ro --rw rw -- sh -c 'ln ro/file rw/link; mv ro/file rw/moved; cp ro/file rw/copy; cat rw/copy'
  assert_stdout text
  [ ! -e rw/link ] && [ ! -e rw/moved ] || report "expected that nothing was moved"
}

# The kernel denies them in every layer without a rule for them, as soon as another layer is about files.
test_a_section_without_files_denies_no_moves() {
  local section
  mkdir -p rw/a rw/b
  for section in 'tcp: {connect: [443]}' 'scope: [signals]'; do
    echo "landlock: {$section, best_effort: true}" >app.yml
    echo text >rw/a/file
    run "$SANDBOX_RUN" -q -p app.yml --rw rw -- sh -c 'ln rw/a/file rw/b/link && rm rw/b/link && mv -n rw/a/file rw/b'
    assert_status 0
    assert_stderr ""
    rm rw/b/file
  done
  echo text >rw/a/file
  run "$SANDBOX_RUN" -p app.yml --ro rw --rw rw/a -- ln rw/a/file rw/b/link
  assert_status 1
  assert_no_file rw/b/link
}

# Without an option nothing is added to a launch, and a ready-made filter stays one. With one, rulesets are made first,
# and applied behind no_new_privs and before the filter.
test_what_a_launch_calls() {
  need strace
  strace -o calls "$SANDBOX_RUN" -- true || skip "strace cannot trace here"
  ! grep -q landlock calls || fail "expected no call of Landlock's"
  strace -o calls "$SANDBOX_RUN" --ro /etc/hostname -- true || true
  assert_equal "landlock_add_rule no_new_privs landlock_restrict_self seccomp execve" "$(sed -n '2,$p' calls |
    sed -En 's/.*PR_SET_NO_NEW_PRIVS.*/no_new_privs/p; s/^seccomp\(SECCOMP_SET_MODE_FILTER.*= [0-9]+$/seccomp/p
      s/^(landlock_add_rule|landlock_restrict_self)\([0-9].*= 0$/\1/p; s/^(execve)\(.*/\1/p' | uniq | tr '\n' ' ' | sed 's/ $//')"
  ! grep -q 'open.*yml.*= [0-9]' calls || fail "expected that no policy is read"
}

run_tests
