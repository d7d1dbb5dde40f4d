#!/bin/bash
# sandbox-policy scan: the libraries are those that the loader takes, on this processor and this machine.
. "$(dirname "$0")/lib.sh"

# libraries_of OPTION... PROGRAM: the paths, sorted.
libraries_of() {
  run "${SCAN[@]}" --format json "$@"
  python3 -c 'import json; print(*sorted(json.load(open("out"))["libraries"]), sep="\n")'
}

# Each level that the processor has, as ld.so --list tells.
test_levels() {
  local level loader=/lib64/ld-linux-x86-64.so.2
  cp "$TEST_BIN/scan_user" "$TEST_BIN/libscan_library.so" .
  for level in '' x86-64-v2 x86-64-v3 x86-64-v4 x86-64-v9; do
    mkdir -p "glibc-hwcaps/$level"
    [ -z "$level" ] || cp libscan_library.so "glibc-hwcaps/$level/"
    "$loader" --list "$PWD/scan_user" | sed -n 's/.* => \(.*libscan_library[^ ]*\) .*/\1/p' >wanted
    [ -s wanted ] || report "expected ld.so to list the library"
    libraries_of "$PWD/scan_user" | grep libscan_library >found
    assert_equal "$(cat wanted)" "$(cat found)"
  done
}

# Libraries of /etc/ld.so.preload count as loaded; one that is missing is passed over, as by the loader.
test_preload() {
  unshare -rm true 2>/dev/null || { echo "no namespaces: ld.so.preload is not tried"; return; }
  cat >preload.sh <<'SCRIPT'
mount -t tmpfs none /etc && printf '# two\n%s:/none.so\n' "$1" >/etc/ld.so.preload && shift && exec "$@"
SCRIPT
  run unshare -rm sh preload.sh "$TEST_BIN/libscan_plugin.so" "${SCAN[@]}" "$TEST_BIN/scan_leaves"
  assert_status 0
  grep -qE '\b(adjtimex|clock_adjtime)\b' out || report "expected the preloaded library's call"
  run unshare -rm sh preload.sh "$TEST_BIN/libscan_plugin.so" "${SCAN[@]}" "$TEST_BIN/scan_data"
  ! grep -qE '\b(adjtimex|clock_adjtime)\b' out || report "a static program preloads nothing"
}

run_tests
