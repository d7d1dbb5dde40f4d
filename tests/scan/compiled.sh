#!/bin/bash
# sandbox-policy scan: small programs, each a trap, built by several compilers and linkers. A file in traps/ has a line
# for each way to build it, and what the scan must then find, no more and no less: "// gcc -O2 -static: getpid getuid".
# "unknown": that something is told not to be known, which counts as found. With "!name" the others may be more, and that
# one must not be there. What is not installed is left out.
. "$(dirname "$0")/lib.sh"

command -v gcc >/dev/null || { echo "skipped: there is no compiler"; exit 77; }
TRAPS=$TEST_DATA/scan/traps
COMMON=(-nostdlib -fno-stack-protector -fcf-protection=none -fno-builtin -w)

# is_installed COMPILER FLAG...
is_installed() {
  command -v "$1" >/dev/null || return 1
  case " $* " in
    *-fuse-ld=lld*) command -v ld.lld >/dev/null ;;
    *-fuse-ld=gold*) command -v ld.gold >/dev/null ;;
    */libexec/mold*) [ -x /usr/libexec/mold/ld ] ;;
  esac
}

# found_in PROGRAM [OPTION]...: the names that a scan finds, and whether something is not known.
found_in() {
  run "${SCAN[@]}" --format json "$@"
  python3 - out <<'END'
import json, sys
scan = json.load(open(sys.argv[1]))
names = sorted((c["abi"] + ":" if c["abi"] != "x86_64" else "") + c["name"] for c in scan["calls"])
print(*[name for name in names if name not in ("exit", "restart_syscall", "rt_sigreturn")])
if scan["unknown"]:
    print("unknown")
END
}

# check FILE COMPILER FLAG... -- CALL...
check() {
  local file=$1 compiler=$2 flags=()
  shift 2
  while [ "$1" != -- ]; do flags+=("$1"); shift; done
  shift
  is_installed "$compiler" "${flags[@]}" || return 0
  [ "$compiler" = gcc ] && flags+=(-fno-ipa-ra)
  "$compiler" "${COMMON[@]}" "${flags[@]}" "$file" "${LIBRARIES[@]}" -o program 2>errors ||
    { report "$file: $compiler ${flags[*]}: $(head -n 3 errors)"; return 0; }
  built=$((built + 1))
  local found
  found=$(found_in ./program)
  if [[ $* == *!* ]]; then
    local name
    for name; do
      case $name in
        !*) ! grep -qw -- "${name#!}" <<<"$found" || report "$(basename "$file"), $compiler ${flags[*]}: did not expect $name" ;;
        *) grep -qw -- "$name" <<<"$found" || report "$(basename "$file"), $compiler ${flags[*]}: expected $name" ;;
      esac
    done
  elif [ "$*" = unknown ]; then
    [[ $found == *unknown ]] || report "$(basename "$file"), $compiler ${flags[*]}: expected something unknown, found $found"
  else
    [ "$found" = "$*" ] || report "$(basename "$file"), $compiler ${flags[*]}: expected $*, found $found"
  fi
}

# check_file FILE
check_file() {
  local file=$1 line how
  grep -E '^(//|#) (gcc|clang|musl-gcc) .*: ' "$file" >lines
  while read -r line; do
    line=${line#* }
    how=${line%%: *}
    # shellcheck disable=SC2086
    check "$file" $how -- ${line#*: } </dev/null
  done <lines
}

test_traps() {
  built=0
  LIBRARIES=()
  local file
  for file in "$TRAPS"/*.c "$TRAPS"/*.s; do
    [ "$(basename "$file")" = plt.c ] || check_file "$file"
  done
  echo "$built programs"
  [ "$built" -ge 40 ] || report "expected 40 programs to be built"
}

# Stubs of several linkers, which lie one behind the other.
test_plt() {
  gcc "${COMMON[@]}" -O2 -fPIC -shared -DLIBRARY -Wl,-soname,./libplt.so "$TRAPS/plt.c" -o libplt.so
  LIBRARIES=(./libplt.so)
  built=0
  check_file "$TRAPS/plt.c"
}

run_tests
