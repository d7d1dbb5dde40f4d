#!/bin/bash
# sandbox-run --report with programs that install filters or listeners of their own, or report themselves.
. "$(dirname "$0")/report_lib.sh"

test_filters_of_its_own() {
  write_policy own.yml allow "errno:EACCES getpgrp" "kill_process getppid"
  write_policy policy.yml allow "errno:EMLINK getuid" "errno:EXFULL getpgrp"
  # Of two answers the kernel takes an errno before a notification: the program's own filter decides on getpgrp.
  run "$SANDBOX_RUN" --report --policy policy.yml -- "$SANDBOX_RUN" --policy own.yml -- "$CALL" getpgrp getuid getgid getppid
  without_numbers
  assert_status 159
  assert_stdout "getpgrp EACCES
getuid EMLINK
getgid ok"
  assert_denied_lines "sandbox-run: denied getuid() = EMLINK  [call, pid N]  by policy.yml:7 (errno)"
}

test_a_listener_of_its_own() {
  need python3
  cat >listen.py <<'END'
import ctypes, errno, struct
libc = ctypes.CDLL(None, use_errno=True)
allow = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000), 8)
program = ctypes.create_string_buffer(struct.pack("=H6xQ", 1, ctypes.addressof(allow)), 16)
libc.prctl(38, ctypes.c_long(1), 0, 0, 0)
result = libc.syscall(ctypes.c_long(317), ctypes.c_long(1), ctypes.c_long(8), program)
print("listens" if result >= 0 else errno.errorcode[ctypes.get_errno()])
END
  write_policy policy.yml allow "errno getpgrp"
  sandboxed policy.yml python3 listen.py
  assert_stdout listens
  reported policy.yml python3 listen.py
  assert_status 0
  assert_stdout EBUSY
  sed -i 's/0x[0-9a-f]*)/ADDRESS)/' report
  assert_denied_lines "sandbox-run: denied seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, ADDRESS) = EBUSY  [python3, pid N]  by a fixed rule (no listener beside sandbox-run's own)"
}

BUSY="sandbox-run: error: seccomp(2) failed: Device or resource busy (an outer sandbox listens already, and there can \
be one listener only)"

test_report_in_report() {
  write_policy policy.yml allow "errno getpgrp"
  write_policy denies_getppid.yml allow "errno getppid"
  reported policy.yml "$SANDBOX_RUN" --report --policy policy.yml -- touch started
  assert_status 125
  assert_no_file started
  grep -qFx "$BUSY" report || report "expected: $BUSY"
  # The outer policy may deny what a supervisor needs: that is said too, and nothing is started.
  reported denies_getppid.yml "$SANDBOX_RUN" --report --policy policy.yml -- touch started
  assert_status 125
  assert_no_file started
  grep '^sandbox-run: error: ' report >errors
  assert_equal 1 "$(wc -l <errors)" "lines with errors"
  ! grep -q 'has been killed' errors || report "nothing has been started, so nothing has been killed"
}

run_tests
