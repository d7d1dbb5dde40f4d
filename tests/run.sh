#!/bin/bash
# tests/run.sh [--all]: builds the programs as they are shipped and tests them on Debian 12. The last thing printed is
# ctest's summary; the exit status is 0 only if everything passed.
#
# Without an option: the unit tests, messages and exit statuses, and the launcher with real programs on this kernel,
# once, as the user who runs it. Left out is what tests/CMakeLists.txt labels `long` and `again`.
#
# --all, as CI runs it: the unit and differential tests under AddressSanitizer and UndefinedBehaviorSanitizer, what has
# threads under ThreadSanitizer, then all tests; run as root these run a second time as nobody.
#
# Missing Debian packages are installed, as root or by sudo. Some are services (nginx, redis, PostgreSQL, sshd and so on):
# the tests start them themselves, under the launcher, with configurations of their own. On your machine they are
# neither started nor enabled: a policy-rc.d stands in Debian's way meanwhile (one that is there already is left as it
# is), and what this script installed is disabled for the next boot. Services that were there before are not touched.
# Without root and sudo the script says which packages are missing, and stops.
#
# Written are build/ and, while the tests run, /tmp/sandbox-run-*.
#
# What is skipped for want of something says so. Docker's default profile is in no package of Debian's: where it is not
# found, SANDBOX_RUN_DOCKER_PROFILE can name it. The kernel headers from which tables were generated are not installed;
# CONTRIBUTING.md names them.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/apt.sh

all=no
case "$*" in
  "") ;;
  --all) all=yes ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

# Without a compiler cache; most of it is for the compiler.
if [ "$all" = yes ]; then
  echo "All tests, the sanitizers' too: this takes some 50 minutes on two cores."
else
  echo "This takes some 15 minutes on two cores (--all, what CI runs: 50)."
fi

# bubblewrap, firejail (which is set-user-ID) and Google Benchmark are for a short run of the benchmark, to see that it
# works. gcc-multilib builds 32-bit programs; golang-github-containers-common has Podman's profile; manpages-dev has
# syscalls(2), which says when a call came; fish and zsh try the completions, python3-jsonschema and python3-yaml the
# schemas, lintian and rpm the packages; runc and crun start containers under profiles. The tests of the profiles
# chromium, ffmpeg and imagemagick are skipped where these are not installed: they are large.
TEST_PACKAGES=(bubblewrap busybox-static crun curl firejail fish gcc gcc-multilib gdb git golang-github-containers-common
  jq less libbenchmark-dev libcap2-bin libgtest-dev libzydis-dev lintian make mandoc manpages-dev memcached mount
  nginx-light nodejs openssh-client openssh-server openssl postgresql procps prometheus-node-exporter python3
  python3-jsonschema python3-yaml redis-server redis-tools rpm runc strace tcpdump tmux util-linux zsh)

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

# build PRESET [OPTION]... prints nothing but that it builds; what the compiler says is shown when it fails.
build() {
  echo "== building preset $1"
  run_logged "$log" cmake --preset "$1"
  run_logged "$log" cmake --build --preset "$1" -j "$(nproc)" "${@:2}"
}

docker_profile=../shared/data/docker-default.json
if [ -z "${SANDBOX_RUN_DOCKER_PROFILE:-}" ] && [ -e "$docker_profile" ]; then
  SANDBOX_RUN_DOCKER_PROFILE=$(realpath "$docker_profile")
  export SANDBOX_RUN_DOCKER_PROFILE
fi

if [ "$all" = no ]; then
  build dev
  echo "== the short tests, once"
  ctest --preset dev -LE 'long|again' -j "$(nproc)"
  exit
fi

# GCC 12's sanitizers find no room for their shadows where a kernel spreads mappings over more than 28 bits.
steady=()
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ] && setarch --addr-no-randomize true; then
  steady=(setarch --addr-no-randomize)
fi

build asan-ubsan
echo "== unit and differential tests under AddressSanitizer and UndefinedBehaviorSanitizer"
# Left out is kernel_judge: its threads run on under filters that refuse what the sanitizer's own allocator asks for.
"${steady[@]}" ctest --preset asan-ubsan -R '^(unit|differential|fuzz)' -E kernel_judge -j "$(nproc)"

build tsan --target unit_threads
echo "== what has threads under ThreadSanitizer"
"${steady[@]}" ctest --preset tsan -R '^unit\.threads$'

build dev
tests/tools/check_layout.py build/dev cmd/sandbox-run/launch_layout.ld
tests/tools/check_layout.py build/dev cmd/sandbox-policy/record_layout.ld
echo "== all tests"
ctest --preset dev -j "$(nproc)"
