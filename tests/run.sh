#!/bin/bash
# Builds everything and runs all tests on Debian 12: the unit and differential tests under AddressSanitizer and
# UndefinedBehaviorSanitizer, then all tests with the launcher as it is shipped. The last thing printed is ctest's
# summary of these; the exit status is 0 only if everything passed.
#
# Missing Debian packages are installed, as root or by sudo. Some are services (nginx, redis, PostgreSQL, sshd and so on):
# the tests start them themselves, under the launcher, with configurations of their own. On your machine they are
# neither started nor enabled: a policy-rc.d stands in Debian's way meanwhile (one that is there already is left as it
# is), and what this script installed is disabled for the next boot. Services that were there before are not touched.
# Without root and sudo the script says which packages are missing, and stops.
#
# Run as root the tests run twice, as root and as nobody; run as any other user, as that user alone. Written are build/
# and, while the tests run, /tmp/sandbox-run-*.
#
# What is skipped for want of something says so. Docker's default profile is in no package of Debian's: where it is not
# found, SANDBOX_RUN_DOCKER_PROFILE can name it. The kernel headers from which tables were generated are not installed;
# CONTRIBUTING.md names them.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/apt.sh

# bubblewrap, firejail (which is set-user-ID) and Google Benchmark are for a short run of the benchmark, to see that it
# works. gcc-multilib builds 32-bit programs; golang-github-containers-common has Podman's profile; manpages-dev has
# syscalls(2), which says when a call came. The tests of the profiles ffmpeg and imagemagick are skipped where these are
# not installed: they are large.
TEST_PACKAGES=(bubblewrap busybox-static curl firejail gcc gcc-multilib gdb git golang-github-containers-common less
  libbenchmark-dev libcap2-bin libgtest-dev make mandoc manpages-dev memcached mount nginx-light nodejs openssh-client
  openssh-server openssl postgresql procps prometheus-node-exporter python3 redis-server redis-tools strace tcpdump
  util-linux)

log=$PWD/build/tests.log
mkdir -p build
: >"$log"

trap 'allow_starting; return_to_owner build .' EXIT

echo "== packages"
mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}")
if [ ${#missing[@]} -gt 0 ]; then
  prepare_install "${missing[@]}"
  echo "installing ${missing[*]}"
  install_without_starting "$log" "${missing[@]}"
fi

# A build prints nothing but its progress; what the compiler says is shown when it fails.
build() {
  echo "== building preset $1"
  run_logged "$log" cmake --preset "$1"
  run_logged "$log" cmake --build --preset "$1" -j "$(nproc)"
}

docker_profile=../shared/data/docker-default.json
if [ -z "${SANDBOX_RUN_DOCKER_PROFILE:-}" ] && [ -e "$docker_profile" ]; then
  SANDBOX_RUN_DOCKER_PROFILE=$(realpath "$docker_profile")
  export SANDBOX_RUN_DOCKER_PROFILE
fi

build asan-ubsan
echo "== unit and differential tests under the sanitizers"
# GCC 12's AddressSanitizer finds no room for its shadow where a kernel spreads mappings over more than 28 bits.
steady=()
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ] && setarch --addr-no-randomize true; then
  steady=(setarch --addr-no-randomize)
fi
# Left out is kernel_judge: its threads run on under filters that refuse what the sanitizer's own allocator asks for.
"${steady[@]}" ctest --preset asan-ubsan -R '^(unit|differential|fuzz)' -E kernel_judge -j "$(nproc)"

build dev
tests/tools/check_layout.py build/dev cmd/sandbox-run/launch_layout.ld
echo "== all tests"
ctest --preset dev -j "$(nproc)"
