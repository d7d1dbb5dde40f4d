#!/bin/bash
# The profile untrusted: tools of all kinds at work in the working directory, and nothing else.
. "$(dirname "$0")/profile_lib.sh"
need_landlock 6

# prepare: a home with a key in it, and a directory to work in, which is the working directory from here on.
prepare() {
  use_profile untrusted
  mkdir -p home/.ssh work
  echo "a private key" >home/.ssh/id_rsa
  export HOME=$PWD/home GIT_CONFIG_NOSYSTEM=1
  unset TMPDIR
  cd work
}

test_files_and_shells() {
  prepare
  succeeds ls -la /usr .
  succeeds sh -ec 'echo text >file; mkdir -p dir/sub; cp -a file dir/copy; mv dir/copy dir/sub; ln -s file link; cat link
    ln file other; rm file; chmod 700 dir; sed -i s/text/new/ other; grep -r new . >/dev/null; find . | sort
    tar czf all.tgz dir other; tar tzf all.tgz >/dev/null; echo x >/dev/null; head -c 4 /dev/urandom >random
    ps ax >/dev/null; id >/dev/null; date >/dev/null; nproc >/dev/null; df . >/dev/null; diff other other'
  assert_stderr ""
}

# Temporary files are made below TMPDIR; /tmp is out of reach.
test_a_build() {
  need gcc make
  prepare
  mkdir tmp
  printf '#include <math.h>\n#include <stdio.h>\nint main(int c, char** v) { printf("%%s %%.0f\\n", v[0], sqrt(c)); }\n' >main.c
  printf 'tool: main.o\n\tgcc -o tool main.o -lm\nmain.o: main.c\n\tgcc -O2 -c main.c\n' >Makefile
  TMPDIR=$PWD/tmp succeeds make
  succeeds ./tool
  assert_stdout "./tool 1"
  rm main.o
  run "${PLAIN[@]}" make
  grep -Eqx "Cannot create temporary file in (/var)?/tmp/: Permission denied" err || report "expected no temporary file"
}

test_python() {
  prepare
  succeeds /usr/bin/python3 -c '
import json, os, socket, ssl, sqlite3, subprocess, tempfile, threading
with tempfile.NamedTemporaryFile() as file:
  assert os.path.dirname(file.name) == os.getcwd()
threads = [threading.Thread(target=os.getpid) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
database = sqlite3.connect("data.db")
database.execute("create table t (x)")
database.commit()
ours, theirs = socket.socketpair()
ours.send(b"x")
print(theirs.recv(1).decode(), subprocess.run(["/bin/echo", "child"], capture_output=True, text=True).stdout.strip())
try:
  socket.socket()
except OSError as error:
  print(error)'
  assert_stdout "x child
[Errno 97] Address family not supported by protocol"
}

test_node() {
  need node
  prepare
  succeeds node -e '
const fs = require("fs");
fs.writeFileSync("file", "text");
console.log(fs.readFileSync("file", "utf8"), require("child_process").execSync("echo child").toString().trim());
const { Worker } = require("worker_threads");
new Worker("require(\"worker_threads\").parentPort.postMessage(\"worker\")", { eval: true }).on("message", console.log);'
  assert_stdout "text child
worker"
}

test_git() {
  need git
  prepare
  mkdir repository
  cd repository
  printf 'out\nerr\n' >.gitignore # Of run.
  succeeds sh -ec 'git init -q .; git add .gitignore; echo one >file; git add file; git -c user.name=n -c user.email=e@x commit -q -m First
    echo two >>file; git diff --stat >/dev/null; git log --oneline >/dev/null; git status --short'
  assert_stdout " M file"
}

test_what_is_out_of_reach() {
  prepare
  run "${PLAIN[@]}" cat "$HOME/.ssh/id_rsa"
  assert_stderr "cat: $HOME/.ssh/id_rsa: Permission denied"
  run "${PLAIN[@]}" sh -c "cp $HOME/.ssh/id_rsa key; ls $HOME; echo x >$HOME/.profile; cat key"
  assert_stdout ""
  assert_no_file "$HOME/.profile"
  run "$SANDBOX_RUN" -q --report --profile untrusted -- cat "$HOME/.ssh/id_rsa"
  assert_status 1
  assert_stderr_has "cat: $HOME/.ssh/id_rsa: Permission denied"
  run "$SANDBOX_RUN" --report --profile untrusted -- cat "$HOME/.ssh/id_rsa"
  assert_stderr_has "]  by profile untrusted: no rule lets it read $HOME/.ssh/id_rsa"
}

# A launch has nothing to say, where all is well.
test_a_launch_is_silent() {
  prepare
  run "${PLAIN[@]}" true
  assert_status 0
  assert_stderr ""
  run "$TEST_BIN/on_terminal" "${PLAIN[@]}" true # Where people read, more is checked.
  assert_status 0
  assert_stdout ""
}

test_the_working_directory_is_not_home() {
  prepare
  local here why
  for here in "$HOME" "${HOME%/*}" /; do
    case $here in
      "$HOME") why=", '$here', which is the home directory" ;;
      /) why=", and that is /" ;;
      *) why=", '$here', which holds the home directory '$HOME'" ;;
    esac
    run env -C "$here" "${PLAIN[@]}" touch "$PWD/started"
    assert_status 125
    assert_stderr_has "error: profile untrusted:"
    assert_stderr_has "'@cwd' is the working directory$why"
    assert_no_file started
  done
}

# Without Landlock nothing is started. An outer filter answers for the kernel.
test_without_landlock() {
  prepare
  run "$TEST_BIN/outer_filter" landlock_create_ruleset 38 "${PLAIN[@]}" touch started
  assert_status 125
  assert_stderr_has "this kernel has no Landlock; Linux 5.13 or later is needed"
  assert_no_file started
}

test_an_interpreter_elsewhere() {
  prepare
  cp /bin/true ../interpreter
  printf '#!%s/interpreter\n' "${PWD%/*}" >script
  chmod +x script
  expect_failure 125 "profile untrusted:$(grep -n ^landlock: "$POLICIES/untrusted.yml" | cut -d: -f1):1: '${PWD%/*}/interpreter', $(
    )an interpreter of './script', may not be read and executed; a copy of the profile can allow it: add below 'files': $(
    )- {access: [read, execute], paths: [\"${PWD%/*}/interpreter\"]}" "${PLAIN[@]}" ./script
}

test_attack() {
  prepare
  answers socket,1,1 EAFNOSUPPORT socket,2,1 EAFNOSUPPORT socket,16,3 EAFNOSUPPORT connect EPERM bind EPERM \
    io_uring_setup ENOSYS ptrace,16,1 EPERM process_vm_readv EPERM pidfd_getfd EPERM open_by_handle_at EPERM \
    mount EPERM unshare,0x10000000 EPERM shmget ENOSYS mq_open ENOSYS prlimit64,1,0 EPERM
}

run_tests
