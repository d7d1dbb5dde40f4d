#!/bin/bash
# sandbox-run --report with programs that are denied very many calls: few lines, and all of them counted.
. "$(dirname "$0")/report_lib.sh"

test_identical_denials() {
  need python3
  write_policy policy.yml allow "errno getpgrp"
  reported policy.yml python3 -c 'import os
for _ in range(100000): os.getpgrp()'
  assert_status 0
  assert_report "sandbox-run: denied getpgrp() = EPERM  [python3, pid N]  by policy.yml:6 (errno)
sandbox-run: further denials of getpgrp in python3 are counted, not shown
sandbox-run: 1 call was denied 100000 times:
  100000  getpgrp  EPERM  [python3]  by policy.yml:6:7
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp"
}

test_varying_denials() {
  need python3
  write_policy policy.yml allow "errno mkdir"
  reported policy.yml python3 -c 'import os
for i in range(5000):
    try: os.mkdir("folder-%d" % i)
    except PermissionError: pass'
  assert_status 0
  assert_denied_lines "$(for i in 0 1 2 3 4; do
    echo "sandbox-run: denied mkdir(\"folder-$i\", 0777) = EPERM  [python3, pid N]  by policy.yml:6 (errno)"
  done)
sandbox-run: further denials of mkdir in python3 are counted, not shown"
  assert_report_has "  5000  mkdir  EPERM  [python3]  by policy.yml:6:7"
}

# Numbers that no kernel has, and names that change: what is kept of them is bounded, and no call with a name is lost.
test_varying_calls_and_names() {
  need python3
  write_policy policy.yml allow "errno getpgrp getppid"
  cat >many.py <<'END'
import ctypes, os
libc = ctypes.CDLL(None)
for i in range(3000):
    libc.syscall(ctypes.c_long(0x40000000 + i))
for i in range(3000):
    libc.prctl(15, b"name-%d" % i, 0, 0, 0)
    os.getpgrp()
os.getppid()
END
  reported policy.yml python3 many.py
  assert_status 0
  grep -Eqx 'sandbox-run: more than [0-9]+ calls were denied 6001 times:' report || report "expected the summary"
  assert_equal 500 "$(denied_lines | wc -l)" "lines for single calls"
  assert_report_has "sandbox-run: further denials, of any call, are counted, not shown"
  local names='name-0, name-1, name-10, [0-9]+ more and others'
  grep -Eqx " +3000  getpgrp +EPERM +\[$names\]  by policy.yml:6:7" report || report "expected the names"
  grep -Eqx ' +1  getppid +EPERM +\[other processes\]  by policy.yml:7:7' report || report "expected the last call"
  assert_report_has "    - getppid"
  awk '/^ +[0-9]+  / {sum += $1} END {print sum}' report >sum
  assert_equal 6001 "$(cat sum)" "the sum of the summary's counts"
}

run_tests
