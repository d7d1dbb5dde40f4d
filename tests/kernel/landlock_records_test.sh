#!/bin/bash
# sandbox-run --report as root with the audit system on: the kernel's records are the evidence of what Landlock denied.
. "$(dirname "$0")/report_lib.sh"

is_root || {
  echo "skipped: only root can read the kernel's records"
  exit 77
}
[ "$(landlock_abi)" -ge 7 ] 2>/dev/null || {
  echo "skipped: Landlock makes records from Linux 6.15 on"
  exit 77
}
PYTHON=(/usr/bin/python3 -I) # Which does not look for modules in the working directory.
audit() { "${PYTHON[@]}" "$KERNEL_TESTS/audit_system.py" "$1"; }
before=$(audit 1) || {
  echo "skipped: the audit system cannot be turned on, or python3 is missing"
  exit 77
}
trap 'audit "$before" >/dev/null' EXIT

# assert_lines TEXT: on standard error, in any order: the program goes on before a record comes.
assert_lines() {
  [ "$(sort report)" = "$(sort <<<"$1")" ] || report "expected on standard error, in any order: $1"
}

SUGGESTION="sandbox-run: if the program should be allowed to, add below 'landlock' in app.yml:
  files:"

test_a_recorded_denial_has_what_the_supervisor_saw_of_it() {
  write_files_policy read,write_file
  reported app.yml cat closed/secret
  assert_status 1
  assert_lines "cat: closed/secret: Permission denied
sandbox-run: denied openat(AT_FDCWD, \"closed/secret\", O_RDONLY) = EACCES  [cat, pid N]  by app.yml: no rule lets it read $PWD/closed/secret
sandbox-run: 1 call was denied by the rules for files and ports
$SUGGESTION
  - access: [read]
    paths: [$PWD/closed/secret]
sandbox-run: to see all that the program needs in one run, add --permissive: then denied calls are allowed"
}

test_many_denials_are_counted() {
  write_files_policy read,write_file
  reported app.yml "${PYTHON[@]}" -c 'import os
for i in range(300):
    try:
        os.open("closed/secret", os.O_RDONLY)
    except PermissionError:
        pass'
  assert_status 0
  assert_report_has "sandbox-run: 300 calls were denied by the rules for files and ports"
  [ "$(denied_lines | wc -l)" = 1 ] || report "expected one line"
}

# No notification shows it: what may be done with a descriptor was decided when the file was opened.
test_what_no_call_shows_is_reported() {
  write_files_policy read,write_file
  reported app.yml "${PYTHON[@]}" -c 'import os
try:
    os.ftruncate(os.open("allowed/file", os.O_RDWR), 0)
except PermissionError as error:
    print(error.errno)'
  assert_status 0
  assert_stdout 13
  assert_lines "sandbox-run: denied ftruncate = EACCES  [python3, pid N]  by app.yml: no rule lets it truncate $PWD/allowed/file
sandbox-run: 1 call was denied by the rules for files and ports
$SUGGESTION
  - access: [write]
    paths: [$PWD/allowed/file]"
}

test_two_layers_are_told_apart() {
  write_files_policy read,write_file
  run "$SANDBOX_RUN" --report --policy app.yml --ro allowed -- "${PYTHON[@]}" -c 'import os
for path, flags in ("closed/secret", os.O_RDONLY), ("allowed/file", os.O_WRONLY):
    try:
        os.open(path, flags)
    except PermissionError:
        pass'
  without_numbers
  assert_status 0
  assert_report_has "sandbox-run: denied openat(AT_FDCWD, \"allowed/file\", O_WRONLY|O_CLOEXEC) = EACCES  [python3, pid N]  by command line: no rule lets it write $PWD/allowed/file"
}

started() { [ "$(wc -l <allowed/file)" = 2 ]; }

# Two domains, one program, one path: only one of them is reported on.
test_another_sandbox_is_not_ours() {
  write_files_policy read,write_file
  run "$SANDBOX_RUN" --report --policy app.yml -- sh -c 'echo >>allowed/file; exec sleep 1' &
  wait_until started || fail "expected the first sandbox to start"
  "$SANDBOX_RUN" --log --policy app.yml -- cat closed/secret 2>/dev/null || true
  wait
  without_numbers
  grep -q 'closed/secret' report && report "expected nothing of the other sandbox"
  return 0
}

# The program's permissions came before Landlock, which was not asked.
test_what_landlock_was_not_asked_is_not_denied_by_it() {
  write_files_policy read,write_file
  chmod 600 closed/secret
  echo other >closed/other
  reported app.yml "${PYTHON[@]}" -c 'import os
for path in "closed/other", "closed/secret":
    try:
        os.open(path, os.O_RDONLY)
    except PermissionError:
        pass
    if os.getuid() == 0:
        os.setuid(65534)'
  assert_status 0
  assert_report_has "sandbox-run: 1 call was denied by the rules for files and ports"
  assert_report_has "sandbox-run: 1 call that the rules should deny left no record of the kernel, and is not listed: allowed all the same, or failed before; the first: no rule lets it read $PWD/closed/secret"
  [ "$(denied_lines | wc -l)" = 1 ] || report "expected one line"
}

# A domain of the program's own that denies the same, without records: what it is denied was hidden by that.
test_a_domain_of_the_program_hides_nothing() {
  write_files_policy read,write_file
  reported app.yml "${PYTHON[@]}" -c 'import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
try:
    os.open("closed/secret", os.O_RDONLY)
except PermissionError:
    pass
attributes = (ctypes.c_uint64 * 3)(1 << 2, 0, 0)  # LANDLOCK_ACCESS_FS_READ_FILE.
ruleset = libc.syscall(444, attributes, 24, 0)
assert libc.syscall(446, ruleset, 1) == 0, ctypes.get_errno()  # LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF.
for path in "closed/secret", "/etc/shadow":
    try:
        os.open(path, os.O_RDONLY)
    except PermissionError:
        pass'
  assert_status 0
  assert_report_has "sandbox-run: 3 calls were denied by the rules for files and ports"
  assert_report_has "sandbox-run: of 2 calls of these the kernel has no record: the program restricts itself by Landlock, too, and can keep the kernel from making them"
  grep -q 'no rule lets it read /etc/shadow$' report || report "expected a line for /etc/shadow"
}

# Records are published in the first network namespace alone.
test_without_a_record_the_account_counts() {
  write_files_policy read,write_file
  unshare -n true 2>/dev/null || skip "unshare(1) does not work"
  run unshare -n "$SANDBOX_RUN" --report --policy app.yml -- cat closed/secret
  without_numbers
  assert_report_has "sandbox-run: denied openat(AT_FDCWD, \"closed/secret\", O_RDONLY) = EACCES  [cat, pid N]  by app.yml: no rule lets it read $PWD/closed/secret"
  assert_report_has "sandbox-run: of 1 call of these the kernel has no record: none has come that is about this run"
}

test_events() {
  write_files_policy read,write_file
  run "$SANDBOX_RUN" --report=events.json --policy app.yml -- "${PYTHON[@]}" -c 'import os
for path, flags in ("closed/secret", os.O_RDONLY), ("allowed/file", os.O_RDWR):
    try:
        os.ftruncate(os.open(path, flags), 0)
    except PermissionError:
        pass'
  assert_status 0
  "${PYTHON[@]}" "$TEST_DATA/tools/check_ecs.py" <events.json || report "expected events as the schema has them"
  "${PYTHON[@]}" - <<'END' || report "expected two events: $(cat events.json)"
import json
found = [json.loads(line) for line in open("events.json")]
assert [(e["sandbox_run"]["syscall"], e["sandbox_run"]["missing"]) for e in found] == [
    ("openat", ["read_file"]), ("ftruncate", ["truncate"])], found
END
}

test_with_the_audit_system_off_the_end_says_so() {
  write_files_policy read,write_file
  audit 0 >/dev/null
  run "$SANDBOX_RUN" --report --policy app.yml -- cat closed/secret
  audit 1 >/dev/null
  assert_stderr_has "sandbox-run: this is sandbox-run's own account, without the kernel's records: the audit system is off ('auditctl -e 1' turns it on)"
}

run_tests
