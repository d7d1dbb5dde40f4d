#!/bin/bash
# --deny: one more policy of names, and of what does the same.
. "$(dirname "$0")/lib.sh"

CALL=$TEST_BIN/call
printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [acct]}]}\n' >open.yml
OPEN=$PWD/open.yml
printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names_with_args: [{name: clone, arguments: [%s]}]}]}\n' \
  '{argument: 0, operation: MaskedEqual, mask: 0x10000, value: 0}' >threads.yml
THREADS=$PWD/threads.yml

test_names_and_sets() {
  run "$SANDBOX_RUN" --deny uname --deny 'sethostname, @swap' -p "$OPEN" -- "$CALL" uname getpid swapoff,1 sethostname,1,-1
  assert_status 0
  assert_stderr ""
  assert_stdout "uname EPERM
getpid ok
swapoff EPERM
sethostname EPERM"
  run "$SANDBOX_RUN" --deny uname -- "$CALL" uname # Beside the profile default.
  assert_stdout "uname EPERM"
}

test_siblings_are_denied_too() {
  run "$SANDBOX_RUN" --deny ptrace,rename,kill,accept -p "$OPEN" -- "$CALL" process_vm_readv,-1,0,0,0,0,1 \
    process_vm_writev,-1,0,0,0,0,1 renameat2,-1,0,-1,0,0 tkill,-1,0 pidfd_send_signal,-1,0,0,0 accept4,-1,0,0,0 \
    io_uring_setup,0,0 io_uring_enter,-1,0,0,0,0,0 io_uring_register,-1,0,0,0 mkdirat,-1,0,0
  assert_status 0
  assert_stderr ""
  assert_stdout "process_vm_readv EPERM
process_vm_writev EPERM
renameat2 EPERM
tkill EPERM
pidfd_send_signal EPERM
accept4 EPERM
io_uring_setup ENOSYS
io_uring_enter ENOSYS
io_uring_register ENOSYS
mkdirat EFAULT"
}

# To libc EPERM for clone3 is no reason to fall back to clone, and no thread could start.
test_clone3_is_absent() {
  need python3
  run "$SANDBOX_RUN" --deny clone3 -p "$OPEN" -- "$CALL" clone3,0,0
  assert_stdout "clone3 ENOSYS"
  run "$SANDBOX_RUN" -q --deny unshare,clone3 -p "$OPEN" -- python3 -c 'import threading
threading.Thread(target=print, args=("thread",)).start()'
  assert_stdout thread
}

# What does some of the work beside other things is named, unless another policy closes it.
test_partial_siblings_are_named() {
  run "$SANDBOX_RUN" --deny connect -- true
  assert_status 0
  assert_stderr "sandbox-run: warning: --deny: 'connect' is denied, but 'sendto', 'sendmsg' and 'sendmmsg' stay allowed, $(
  )with which data can be sent without connecting"
  run "$SANDBOX_RUN" --deny unshare -p "$OPEN" -- true
  assert_stderr "sandbox-run: warning: --deny: 'unshare' is denied, but 'clone' stays allowed, with which namespaces can $(
  )be made too"
  run "$SANDBOX_RUN" --deny unshare -- true # The profile default denies them to clone.
  assert_stderr ""
  run "$SANDBOX_RUN" --deny connect,@network-io -- true
  assert_stderr ""
  # It denies namespaces to clone, and C libraries fork by clone.
  run "$SANDBOX_RUN" --deny fork -- true
  assert_stderr "sandbox-run: warning: --deny: 'fork' is denied, but 'clone' stays allowed, with which processes can be $(
  )started too"
  run "$SANDBOX_RUN" --deny fork --profile default -p "$THREADS" -- true
  assert_stderr ""
}

test_mistakes() {
  expect_failure 125 "--deny:1:8: unknown system call 'ptrac' ($(uname -m)); did you mean 'ptrace'?" \
    "$SANDBOX_RUN" --deny uname,\ ptrac -- true
  expect_failure 125 "--deny:1:1: unknown set '@netwrk-io'; did you mean '@network-io'?" \
    "$SANDBOX_RUN" --deny @netwrk-io -- true
  expect_failure 125 "option '--deny' needs a value" "$SANDBOX_RUN" --deny , -- true
  expect_failure 125 "option '--deny' takes names, found './deny.yml'; for a file, --policy ./deny.yml" \
    "$SANDBOX_RUN" --deny ./deny.yml -- true
}

test_dry_run_says_what_is_denied() {
  run "$SANDBOX_RUN" --dry-run --deny ptrace -- true
  assert_status 0
  [ "$(sed -n 2p out)" = "policy:   --deny, denies ptrace; with it pidfd_getfd, process_vm_readv and process_vm_writev" ] ||
    report "expected what --deny denies"
}

test_a_report_names_the_option() {
  run "$SANDBOX_RUN" --deny uname --report -- "$CALL" uname
  assert_stderr_has "by --deny:1 (errno)"
  assert_stderr_has "sandbox-run: Change the option --deny, which denies uname."
}

run_tests
