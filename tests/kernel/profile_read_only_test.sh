#!/bin/bash
# The profile read-only: programs that look at files, and change none.
. "$(dirname "$0")/profile_lib.sh"

prepare() {
  use_profile read-only
  mkdir -p tree/a
  seq 1 1000 >tree/a/numbers
  echo text >tree/file
  ln -s file tree/link
}

test_tools() {
  prepare
  tar cf before.tar tree
  succeeds sh -ec '
    grep -rn 99 tree | wc -l; find tree -type f -exec sha256sum {} + | wc -l; du -s --apparent-size tree >&2; ls -lR tree >&2
    diff tree/file tree/link; sort -n -r tree/a/numbers | head -n 1; tar c tree | tar t | wc -l; file=$(readlink tree/link); echo $file
    stat tree/file >&2; cmp tree/file tree/link; cksum tree/file >&2; tail -n 1 tree/a/numbers; awk "{s += \$1} END {print s}" tree/a/numbers
    xargs -n 1 basename <tree/file; df . >&2; id >&2; date >&2; sleep 0.01 & wait; test -r tree/file'
  assert_stdout "19
2
1000
5
file
1000
500500
text"
  succeeds tar c tree
  tar cf after.tar tree
  cmp before.tar after.tar
}

test_python() {
  prepare
  need python3
  succeeds python3 -c 'import pathlib, hashlib, concurrent.futures; print(len(pathlib.Path("tree/a/numbers").read_text().split()))'
  assert_stdout 1000
}

# A scanner that a file has taken over, or rm in place of ls: nothing is made, changed or deleted.
test_attack() {
  prepare
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  tar c tree | sha256sum >before
  local command
  for command in "rm tree/file" "echo x >tree/file" "echo x >>tree/file" "touch tree/file" "touch tree/new" "mkdir tree/new" \
    "mv tree/file tree/new" "ln tree/file tree/new" "ln -s x tree/new" "chmod 777 tree/file" "truncate -s 0 tree/file" \
    "cp tree/file tree/new" "mkfifo tree/new" "dd if=tree/file of=tree/new" "rmdir tree/a" "python3 -c 'import os; os.open(\"tree/file\", os.O_TRUNC)'"; do
    run "${PLAIN[@]}" sh -c "$command"
    [ "$status" != 0 ] || report "expected that it fails"
  done
  tar c tree | sha256sum >after
  cmp before after
  answers creat EROFS unlink EROFS socket,2,1,0 EAFNOSUPPORT openat2 ENOSYS io_uring_setup,1 ENOSYS
}

run_tests
