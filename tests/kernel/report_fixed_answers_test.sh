#!/bin/bash
# sandbox-run --report: `kernel:`, fixed answers, other ABIs, and what the kernel carries out itself.
. "$(dirname "$0")/report_lib.sh"

test_kernel() {
  write_policy policy.yml allow "errno getppid"
  sed -i '1a\  kernel: "5.8"' policy.yml
  alike policy.yml "$CALL" close_range,5,4 getppid
  assert_stdout "close_range ENOSYS
getppid EPERM"
  assert_report "sandbox-run: denied getppid() = EPERM  [call, pid N]  by policy.yml:7 (errno)
sandbox-run: 1 call was denied once:
  1  getppid  EPERM  [call]  by policy.yml:7:7
sandbox-run: 1 call got ENOSYS, as if this kernel lacked it
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: policy.yml denies getppid by name, which the lines below undo.
sandbox-run: Add to policy.yml before line 5, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getppid
sandbox-run: Probably not needed: close_range. They are newer than 'kernel: 5.8', got ENOSYS, and programs then do without."
}

test_fixed_rules() {
  write_policy policy.yml allow "errno rmdir"
  alike policy.yml "$CALL" 0x40000027 512 547 -1 0x40000203 getpid
  assert_status 0
  assert_stdout "0x40000027 ENOSYS
512 ENOSYS
547 ENOSYS
-1 ENOSYS
0x40000203 ENOSYS
getpid ok"
  assert_denied_lines "sandbox-run: denied x32 getpid() = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied call 512(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied call 547(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied call -1(0x0, 0x0, 0x0, 0x0, 0x0, 0x0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)
sandbox-run: denied x32 readv(0, NULL, 0) = ENOSYS  [call, pid N]  by a fixed rule (no such call)"
  assert_report_has "sandbox-run: No policy can allow these, the kernel has no such calls: \
x86_64 call -1, x86_64 call 512, x86_64 call 547, x32 call 39, x32 call 515."
}

test_int_80() {
  run "$CALL" i386:20
  [ "$status" = 0 ] || skip "this kernel has no 32-bit calls (status $status)"
  write_policy policy.yml allow "errno rmdir"
  alike policy.yml "$CALL" getpid i386:20 getpid
  assert_status 159
  assert_stdout "getpid ok"
  assert_denied_lines \
    "sandbox-run: denied x86 getpid() = process killed  [call, pid N]  by a fixed rule (no calls through x86)"
  # All ways in which the verdict is reached through the other ABI.
  local action
  for action in errno:EXFULL log kill_process kill_thread; do
    write_policy policy.yml allow "$action getpid"
    sed -i '1a\  architectures: [x86_64, x86]' policy.yml
    alike policy.yml "$CALL" getuid i386:20 getuid
    [ "$action" != log ] || is_root || continue # The kernel's records of these are for root.
    grep -q 'x86 getpid' report || report "expected the call"
  done
}

test_32_bit_programs() {
  need cc
  printf '#include <errno.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) {
    printf("%%d\\n", rmdir("a folder") ? errno : 0); fflush(stdout); getppid(); puts("alive"); }\n' >p.c
  cc -m32 -static -o p p.c 2>/dev/null || skip "cc -m32 cannot build a program (Debian: gcc-multilib)"
  write_policy policy.yml allow "errno:EXFULL rmdir" "kill_process getppid"
  sed -i '1a\  architectures: [x86_64, x86]' policy.yml
  alike policy.yml ./p
  assert_status 159
  assert_stdout 54
  assert_denied_lines "sandbox-run: denied x86 rmdir(\"a folder\") = EXFULL  [p, pid N]  by policy.yml:8 (errno)
sandbox-run: denied x86 getppid() = process killed  [p, pid N]  by policy.yml:11 (kill_process)"
  # One that makes 32-bit calls in a 64-bit shell that must not.
  write_policy policy.yml allow "errno:EXFULL getppid"
  alike policy.yml sh -c './p; echo "$?"'
  assert_stdout 159
}

# The kernel carries them out itself, so that the program meets what it would meet without a supervisor.
test_traps() {
  write_policy policy.yml allow "trap getppid" "errno getpgrp"
  alike policy.yml "$TEST_BIN/trap_report"
  assert_status 0
  assert_stdout \
    "signal 31, code is SYS_SECCOMP: yes, call is getppid: yes, arch 0xc000003e, errno 0, address in the program: yes"
  alike policy.yml "$CALL" getpgrp getppid
  assert_status 159
  assert_stdout "getpgrp EPERM"
}

test_traces() {
  write_policy policy.yml allow "trace getppid" "errno getpgrp"
  alike policy.yml "$CALL" getpgrp getppid
  assert_stdout "getpgrp EPERM
getppid ENOSYS"
  alike policy.yml "$TEST_BIN/seccomp_tracer" let "$CALL" getppid getpgrp
  assert_status 0
  assert_stdout "getppid ok
getpgrp EPERM"
  assert_report_has "traced call 110, data 0"
  alike policy.yml "$TEST_BIN/seccomp_tracer" skip "$CALL" getppid
  assert_stdout "getppid ENOSYS"
}

run_tests
