#!/bin/bash
# Measures sandbox-run beside other launchers on Debian 12, and prints tables as Markdown, for docs/performance.md.
#
#   tests/bench/run.sh [--rounds N] [--quick]      (see measure.sh)
#   tests/bench/run.sh supervise [--rounds N]      (see supervise.sh)
#
# Missing Debian packages are installed, as root or by sudo: bubblewrap and firejail among them, the latter as Debian
# installs it, set-user-ID. Written is build/. After that it takes about two minutes, best on a machine that does
# nothing else: the line above the tables says how busy it was. Messages go to standard error, the tables to standard
# output.
set -euo pipefail
cd "$(dirname "$0")/../.."
. packaging/apt.sh

BENCH_PACKAGES=(bubblewrap firejail libbenchmark-dev libgtest-dev util-linux)
script=measure.sh
if [ "${1:-}" = supervise ]; then
  script=supervise.sh
  BENCH_PACKAGES+=(gcc git redis-server redis-tools strace)
  shift
fi

log=$PWD/build/bench.log
mkdir -p build
trap 'allow_starting; return_to_owner build .' EXIT
: >"$log"

say() { echo "== $*" >&2; }

say "packages"
mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}")
if [ ${#missing[@]} -gt 0 ]; then
  prepare_install "${missing[@]}" >&2
  say "installing ${missing[*]}"
  install_without_starting "$log" "${missing[@]}"
fi

say "building what is shipped"
run_logged "$log" cmake --preset release
run_logged "$log" cmake --build --preset release -j "$(nproc)"
say "building what measures"
# The same settings; in a folder of its own, because the preset `release` has no tests.
run_logged "$log" cmake --preset release -B build/bench -D SANDBOX_RUN_TESTS=ON
run_logged "$log" cmake --build build/bench -j "$(nproc)" -t bench

say "measuring"
SANDBOX_RUN=$PWD/build/release/cmd/sandbox-run/sandbox-run BENCH_BIN=$PWD/build/bench/tests/bench/bin \
  SANDBOX_POLICY=$PWD/build/release/cmd/sandbox-policy/sandbox-policy \
  MAKE_FILTER=$PWD/build/bench/tests/bin/make_filter "tests/bench/$script" "$@"
