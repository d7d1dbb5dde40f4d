#!/bin/bash
# What the filter closes where Landlock is too old for it: truncation below ABI 3, access mode 3 below ABI 5; and what
# it cannot close. Newer kernels show the same to a launcher that finds an older ABI.
. "$(dirname "$0")/lib.sh"

OWN=$(landlock_abi)
[ -n "$OWN" ] || skip "this kernel has no Landlock"

# below ABI: those of them that can be tried here.
below() { seq "$((OWN < $1 ? OWN : $1 - 1))"; }

# under OPTION...: truncate_ways, with a policy that denies next to nothing beside.
under() {
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [acct]}]}\n' >open.yml
  mkdir -p tree
  echo text >tree/file
  run sh -c 'exec "$@" <>tree/file' sh "${LAUNCH[@]}" -q -p open.yml "$@" -- "$TEST_BIN/truncate_ways" tree/file
  assert_status 0
}

test_the_ways_are_open_without_it() {
  mkdir tree
  echo text >tree/file
  run sh -c '"$1" tree/file <>tree/file' sh "$TEST_BIN/truncate_ways"
  local way
  for way in open openat openat-3 openat2 truncate link; do
    grep -qx "$way emptied" out || report "expected that $way truncates"
  done
}

test_no_way_empties_a_file_that_may_be_read() {
  local abi
  for abi in $(below 5); do
    as_abi "$abi"
    under --ro tree
    ! grep emptied out || report "expected with ABI $abi that the file is kept"
    assert_equal 15 "$(wc -l <out)"
    assert_equal "mode-3 EACCES" "$(tail -1 out)"
  done
}

test_writing_truncates() {
  local abi way
  for abi in $(below 5); do
    as_abi "$abi"
    under --rw tree
    for way in write read-write creat; do grep -qx "$way emptied" out || report "expected that $way truncates"; done
    assert_equal "mode-3 EACCES" "$(tail -1 out)"
  done
}

# Which calls the filter denies, and what they get, by ABI.
test_what_the_filter_denies() {
  local abi
  for abi in $(below 6); do
    as_abi "$abi"
    run "${LAUNCH[@]}" -q --ro / -- "$TEST_BIN/call" truncate,-1 openat2,-100,-1,0,0 openat,-100,-1,3 \
      openat,-100,-1,01000
    case $abi in
      1 | 2) assert_stdout "truncate EACCES
openat2 ENOSYS
openat EACCES
openat EACCES" ;;
      3 | 4) assert_stdout "truncate EFAULT
openat2 ENOSYS
openat EACCES
openat EFAULT" ;;
      *) assert_stdout "truncate EFAULT
openat2 EINVAL
openat EFAULT
openat EFAULT" ;;
    esac
  done
}

test_what_cannot_be_told_apart_is_an_error() {
  printf 'landlock: {files: [{access: [write_file], paths: [/tmp]}]}\n' >p.yml
  local abi
  for abi in $(below 3); do
    as_abi "$abi"
    expect_failure 125 "p.yml:1:1: this kernel cannot enforce 'truncate' apart from 'write_file', which Linux 6.2 brought; $(
    )with 'best_effort: true' or --best-effort the program starts without, and files that may be written can be truncated, $(
    )and no others" "${LAUNCH[@]}" -p p.yml -- touch started
    assert_no_file started
  done
}

# Before Linux 5.19 nothing is moved between directories: there is a warning, since nothing stays open.
test_moves() {
  as_abi 1
  mkdir -p tree/a tree/b
  touch tree/a/file
  run "${LAUNCH[@]}" --rw tree -- ln tree/a/file tree/b
  assert_status 1
  assert_stderr_has "warning: command line:1:1: this kernel denies moving and linking files between directories, whatever $(
  )a policy allows; Linux 5.19 brought 'refer'"
  assert_stderr_has "Invalid cross-device link"
}

# Scopes came with ABI 6. What else the profile promises an old kernel keeps, with the filter's help.
test_untrusted() {
  local abi with="which Linux 6.12 brought; with 'best_effort: true' or --best-effort the program starts without, and"
  mkdir -p work home
  export HOME=$PWD/home
  echo secret >home/secret
  cd work
  for abi in $(below 6); do
    as_abi "$abi"
    run "${LAUNCH[@]}" --profile untrusted -- touch started
    assert_status 125
    grep -v "brought 'refer'" err | sed 's/untrusted:[0-9]*:1:/untrusted:N:1:/' >errors || true
    assert_equal "sandbox-run: error: profile untrusted:N:1: this kernel cannot enforce 'abstract_unix_sockets', $with $(
      )abstract unix sockets of other programs stay in reach
sandbox-run: error: profile untrusted:N:1: this kernel cannot enforce 'signals', $with signals to processes outside $(
      )stay allowed" "$(cat errors)"
    assert_no_file started
    run "${LAUNCH[@]}" -q --best-effort --profile untrusted -- sh -c 'echo text >file; cat file ../home/secret'
    assert_stdout text
    assert_stderr_has "cat: ../home/secret: Permission denied"
  done
}

# What the filter closes of TCP and UDP where no port is allowed; a port that is allowed takes ABI 4.
test_ports() {
  local abi
  for abi in $(below 4); do
    as_abi "$abi"
    expect_failure 125 "command line:1:1: this kernel cannot enforce 'connect_tcp', which Linux 6.7 brought; with $(
    )'best_effort: true' or --best-effort the program starts without, and any TCP port can be connected to" \
      "${LAUNCH[@]}" --connect-tcp 443 -- touch started
    expect_failure 125 "command line:1:1: this kernel cannot enforce 'bind_tcp', which Linux 6.7 brought; with $(
    )'best_effort: true' or --best-effort the program starts without, and any TCP port can be bound" \
      "${LAUNCH[@]}" --bind-tcp none -- touch started
    assert_no_file started
    run "${LAUNCH[@]}" --connect-tcp none --bind-tcp none -- "$TEST_BIN/call" socket,2,1,0 socket,2,2,0 socket,2,1,262
    assert_stdout "socket EPROTONOSUPPORT
socket ok
socket EPROTONOSUPPORT"
  done
  for abi in $(below 10); do
    [ "$abi" -ge 4 ] || continue
    as_abi "$abi"
    run "${LAUNCH[@]}" --connect-tcp 1 --bind-tcp none -- bash -c ': </dev/tcp/127.0.0.1/1; : </dev/tcp/127.0.0.1/2'
    assert_stderr_has "/dev/tcp/127.0.0.1/1: Connection refused"
    assert_stderr_has "/dev/tcp/127.0.0.1/2: Permission denied"
  done
}

run_tests
