#!/bin/bash
# What a script or a program names as its interpreter or loader is opened before the launch, and its author may
# have named anything. A FIFO held up the launcher for ever, and a launcher of root's opened devices.
. "$(dirname "$0")/record_lib.sh"

write_policy with_token.yml allow "errno:EACCES execve execveat"
write_policy without_token.yml allow "errno:EACCES mkdir"
FOLDER=$PWD
REGULAR="it is not a regular file"

# each_launcher MESSAGE TARGET: with and without a token, supervised, recorded.
each_launcher() {
  local message=$1
  shift
  expect_failure 126 "$message" "$SANDBOX_RUN" -p "$FOLDER/without_token.yml" -- "$@"
  expect_failure 126 "$message" "$SANDBOX_RUN" -p "$FOLDER/with_token.yml" -- "$@"
  expect_failure 126 "$message" "$SANDBOX_RUN" --report -p "$FOLDER/without_token.yml" -- "$@"
  run "$SANDBOX_POLICY" record -o recorded.yml -- "$@"
  assert_status 126
  assert_stderr "sandbox-policy: error: $message"
}

# script FILE INTERPRETER
script() {
  printf '#!%s\n' "$2" >"$1"
  chmod 755 "$1"
}

# refused_behind_scripts PATH: as the interpreter of a script, and as that of its interpreter.
refused_behind_scripts() {
  script outer "$PWD/inner"
  script inner "$1"
  local why="its interpreter '$1' (in the '#!' line) cannot be used: $REGULAR"
  each_launcher "cannot execute './inner': $why" ./inner
  each_launcher "cannot execute './outer': its interpreter '$PWD/inner' (in the '#!' line) cannot be used: $why" ./outer
}

test_a_fifo_as_interpreter() {
  mkfifo -m 777 fifo
  refused_behind_scripts "$PWD/fifo"
}

test_a_link_to_a_fifo_as_interpreter() {
  mkfifo -m 777 fifo
  ln -s fifo link
  refused_behind_scripts "$PWD/link"
}

test_a_socket_as_interpreter() {
  need python3
  python3 -c 'import os, socket; socket.socket(socket.AF_UNIX).bind("socket"); os.chmod("socket", 0o777)'
  refused_behind_scripts "$PWD/socket"
}

test_a_device_as_interpreter() {
  is_root || skip "only root can make devices"
  mknod -m 777 zero c 1 5
  refused_behind_scripts "$PWD/zero"
  mknod -m 777 tty c 5 0
  refused_behind_scripts "$PWD/tty"
}

test_a_directory_as_interpreter() {
  mkdir folder
  script program "$PWD/folder"
  each_launcher "cannot execute './program': its interpreter '$PWD/folder' (in the '#!' line) cannot be used: it is a \
directory" ./program
}

# with_loader FILE PATH: a copy of a program, with this dynamic loader.
with_loader() {
  need python3
  python3 - "$TEST_BIN/inherited_state" "$1" "$2" <<'END'
import os, re, sys
program = open(sys.argv[1], "rb").read()
loader = re.search(rb"/lib[^\0]*/ld[^\0]*\.so[^\0]*\0", program)
name = sys.argv[3].encode()
room = loader.end() - loader.start()
assert len(name) < room
open(sys.argv[2], "wb").write(program[:loader.start()] + name.ljust(room, b"\0") + program[loader.end():])
os.chmod(sys.argv[2], 0o755)
END
}

test_a_fifo_as_dynamic_loader() {
  mkfifo -m 777 fifo
  with_loader program ./fifo
  each_launcher "cannot execute './program': its dynamic loader './fifo' cannot be used: $REGULAR" ./program
  script script "$PWD/program"
  each_launcher "cannot execute './script': its interpreter '$PWD/program' (in the '#!' line) cannot be used: its \
dynamic loader './fifo' cannot be used: $REGULAR" ./script
}

test_a_device_as_dynamic_loader() {
  is_root || skip "only root can make devices"
  mknod -m 777 zero c 1 5
  with_loader program ./zero
  each_launcher "cannot execute './program': its dynamic loader './zero' cannot be used: $REGULAR" ./program
}

test_a_fifo_as_program() {
  mkfifo -m 777 fifo
  each_launcher "cannot execute './fifo': $REGULAR" ./fifo
  PATH=$PWD:$PATH each_launcher "cannot execute '$PWD/fifo': $REGULAR" fifo
}

test_a_program_of_that_name_behind_a_fifo_in_path() {
  mkdir first second
  mkfifo -m 777 first/tool
  script second/tool /bin/true
  PATH=$PWD/first:$PWD/second:$PATH run "$SANDBOX_RUN" -p "$FOLDER/with_token.yml" -- tool
  assert_status 0
}

# Between one look at it and the next, the interpreter becomes a FIFO.
test_an_interpreter_that_is_replaced_by_a_fifo() {
  mkfifo -m 777 fifo
  script program "$PWD/interpreter"
  cp /bin/true original
  cp original interpreter
  swap() {
    while :; do
      ln fifo spare && mv spare interpreter && ln original spare && mv spare interpreter || return
    done
  }
  start swap
  local i ends=
  for i in $(seq 150); do
    run "$SANDBOX_RUN" -p "$FOLDER/with_token.yml" -- ./program
    case $status in
      0 | 126) ends="$ends $status" ;;
      *) report "expected 0 or 126" ;;
    esac
  done
  [[ $ends = *" 0"* && $ends = *" 126"* ]] || fail "the file was not replaced in time: $ends"
}

# Without /proc a file cannot be opened without the danger that another has taken its place. So the kernel finds it out.
test_without_proc() {
  is_root || skip "only root can take away /proc"
  need unshare
  unshare --mount true 2>unshare.err || skip "no mount namespace can be made: $(cat unshare.err)"
  script program /missing/interpreter
  mkfifo -m 777 fifo
  script waits "$PWD/fifo"
  script works /bin/true
  local hide=(unshare --mount sh -c 'mount -t tmpfs none /proc; exec "$@"' sh)
  # One who may fill an empty /proc gets no further.
  local fill=(unshare --mount sh -c 'mount -t tmpfs none /proc; mkdir -p /proc/self/fd
    for i in 3 4 5 6 7 8 9; do ln -s "$PWD/fifo" /proc/self/fd/$i; done; exec "$@"' sh)
  local name
  for name in with_token without_token; do
    expect_failure 126 "cannot execute './program': it, or the interpreter that it asks for, is gone" \
      "${hide[@]}" "$SANDBOX_RUN" -p "$FOLDER/$name.yml" -- ./program
    expect_failure 126 "cannot execute './waits': Permission denied" \
      "${fill[@]}" "$SANDBOX_RUN" -p "$FOLDER/$name.yml" -- ./waits
    run "${hide[@]}" "$SANDBOX_RUN" -p "$FOLDER/$name.yml" -- ./works
    assert_status 0
    run "${fill[@]}" "$SANDBOX_RUN" -p "$FOLDER/$name.yml" -- ./works
    assert_status 0
  done
}

run_tests
