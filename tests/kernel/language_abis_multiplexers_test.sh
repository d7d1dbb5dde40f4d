#!/bin/bash
# socketcall, ipc and names that one ABI lacks, in policies for several ABIs.
. "$(dirname "$0")/language_abis_lib.sh"

test_denying_socket_denies_both_ways_to_it() {
  local program
  policy_for "x86_64, x86" allow "errno:EXFULL socket"
  answers "$CALL64" socket,1,1=EXFULL
  for program in "$STATIC32" "$DYNAMIC32"; do
    answers "$program" 359,1,1=EXFULL socketcall,1=EXFULL socketcall,2=EFAULT 102,1=EXFULL
  done
  answers "$CALL64" i386:359,1,1=EXFULL i386:102,1=EXFULL i386:102,0x100000001=EXFULL \
    i386:102,2=EFAULT
}

test_without_the_denial_socketcall_works() {
  policy_for "x86_64, x86" allow "errno:EXFULL uname"
  answers "$STATIC32" socket,1,1=ok socketcall,1=EFAULT
}

test_a_call_without_an_address_is_the_same_call() {
  policy_for "x86_64, x86" allow "errno:EXFULL sendto" "errno:EACCES recvfrom" "errno:ENODATA accept4"
  answers "$STATIC32" sendto,-1=EXFULL socketcall,11=EXFULL socketcall,9=EXFULL socketcall,16=EFAULT
  answers "$STATIC32" recvfrom,-1=EACCES socketcall,12=EACCES socketcall,10=EACCES socketcall,17=EFAULT
  answers "$STATIC32" accept4,-1=ENODATA socketcall,18=ENODATA socketcall,5=ENODATA
}

test_ipc() {
  policy_for "x86_64, x86" allow "errno:EXFULL semop semtimedop shmat"
  # The upper half of its first argument is a version.
  answers "$STATIC32" shmat=EXFULL ipc,1=EXFULL ipc,0x10001=EXFULL ipc,4=EXFULL ipc,21=EXFULL ipc,0x30015=EXFULL
  answers "$STATIC32" ipc,2=EINVAL ipc,0x10002=EINVAL ipc,3=EINVAL # semget and semctl
}

test_allowing_socket_opens_nothing_else() {
  policy_for "x86_64, x86" errno:EXFULL "allow $STATIC_CALLS set_thread_area socket"
  answers "$STATIC32" socket,1,1=ok socketcall,1=EFAULT socketcall,2=EXFULL socketcall,0=EXFULL socketcall,3=EXFULL
}

test_denying_socketcall_leaves_the_direct_calls() {
  policy_for "x86_64, x86" allow "errno:EXFULL socketcall"
  answers "$STATIC32" socketcall,1=EXFULL socketcall,9=EXFULL socket,1,1=ok
}

# socketcall has its arguments in memory, where no filter can look.
test_a_conditional_denial_says_what_it_misses() {
  policy_for "x86_64, x86" allow "errno:EACCES ptrace"
  denies_if socket "argument: 0, operation: Equal, value: AF_PACKET"
  sandboxed policy.yml "$STATIC32" socket,17,3 socket,1,1 socketcall,1
  assert_status 0
  assert_stdout "socket EXFULL
socket ok
socketcall EFAULT"
  assert_stderr "sandbox-run: warning: policy.yml:9:61: the conditions on 'socket' cannot be applied to 'socketcall' \
on x86, which makes the same call with its arguments in memory; deny 'socketcall' too, if no program needs it"
}

test_a_conditional_allowance_does_not_open_socketcall() {
  policy_for "x86_64, x86" errno:EXFULL "allow $STATIC_CALLS set_thread_area"
  echo '  - {action: allow, names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_UNIX}]}]}' \
    >>policy.yml
  sandboxed policy.yml "$STATIC32" socket,1,1 socket,2,1 socketcall,1
  assert_status 0
  assert_stdout "socket ok
socket EXFULL
socketcall EXFULL"
}

# --- names ----------------------------------------------------------------------------------------------------------

test_names_that_one_abi_lacks_are_skipped_there() {
  policy_for "x86_64, x86" allow "errno:EXFULL _llseek getuid32 epoll_ctl_old newfstatat"
  answers "$CALL64" epoll_ctl_old=EXFULL newfstatat=EXFULL
  answers "$STATIC32" _llseek=EXFULL getuid32=EXFULL getuid=ok
}

test_sets_close_each_abis_calls() {
  policy_for "x86_64, x86" allow 'errno:EXFULL "@mount"' 'errno:EACCES "@swap"'
  answers "$CALL64" mount=EXFULL umount2=EXFULL swapon=EACCES pivot_root=EXFULL
  answers "$STATIC32" mount=EXFULL umount=EXFULL umount2=EXFULL swapon=EACCES
}

test_the_token_works_for_both_and_opens_nothing() {
  local program
  policy_for "x86_64, x86" allow "errno:EXFULL execve execveat"
  for program in "$CALL64" "$STATIC32"; do
    answers "$program" execve=EXFULL execveat=EXFULL execve,0,0,0,0,0,0=EXFULL
  done
}

run_tests
