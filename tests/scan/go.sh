#!/bin/bash
# sandbox-policy scan: Go programs, with and without cgo, with symbols and stripped. The number of fcntl is a variable
# there (fcntl64Syscall), and still known.
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || { echo "skipped: there is no go"; exit 77; }
unset GOENV GOROOT
export GOCACHE=$PWD/cache GOPATH=$PWD/path GOPROXY=off GOFLAGS=-mod=mod

write_source() {
  printf 'module m\ngo 1.16\n' >go.mod
  cat >main.go <<'END'
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	file, err := os.Create("locked")
	if err != nil {
		panic(err)
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, &lock); err != nil {
		panic(err)
	}
	if err := exec.Command("/bin/true").Run(); err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		client, _ := net.Dial("tcp", listener.Addr().String())
		fmt.Fprint(client, "x")
		client.Close()
	}()
	server, _ := listener.Accept()
	server.Close()
}
END
}

# built NAME ENVIRONMENT... -- OPTION...: or left out, where the tool chain cannot.
built() {
  local name=$1 environment=()
  shift
  while [ "$1" != -- ]; do environment+=("$1"); shift; done
  shift
  env "${environment[@]}" go build -o "$name" "$@" . >built 2>&1 || { echo "left out: $name: $(tail -n 1 built)"; return 1; }
}

# What it is seen to call is in the scan, and nothing is unknown.
holds() {
  run "${SCAN[@]}" --format json "./$1"
  assert_status 0
  if command -v strace >/dev/null && strace -o /dev/null true; then
    strace -o trace -f "./$1" >/dev/null 2>&1 || report "$1 failed"
    # Of its child, what is done before its execve is its own.
    python3 - out trace "$1" >verdict <<'END'
import json, re, sys
calls = {call["name"] for call in json.load(open(sys.argv[1]))["calls"]}
other, missed = set(), set()
for number, line in enumerate(open(sys.argv[2])):
    match = re.match(r"(\d+) +([a-z_0-9]+)\(", line)
    if match and match[1] not in other:
        if match[2] not in calls and not (number == 0 and match[2] == "execve"):
            missed.add(match[2])
        if number > 0 and match[2] == "execve":
            other.add(match[1])
if missed:
    print(sys.argv[3], "missed", *sorted(missed))
END
    [ ! -s verdict ] || report "$(cat verdict)"
  fi
}

test_programs() {
  write_source
  ! built static CGO_ENABLED=0 -- || holds static
  ! built stripped CGO_ENABLED=0 -- -ldflags='-s -w' || holds stripped
  ! built with_c CGO_ENABLED=1 -- || holds with_c
  ! built pie -- -buildmode=pie || holds pie
}

# Nothing is missed that the rules of go-seccomp-bpf's profiler find.
test_by_text() {
  write_source
  built static CGO_ENABLED=0 -- || return 0
  go tool objdump static 2>/dev/null | grep -q . || { echo "left out: no go tool objdump"; return 0; }
  python3 "$TEST_DATA/scan/go_by_text.py" "$TEST_BIN/sandbox-policy" static >table || report "$(cat table)"
  cat table
}

run_tests
