#!/bin/bash
# sandbox-policy check --program: what a policy denies that a program's code can call.
. "$(dirname "$0")/lib.sh"

CHECK=("$TEST_BIN/sandbox-policy" check)

policy() { # policy NAME...: allows these calls.
  printf 'seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names: [%s]\n' "$(echo "$*" | tr ' ' ',')"
}

# A call of the code that no run has made is named, with its function and file.
test_missed() {
  policy exit getpid rt_sigreturn restart_syscall >p.yml
  run "${CHECK[@]}" --program "$TEST_BIN/scan_numbers" p.yml
  assert_status 1
  grep -q '^In the code, and denied by p.yml:$' out || report "expected the head: $(cat out)"
  grep -Eqx '  getegid +scan_numbers: one_of_two(\+0x[0-9a-f]+)?' out || report "expected getegid and its place"
  ! grep -q 'not in the code' out || report "did not expect what is needless"
}

# What the policy answers with ENOSYS on purpose is shown, and is no miss.
test_nothing_missed() {
  run "${SCAN[@]}" -o p.yml "$TEST_BIN/scan_data"
  run "${CHECK[@]}" --program "$TEST_BIN/scan_data" p.yml
  assert_status 0
  policy exit exit_group getpid getuid rt_sigreturn sigreturn restart_syscall >q.yml
  printf '  architectures: [x86_64, x86]\n' >>q.yml
  run "${CHECK[@]}" --program "$TEST_BIN/scan_data" q.yml
  assert_status 0
  assert_file_is out "q.yml: 0 errors, 0 warnings
q.yml allows what the code of $TEST_BIN/scan_data can call"
  policy exit exit_group getpid rt_sigreturn sigreturn restart_syscall >q.yml
  printf '  - action: errno\n    errno: ENOSYS\n    names: [getuid]\n  architectures: [x86_64, x86]\n' >>q.yml
  run "${CHECK[@]}" --program "$TEST_BIN/scan_data" q.yml
  assert_status 0
  grep -A1 '^In the code, and answered by q.yml with ENOSYS, as if the kernel lacked them:$' out |
    grep -Eq '^  getuid +scan_data: used_second' || report "expected getuid: $(cat out)"
}

test_json() {
  policy exit getpid rt_sigreturn restart_syscall >p.yml
  run "${CHECK[@]}" --format json --program "$TEST_BIN/scan_data" p.yml
  assert_status 1
  assert_equal "0 scan_data ['getuid', 'getpid'] ['x86_64', 'x86'] used_second [] [] []" "$(python3 -c '
import json, os
answer = json.load(open("out"))
program = answer["files"][0]["program"]
denied = program["denied"]
print(answer["errors"], os.path.basename(program["name"]), [c["name"] for c in denied], [c["abi"] for c in denied],
      denied[0]["places"][0]["function"], program["conditional"], program["absent"], program["unknown"])')"
}

# A recording tells one run; what another run would need is named by check.
test_recording() {
  "$TEST_BIN/sandbox-policy" record -q -o r.yml -- "$TEST_BIN/scan_numbers"
  run "${CHECK[@]}" --program "$TEST_BIN/scan_numbers" r.yml
  assert_status 1
  grep -Eq '^  (getegid|getgid) ' out || report "expected a call that the run did not make: $(cat out)"
  ! grep -Eq '^  getuid ' out || report "did not expect a call that was recorded"
}

test_mistakes() {
  policy exit >p.yml
  run "${CHECK[@]}" --program /etc/passwd p.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: /etc/passwd: is no ELF file: a scan reads machine code"
  run "${CHECK[@]}" --with-nss p.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: check: --with, --follow, --with-nss and --loader go with --program"
  echo 'seccomp: {default_action: errno, syscalls: [{action: allow, names: [exitt]}]}' >p.yml
  run "${CHECK[@]}" --program "$TEST_BIN/scan_data" p.yml
  assert_status 2 # With an error, a policy is not compared.
  ! grep -q 'In the code' out || report "did not expect a comparison"
}

run_tests
