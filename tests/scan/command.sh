#!/bin/bash
# sandbox-policy scan: what it prints, compares and writes, and its exit statuses.
. "$(dirname "$0")/lib.sh"

test_text() {
  run "${SCAN[@]}" "$TEST_BIN/scan_data"
  assert_status 0
  assert_file_is err ""
  assert_file_is out "$TEST_BIN/scan_data: 6 system calls
  exit getpid getuid restart_syscall rt_sigreturn
Of the ABI x86:
  getpid"
}

test_policy() {
  printf 'seccomp:\n  default_action: errno\n  syscalls:\n  - action: allow\n    names: [exit, getpid, uname]\n' >p.yml
  run "${SCAN[@]}" --policy p.yml "$TEST_BIN/scan_data"
  assert_status 1
  grep -A20 '^In the code, and denied by p.yml:' out >denied
  grep -Eqx '  getuid +scan_data: used_second\+0x[0-9a-f]+' denied || report "expected getuid and its place"
  grep -A1 '^Allowed by p.yml, and not in the code:' out | grep -qx '  uname' || report "expected uname to be needless"
  run "${SCAN[@]}" --policy profile:no-network "$TEST_BIN/scan_numbers"
  assert_status 0
}

# The policy that is written allows what is in the code, and the program runs under it.
test_output() {
  run "${SCAN[@]}" -o p.yml "$TEST_BIN/scan_data"
  assert_status 0
  assert_file_is err ""
  run "${SCAN[@]}" --policy p.yml "$TEST_BIN/scan_data"
  assert_status 0
  head -n 1 p.yml | grep -q "^# What a program's code can call is allowed, all else gets EPERM" || report "expected the head"
  run "${SCAN[@]}" -o p.yml "$TEST_BIN/scan_data" # Its own file is replaced.
  assert_status 0
  echo '# mine' >p.yml
  run "${SCAN[@]}" -o p.yml "$TEST_BIN/scan_data"
  assert_status 2
  assert_file_is err "sandbox-policy: error: p.yml: is there already, and was not written by 'record' or 'scan'; --force replaces it"
  if ! is_root; then
    chmod 200 p.yml
    run "${SCAN[@]}" -o p.yml "$TEST_BIN/scan_data"
    assert_status 2
    assert_file_is err "sandbox-policy: error: p.yml: is there already, and cannot be read; --force replaces it"
  fi
  run "${SCAN[@]}" --default kill_process -o ls.yml /bin/ls
  assert_status 0
  run "$SANDBOX_RUN" --policy ls.yml -- /bin/ls -l /
  assert_status 0
}

test_explain() {
  run "$TEST_BIN/sandbox-policy" explain --program "$TEST_BIN/scan_data" getuid
  assert_status 0
  assert_file_is out "$TEST_BIN/scan_data can make getuid:
  scan_data+0x$(nm "$TEST_BIN/scan_data" | sed -n 's/^0*\([0-9a-f]*\) T _start/\1/p'), the program's start
    calls scan_data: begin
    uses data with the address of scan_data: used_second
    makes the call in scan_data: used_second+0x$(objdump -d "$TEST_BIN/scan_data" | awk '/<used_second>:/ {f = 1; sub(/ .*/, ""); b = $0} f && /syscall/ {print $1; exit}' | tr -d : >at; printf '%x' $((0x$(cat at) - 0x$(nm "$TEST_BIN/scan_data" | awk '$3 == "used_second" {print $1}'))))"
  run "$TEST_BIN/sandbox-policy" explain --program "$TEST_BIN/scan_data" reboot
  assert_status 1
  assert_file_is out "$TEST_BIN/scan_data has no code that makes reboot"
  run "$TEST_BIN/sandbox-policy" explain --program "$TEST_BIN/scan_data" rebot
  assert_status 2
  assert_file_is err "sandbox-policy: error: unknown system call 'rebot' of x86_64"
}

# Where the program leaves the scanned code, it is told so, and a library that is named is scanned with it.
test_leaves() {
  run "${SCAN[@]}" "$TEST_BIN/scan_leaves"
  assert_status 0
  local line
  for line in 'It loads libraries while it runs; --with LIB adds what these call:' '  scan_leaves.* (libscan_plugin.so)' \
    'It looks up functions by names that are not known:' 'It starts programs, which keep the policy: scan these, too:' \
    '  scan_leaves.* (execv)' "It asks the libraries of nsswitch.conf(5); --with-nss adds what these call:" \
    '  libc.so.6: getpwnam_r' 'It makes memory executable: code that is made at run time is not scanned:'; do
    grep -qx -- "$line" out || report "expected '$line'"
  done
  ! grep -qw adjtimex out || report "the plugin is not loaded yet"
  run "${SCAN[@]}" --with "$TEST_BIN/libscan_plugin.so" "$TEST_BIN/scan_leaves"
  grep -qE '\b(adjtimex|clock_adjtime)\b' out || report "expected the plugin's call"
  run "${SCAN[@]}" --with libnone.so.7 "$TEST_BIN/scan_leaves"
  assert_status 2
  assert_file_is err "sandbox-policy: error: $TEST_BIN/scan_leaves: there is no library 'libnone.so.7' for x86_64"
}

# What the loader does beside starting a program is left out, unless it is asked for.
test_loader() {
  ! calls_of "$TEST_BIN/scan_user" | grep -qw execve || report "did not expect execve"
  calls_of --loader full "$TEST_BIN/scan_user" | grep -qw execve || report "expected execve"
  run "${SCAN[@]}" --loader ful "$TEST_BIN/scan_user"
  assert_status 2
  assert_file_is err "sandbox-policy: error: scan: unknown extent of the loader 'ful'; did you mean 'full'?"
}

# All that it may read of it was read first.
test_a_file_that_is_too_large() {
  truncate -s 3G large
  run "${SCAN[@]}" large
  assert_status 2
  assert_file_is err "sandbox-policy: error: large: is larger than 536870912 bytes, the most that a program may have"
  rm large
}

# A program that it starts keeps the policy.
test_follow() {
  assert_equal "exit getpid getuid restart_syscall rt_sigreturn x86:getpid" "$(calls_of "$TEST_BIN/scan_data")"
  calls_of --follow "$TEST_BIN/scan_numbers" "$TEST_BIN/scan_data" >all
  local call
  for call in getpid x86:getpid getegid sync; do grep -qw "$call" all || report "expected $call"; done
  run "${SCAN[@]}" --follow /etc/passwd "$TEST_BIN/scan_data"
  assert_status 2
  assert_file_is err "sandbox-policy: error: /etc/passwd: is no ELF file: a scan reads machine code"
}

# A recording tells what the code can do beside what was seen.
test_record() {
  run "$TEST_BIN/sandbox-policy" record --scan -q -o p.yml -- "$TEST_BIN/scan_numbers"
  assert_status 0
  grep -q "^  #   not seen, and in the program's code: .*getegid" p.yml || report "expected getegid: $(cat p.yml)"
  ! grep -q "^  #   seen, and not in" p.yml || report "all that was seen is in the code: $(cat p.yml)"
  grep -q '^    - getuid ' p.yml || report "expected getuid to have been seen"
}

run_tests
