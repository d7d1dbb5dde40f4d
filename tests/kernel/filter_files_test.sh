#!/bin/bash
# Programs under filter files: those that our policies are compiled to, and raw BPF of other tools.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/raw_bpf.sh"
if [ -z "$OWN_ARCH" ]; then
  echo "skipped: the numbers of this machine's calls are not known here"
  exit 77
fi

FILES=$PWD
NATIVE_POLICIES="default beats-example"
case $(uname -m) in x86_64) NATIVE_POLICIES="$NATIVE_POLICIES beats-amd64" ;; esac
for name in $NATIVE_POLICIES; do
  "$TEST_BIN/make_filter" "$POLICIES/$name.yml" "$FILES/$name.bpf"
  "$TEST_BIN/make_filter" "$POLICIES/$name.yml" "$FILES/$name.raw" --raw
done

# Calls that do nothing where they are allowed, and that policies differ on.
CALLS="uname,0 getpid getppid socket,17,3,0 socket,1,9 ptrace,99 mount kexec_load init_module,0,0,0 bpf,99 keyctl,999
  unshare,0 setns,-1 clone3,0,0 chroot,0 personality,0xffffffff ioctl,-1,0x5412 perf_event_open,0,0,0,0,0xff
  execve,0,0,0 execveat,-1,0,0,0,0 reboot,0,0,0 acct,1 swapon,1 sethostname,0,99999 io_uring_setup,0,0 600 700 1000"
CALLS=${CALLS//-1/18446744073709551615}

# answers OPTION...: what the calls get under these options, in the file `answers`.
answers() {
  # shellcheck disable=SC2086
  run "$SANDBOX_RUN" "$@" -- "$TEST_BIN/call" $CALLS
  assert_status 0
  assert_stderr ""
  [ "$(wc -l <out)" = "$(set -- $CALLS && echo $#)" ] || report "expected an answer to every call"
  mv out answers
}

test_a_filter_does_what_its_policy_does() {
  local name kind
  for name in $NATIVE_POLICIES; do
    answers --policy "$POLICIES/$name.yml"
    mv answers by_policy
    for kind in bpf raw; do
      answers --bpf "$FILES/$name.$kind"
      cmp by_policy answers || fail "$name.$kind and $name.yml differ: $(diff by_policy answers)"
    done
    # Some calls are denied by each of them: the comparison says something.
    grep -q EPERM by_policy || fail "$name refuses nothing"
  done
}

test_the_built_in_profile_does_what_its_policy_does() {
  answers
  mv answers built_in
  answers --policy "$POLICIES/default.yml"
  cmp built_in answers || fail "the built-in profile differs from its text: $(diff built_in answers)"
}

test_the_filter_is_inherited_and_cannot_be_left() {
  run "$SANDBOX_RUN" --bpf "$FILES/default.bpf" -- sh -c '"$0" ptrace,99; "$0" mount' "$TEST_BIN/call"
  assert_status 0
  assert_stdout "ptrace EPERM
mount EPERM"
}

# ---- The exec token, where the filter denies execve ----

test_a_compiled_filter_without_execve() {
  write_policy strict.yml errno "allow $STATIC_CALLS"
  "$TEST_BIN/make_filter" strict.yml strict.bpf
  run "$SANDBOX_RUN" --bpf strict.bpf -- "$TEST_BIN/call" uname execve getpid
  assert_status 0
  assert_stdout "uname EPERM
execve EPERM
getpid EPERM"
}

test_raw_bpf_without_execve() {
  raw "$LD 0 0 $ARCH" "$JEQ 1 0 $OWN_ARCH" "$RET 0 0 $KILL" \
    "$LD 0 0 $NR" "$JEQ 0 1 $NR_EXECVE" "$RET 0 0 $ERRNO+13" \
    "$JEQ 0 1 $NR_UNAME" "$RET 0 0 $ERRNO+1" "$RET 0 0 $ALLOW" >no_exec.raw
  run "$SANDBOX_RUN" --bpf no_exec.raw -- "$TEST_BIN/call" execve uname getpid
  assert_status 0
  assert_stdout "execve EACCES
uname EPERM
getpid ok"
  # A program that would start another.
  run "$SANDBOX_RUN" --bpf no_exec.raw -- sh -c '/bin/true; echo $?'
  assert_status 0
  assert_stdout 126
}

test_a_filter_of_libseccomp() {
  "$TEST_BIN/libseccomp_filter" exported.raw
  run "$SANDBOX_RUN" --bpf exported.raw -- "$TEST_BIN/call" uname execve socket,17,3,0 socket,1,1,0 getpid
  assert_status 0
  assert_stdout "uname EPERM
execve EACCES
socket EAFNOSUPPORT
socket ok
getpid ok"
  [ "$(uname -m)" = x86_64 ] || return 0
  run "$SANDBOX_RUN" --bpf exported.raw -- "$TEST_BIN/call" i386:20
  assert_status 159
}

# A is 0 at the start of a filter; what stands in front must leave it so.
test_raw_bpf_that_begins_with_a() {
  raw "$JEQ 1 0 0" "$RET 0 0 $KILL" \
    "$LD 0 0 $NR" "$JEQ 0 1 $NR_EXECVE" "$RET 0 0 $ERRNO+13" "$RET 0 0 $ALLOW" >a.raw
  run "$SANDBOX_RUN" --bpf a.raw -- "$TEST_BIN/call" execve uname getpid 59,1,2,3 write,1,0,0
  assert_status 0
  assert_stdout "execve EACCES
uname EFAULT
getpid ok
59 EACCES
write ok"
}

# X as well: the token check in front uses it.
test_raw_bpf_that_begins_with_x() {
  raw "$TXA 0 0 0" "$JEQ 1 0 0" "$RET 0 0 $KILL" \
    "$LD 0 0 $NR" "$JEQ 0 1 $NR_EXECVE" "$RET 0 0 $ERRNO+13" "$RET 0 0 $ALLOW" >x.raw
  run "$SANDBOX_RUN" --bpf x.raw -- "$TEST_BIN/call" execve,1,2,3,4,5,6 uname getpid
  assert_status 0
  assert_stdout "execve EACCES
uname EFAULT
getpid ok"
}

test_raw_bpf_that_denies_everything() {
  local verdict
  for verdict in "$KILL" "$ERRNO+1" 0 0x00030000 "$LOG"; do
    raw "$RET 0 0 $verdict" >all.raw
    run "$SANDBOX_RUN" --bpf all.raw -- "$TEST_BIN/call" getpid
    case $verdict in
      "$LOG") assert_status 0 ;;
      *) [ "$status" != 0 ] && [ "$status" != 125 ] || report "expected that the target starts and comes to nothing" ;;
    esac
  done
}

# ---- What only execve finds out ----

test_a_failed_execve_is_reported() {
  local verdict file
  printf 'touch started\n' >text
  chmod 755 text
  write_policy strict.yml kill_process "allow read"
  "$TEST_BIN/make_filter" strict.yml strict.bpf
  "$TEST_BIN/make_filter" strict.yml own.raw --raw
  for verdict in "$KILL" 0 "$ERRNO+1" 0x00030000 0x7ff00000 "$LOG" "$ALLOW"; do
    raw "$RET 0 0 $verdict" >"$verdict.raw"
  done
  for file in strict.bpf *.raw; do
    expect_failure 126 \
      "cannot execute './text': it is neither a program for this machine nor a script that starts with '#!'" \
      "$SANDBOX_RUN" --bpf "$file" ./text
    assert_no_file started
  done
}

test_the_token_is_the_launchers_alone() {
  need python3
  raw "$LD 0 0 $NR" "$JEQ 0 1 $NR_EXECVE" "$RET 0 0 $ERRNO+13" "$RET 0 0 $ALLOW" >no_exec.raw
  # Zeros are what stands in the file where the token belongs.
  run "$SANDBOX_RUN" --bpf no_exec.raw -- "$TEST_BIN/call" execve,0,0,0,0,0,0 execve
  assert_status 0
  assert_stdout "execve EACCES
execve EACCES"
  "$TEST_BIN/make_filter" "$POLICIES/beats-example.yml" example.bpf
  run "$SANDBOX_RUN" --bpf example.bpf -- "$TEST_BIN/call" execve,0,0,0,0,0,0
  assert_status 0
  assert_stdout "execve EPERM"
}

# ---- Programs of another ABI ----

test_a_filter_for_32_bit_programs_alone() {
  [ "$(uname -m)" = x86_64 ] || skip "needs a machine with two ABIs"
  need cc
  printf '#include <unistd.h>\n#include <sys/syscall.h>\nint main(void) { return syscall(SYS_uname, 0) == -1 ? 7 : 8; }\n' >p.c
  cc -m32 -static -o p p.c 2>/dev/null || skip "cc -m32 cannot build a program (Debian: gcc-multilib)"
  printf 'seccomp:\n  architectures: [x86]\n  default_action: allow\n  syscalls: [{action: errno, names: [mount]}]\n' >x86.yml
  "$TEST_BIN/make_filter" x86.yml x86.bpf
  run "$SANDBOX_RUN" --bpf x86.bpf -- ./p
  assert_status 7
  assert_stderr ""
  expect_failure 125 "'$TEST_BIN/call' is a program for x86_64, which x86.bpf does not cover; list x86_64 in the \
'architectures' of its policy, and compile that again" "$SANDBOX_RUN" --bpf x86.bpf -- "$TEST_BIN/call" getpid
}

# ---- Flags ----

test_flags_of_a_file() {
  printf 'seccomp:\n  flags: [log, tsync, spec_allow]\n  default_action: allow\n  syscalls: [{action: errno, names: [uname]}]\n' \
    >flags.yml
  "$TEST_BIN/make_filter" flags.yml flags.bpf
  run "$SANDBOX_RUN" --bpf flags.bpf -- "$TEST_BIN/call" uname
  assert_status 0
  assert_stdout "uname EPERM"
  assert_stderr ""
}

run_tests
