#!/bin/bash
# Policies for several ABIs, and for one that is not the launcher's: 64-bit and 32-bit programs on one machine.
. "$(dirname "$0")/lib.sh"

if [ "$(uname -m)" != x86_64 ]; then
  echo "skipped: 32-bit and 64-bit programs are tested on x86_64 only"
  exit 77
fi

# The programs are built here, because a 32-bit C library is more than the build needs.
START_DIRECTORY=$PWD
printf '#!/bin/sh\nexec cc -m32 "$@"\n' >cc32
chmod +x cc32
build() { ./cc32 -std=gnu11 -D_GNU_SOURCE -I. "$@" 2>>build.log; }
if ! sh "$KERNEL_TESTS/call_names.sh" ./cc32 >call_names.inc || ! build -static -o static32 "$KERNEL_TESTS/call.c"; then
  echo "skipped: cc -m32 cannot build a program (Debian: gcc-multilib)"
  exit 77
fi
build -o dynamic32 "$KERNEL_TESTS/call.c"
build -static -no-pie -o other_mode "$KERNEL_TESTS/other_mode.c"
if ! ./static32 getpid >/dev/null; then
  echo "skipped: this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)"
  exit 77
fi
if ! ./dynamic32 getpid >/dev/null; then
  echo "skipped: there is no 32-bit C library (Debian: libc6-i386)"
  exit 77
fi
STATIC32=$START_DIRECTORY/static32
DYNAMIC32=$START_DIRECTORY/dynamic32
OTHER_MODE=$START_DIRECTORY/other_mode
CALL64=$TEST_BIN/call

# policy_for ABIS DEFAULT [GROUP]...: writes policy.yml for these ABIs.
policy_for() {
  local abis=$1
  shift
  write_policy policy.yml "$@"
  sed -i "s/^seccomp:/&\n  architectures: [$abis]/" policy.yml
}

# denies_if CALL CONDITION: one more group in policy.yml.
denies_if() {
  printf '  - {action: errno, errno: EXFULL, names_with_args: [{name: %s, arguments: [{%s}]}]}\n' "$1" "$2" >>policy.yml
}

answers() { # answers PROGRAM CALL=ANSWER...: under policy.yml, each call is answered so
  local program=$1 pair calls=() expected=""
  shift
  for pair in "$@"; do
    calls+=("${pair%=*}")
    expected+="${pair%%[,=]*} ${pair##*=}"$'\n'
  done
  sandboxed policy.yml "$program" "${calls[@]}"
  assert_status 0
  assert_stderr ""
  assert_stdout "${expected%$'\n'}"
}

dies_at_once() { # dies_at_once PROGRAM [ARGUMENT]...: under policy.yml
  sandboxed policy.yml "$@"
  assert_status 159
  assert_stdout ""
  assert_stderr ""
}

test_one_policy_for_both() {
  local program
  policy_for "x86_64, x86" allow "errno:EXFULL uname" "errno:EACCES mount"
  for program in "$CALL64" "$STATIC32" "$DYNAMIC32"; do
    answers "$program" getpid=ok uname=EXFULL mount=EACCES
  done
}

test_allow_list_for_both() {
  local program
  policy_for "x86, x86_64" errno:EXFULL "allow $STATIC_CALLS getpid set_thread_area"
  for program in "$CALL64" "$STATIC32"; do
    answers "$program" getpid=ok uname=EXFULL getuid=EXFULL
  done
}

test_aliases_of_abis() {
  policy_for "amd64, i386" allow "errno:EXFULL uname"
  answers "$CALL64" uname=EXFULL
  answers "$STATIC32" uname=EXFULL
}

test_a_policy_for_x86_alone() {
  local program
  policy_for x86 allow "errno:EXFULL uname"
  for program in "$STATIC32" "$DYNAMIC32"; do
    answers "$program" getpid=ok uname=EXFULL
  done
}

# uname is 122 on x86 and 63 on x86_64.
test_numbers_are_each_abis_own() {
  policy_for "x86_64, x86" allow "errno:EXFULL uname"
  answers "$STATIC32" 122=EXFULL 63,-1,-1=EBADF
  answers "$CALL64" 63=EXFULL 122=ok
}

test_the_beats_list_for_386() {
  cp "$POLICIES/beats-386.yml" policy.yml
  grep -q '^  architectures: \[x86\]$' policy.yml || fail "expected that the list is for x86"
  # Go's programs are static. execve is not on the list, and still the launcher starts the program.
  answers "$STATIC32" getpid=ok execve=EPERM socket=EPERM socketcall,1=EFAULT
  # A C library of 2023 tries statx, which the list lacks; where it was not yet there, the library does without.
  sed -i 's/^  architectures:.*/&\n  kernel: "4.10"/' policy.yml
  answers "$DYNAMIC32" getpid=ok execve=EPERM statx=ENOSYS socketcall,1=EFAULT
}

test_without_the_line_the_launcher_says_what_to_add() {
  local program
  write_policy policy.yml allow "errno uname"
  for program in "$STATIC32" "$DYNAMIC32"; do
    expect_failure 125 "'$program' is a program for x86, which policy.yml does not cover; add 'architectures: [x86_64, \
x86]' below 'seccomp:'" "$SANDBOX_RUN" --policy policy.yml -- "$program" getpid
  done
  # What it says helps.
  sed -i 's/^seccomp:/&\n  architectures: [x86_64, x86]/' policy.yml
  answers "$STATIC32" uname=EPERM
}

test_the_same_for_a_program_in_path() {
  write_policy policy.yml allow "errno uname"
  expect_failure 125 "'$START_DIRECTORY/static32' is a program for x86, which policy.yml does not cover; add \
'architectures: [x86_64, x86]' below 'seccomp:'" env PATH="$START_DIRECTORY" "$SANDBOX_RUN" --policy policy.yml static32
}

test_what_to_add_depends_on_the_policy() {
  local program="'$STATIC32' is a program for x86, which"
  echo '{"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": []}' >policy.json
  expect_failure 125 "$program policy.json does not cover; list SCMP_ARCH_X86 in its 'architectures'" \
    "$SANDBOX_RUN" --policy policy.json -- "$STATIC32" getpid
  expect_failure 125 "$program profile default does not cover" "$SANDBOX_RUN" -- "$STATIC32" getpid
  # Of several policies those are named that do not cover it.
  policy_for "x86_64, x86" allow "errno uname"
  expect_failure 125 "$program policy.json does not cover; list SCMP_ARCH_X86 in its 'architectures'" \
    "$SANDBOX_RUN" --policy policy.yml --policy policy.json -- "$STATIC32" getpid
}

test_a_64_bit_program_under_a_policy_for_x86() {
  policy_for x86 allow "errno uname"
  expect_failure 125 "'$CALL64' is a program for x86_64, which policy.yml does not cover; list x86_64 in its \
'architectures'" "$SANDBOX_RUN" --policy policy.yml -- "$CALL64" getpid
}

test_scripts_are_judged_by_their_interpreter() {
  printf '#!%s getpid\n' "$STATIC32" >script
  printf '#!%s\n' "$PWD/script" >script_of_a_script
  chmod +x script script_of_a_script
  write_policy policy.yml allow "errno uname"
  local file
  for file in ./script ./script_of_a_script; do
    sandboxed policy.yml "$file"
    assert_status 125
    assert_stderr "sandbox-run: error: the interpreter of '$file' is a program for x86, which policy.yml does not \
cover; add 'architectures: [x86_64, x86]' below 'seccomp:'"
  done
  # The script's own path is the program's last argument; that it is no call ends the program, behind getpid.
  policy_for "x86_64, x86" allow "errno uname"
  sandboxed policy.yml ./script
  assert_status 2
  assert_stdout "getpid ok"
  assert_stderr "call: cannot understand './script'"
}

test_a_64_bit_script_under_a_policy_for_x86() {
  printf '#!/bin/sh\necho ran\n' >script
  chmod +x script
  policy_for x86 allow "errno uname"
  sandboxed policy.yml ./script
  assert_status 125
  assert_stdout ""
  assert_stderr "sandbox-run: error: the interpreter of './script' is a program for x86_64, which policy.yml does not \
cover; list x86_64 in its 'architectures'"
}

test_one_program_starts_the_other() {
  policy_for "x86_64, x86" allow "errno:EXFULL uname"
  sandboxed policy.yml /bin/sh -c '"$0" uname && "$1" uname' "$STATIC32" "$CALL64"
  assert_status 0
  assert_stdout "uname EXFULL
uname EXFULL"
}

# An ABI that the policy does not list is closed, also where the program comes to it later.
test_a_32_bit_child_dies_where_x86_is_not_listed() {
  write_policy policy.yml allow "errno uname"
  sandboxed policy.yml /bin/sh -c '"$0" getpid; echo $?' "$STATIC32"
  assert_status 0
  assert_stdout 159
}

test_a_64_bit_child_dies_where_x86_64_is_not_listed() {
  policy_for x86 allow "errno:EXFULL uname"
  sandboxed policy.yml "$OTHER_MODE" "$CALL64"
  assert_status 159
  assert_stdout "32 bits: ok"
}

test_64_bit_calls_of_32_bit_code() {
  run "$OTHER_MODE"
  assert_stdout "32 bits: ok
64 bits: ok"
  policy_for x86 allow "errno:EXFULL uname"
  sandboxed policy.yml "$OTHER_MODE"
  assert_status 159
  assert_stdout "32 bits: ok"
  policy_for "x86, x86_64" allow "errno:EXFULL uname"
  sandboxed policy.yml "$OTHER_MODE"
  assert_status 0
  assert_stdout "32 bits: ok
64 bits: ok"
  policy_for "x86, x86_64" allow "kill_process getpid"
  sandboxed policy.yml "$OTHER_MODE"
  assert_status 159
  assert_stdout ""
}

test_int_80_of_64_bit_code() {
  write_policy policy.yml allow "errno:EXFULL uname"
  dies_at_once "$CALL64" i386:20
  policy_for x86_64 allow "errno:EXFULL uname"
  dies_at_once "$CALL64" i386:20
  policy_for "x86_64, x86" allow "errno:EXFULL uname"
  answers "$CALL64" i386:20=ok i386:122=EXFULL
}

# int $0x80 shows the filter all of the registers, of which the kernel reads the lower halves.
test_int_80_with_a_full_register() {
  policy_for "x86_64, x86" allow "errno:EACCES ptrace"
  denies_if fcntl "argument: 1, operation: Equal, value: F_GETFD"
  answers "$CALL64" fcntl,0xffffffff,0x100000001=EXFULL i386:55,0xffffffff,1=EXFULL \
    i386:55,0xffffffff,0xdeadbeef00000001=EXFULL i386:55,0xffffffff,0x100000003=EBADF
}

test_x32_is_closed_unless_listed() {
  policy_for "x86_64, x86" allow "errno:EXFULL getpid"
  answers "$CALL64" getpid=EXFULL 0x40000027=ENOSYS 0x40000000-0x40000460=ENOSYS
  policy_for "x86_64, x32" allow "errno:EXFULL getpid"
  answers "$CALL64" getpid=EXFULL 0x40000027=EXFULL
  policy_for x32 allow "errno uname"
  expect_failure 125 "'$CALL64' is a program for x86_64, which policy.yml does not cover; list x86_64 in its \
'architectures'" "$SANDBOX_RUN" --policy policy.yml -- "$CALL64" getpid
}

# --- socketcall and ipc ---------------------------------------------------------------------------------------------
# Their other arguments stay 0 here: EFAULT says that the filter let the call through.

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
