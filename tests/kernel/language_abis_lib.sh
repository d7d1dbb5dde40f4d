# What the tests of policies for several ABIs share: 32-bit programs, built here.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

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
