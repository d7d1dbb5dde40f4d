#!/bin/bash
# sandbox-policy scan: one program, built in many ways. What it is seen to call must be in the scan, and nothing unknown;
# but for the ways that MAY_BE_UNKNOWN names, where numbers look like addresses of code, or musl has tables of its own.
. "$(dirname "$0")/lib.sh"

command -v gcc >/dev/null || { echo "skipped: there is no compiler"; exit 77; }
command -v strace >/dev/null || { echo "skipped: there is no strace"; exit 77; }
strace -o /dev/null true || { echo "skipped: strace cannot trace here"; exit 77; }

# Headers of sections are removed behind the link.
WAYS='gcc -O0
gcc -O2
gcc -O3 -march=x86-64-v3
gcc -Os -s
gcc -O2 -flto
gcc -O2 -no-pie
gcc -O2 -no-pie -static -s
gcc -O2 -static-pie -s
gcc -O2 -static-pie -flto -s
gcc -O2 -fno-plt -Wl,-z,now -s
gcc -O2 -Wl,-z,noseparate-code -s
gcc -O2 -Wl,-z,pack-relative-relocs -s
gcc -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables -s
gcc -O2 -no-pie -fno-asynchronous-unwind-tables -s
gcc -O2 -fuse-ld=gold -Wl,--icf=all -s
gcc -O2 -ffunction-sections -Wl,--gc-sections -fuse-ld=gold
gcc -O2 -B/usr/libexec/mold -s
clang -O0
clang -O2
clang -O3 -flto -fuse-ld=lld -s
clang -O2 -fuse-ld=lld -Wl,--icf=all -Wl,--pack-dyn-relocs=relr -s
clang -O2 -no-pie -static -fuse-ld=lld -s
musl-gcc -O2
musl-gcc -O2 -static -s
musl-gcc -Os -static-pie -s
gcc -O2 -no-headers
gcc -O2 -no-pie -Wl,-z,noseparate-code -no-headers
gcc -O2 -no-pie -static -no-headers'

MAY_BE_UNKNOWN='-no-pie -static|^musl|-no-headers'

# remove_headers FILE: no header of a section, as by sstrip.
remove_headers() {
  python3 - "$1" <<'END'
import struct, sys
with open(sys.argv[1], "r+b") as file:
    file.seek(0x28)
    file.write(struct.pack("<Q", 0))
    file.seek(0x3a)
    file.write(struct.pack("<HHH", 0, 0, 0))
END
}

test_flavours() {
  local way compiler flags built=0
  while read -r way; do
    read -r compiler flags <<<"$way"
    command -v "$compiler" >/dev/null || continue
    # shellcheck disable=SC2086
    "$compiler" -w -pthread ${flags/-no-headers/} "$TEST_DATA/scan/flavours.c" -o program 2>errors ||
      { echo "left out: $way: $(head -n 1 errors)"; continue; }
    [[ $flags != *-no-headers* ]] || remove_headers program
    built=$((built + 1))
    # lld before 16 makes what glibc does not load.
    if ! ./program >output 2>&1 && grep -q 'error while loading shared libraries' output; then
      echo "left out: $way: $(head -n 1 output)"
      continue
    fi
    strace -f -o trace ./program >output 2>&1 || { report "$way: the program failed: $(cat output)"; continue; }
    run "${SCAN[@]}" --format json ./program
    local may=no
    ! grep -qE -e "$MAY_BE_UNKNOWN" <<<"$way" || may=yes
    python3 - out trace "$way" "$may" >verdict <<'END'
import json, re, sys
scan = json.load(open(sys.argv[1]))
seen = {match[1] for match in (re.match(r"\d+ +([a-z_0-9]+)\(", line) for line in open(sys.argv[2])) if match}
missed = seen - {call["name"] for call in scan["calls"]} - {"execve"}
if any("number is not known" in told["what"] for told in scan["unknown"]):
    missed = set()  # It may be any.
if missed or (scan["unknown"] and sys.argv[4] == "no"):
    print(sys.argv[3] + ":", "missed", *sorted(missed), "unknown", scan["unknown"])
else:
    print(len(seen), "seen", len(scan["calls"]), "in the scan,", len(scan["unknown"]), "unknown:", sys.argv[3], file=sys.stderr)
END
    [ ! -s verdict ] || report "$(cat verdict)"
  done <<<"$WAYS"
  echo "$built ways"
  [ "$built" -ge 8 ] || report "expected 8 ways to be built"
}

run_tests
