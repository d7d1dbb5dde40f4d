#!/bin/bash
# Policies for several ABIs: 32-bit programs under the launcher, which is a 64-bit one.
. "$(dirname "$0")/language_abis_lib.sh"

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

run_tests
