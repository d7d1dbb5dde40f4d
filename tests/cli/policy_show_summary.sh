#!/bin/bash
# show --summary: what a program can do under a policy, a policy with a section, and a compiled filter.
. "$(dirname "$0")/policy/lib.sh"

test_summary_of_a_policy() {
  cat >narrow.yml <<'END'
seccomp:
  architectures: [x86_64]
  default_action: errno
  syscalls:
  - action: allow
    names: [read, write, openat, exit_group, mmap, kill, io_uring_setup, reboot]
    names_with_args:
    - name: socket
      arguments: [{argument: 0, operation: Equal, value: AF_INET}, {argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_STREAM}]
    - name: clone
      arguments: [{argument: 0, operation: BitsSet, value: CLONE_THREAD}]
  - action: kill_process
    names: [ptrace]
landlock:
  files:
  - access: [read]
    paths: [/usr, /etc]
  tcp: {connect: [443]}
  scope: [signals]
END
  policy show --summary narrow.yml
  assert_status 0
  assert_file_is out "narrow.yml: a policy

x86_64, a program under it
  starts other programs           no
  makes processes, threads        threads only
  opens files                     read: /usr, /etc
  opens sockets                   IPv4, any by io_uring; TCP to port 443 alone
  reaches other processes         signals to its own
  mounts, namespaces, roots       no
  changes the machine             reboot
  uses rarer parts of the kernel  io_uring_setup
  system calls allowed            10 of 385, 2 of them with some arguments only
  a denied call gets              errno EPERM, kill_process

any other ABI: kill_process; x32: errno ENOSYS"
  policy show --summary --format json narrow.yml
  assert_status 0
  python3 - out <<'END' || report "expected the same as JSON"
import json, sys
shown = json.load(open(sys.argv[1]))
summary = shown["abis"][0]["summary"]
assert shown["abis"][0]["abi"] == "x86_64"
assert summary["programs"] == {"extent": "none", "text": "no"}, summary
assert summary["machine"] == {"extent": "some", "text": "reboot"}, summary
assert len(summary) == 10
END
}

test_summary_of_a_filter() {
  write_yaml open.yml allow ptrace
  policy compile -q open.yml -o open.bpf
  policy show --summary --arch x86_64 open.bpf
  assert_status 0
  grep -qx '  starts other programs           yes' out || report "expected that it starts programs"
  grep -qx '  opens files                     whatever its user may open' out || report "expected files"
  grep -qx '  reaches other processes         signals, memory and files: process_vm_readv,' out || report "expected no ptrace"
}

# Where few families are denied, these are named.
test_summary_of_families() {
  cat >but.yml <<'END'
seccomp:
  architectures: [x86_64]
  default_action: allow
  syscalls:
  - action: errno
    names: [io_uring_setup]
    names_with_args:
    - {name: socket, arguments: [{argument: 0, operation: Equal, value: AF_ALG}]}
    - {name: socket, arguments: [{argument: 0, operation: Equal, value: AF_VSOCK}]}
END
  policy show --summary but.yml
  assert_status 0
  grep -qx '  opens sockets                   every family but AF_ALG, AF_VSOCK' out || report "expected the families"
  sed -i '/AF_/d; s/names_with_args:/names: [ptrace]/; /names: \[io/d' but.yml
  policy show --summary but.yml
  grep -qx '  opens sockets                   every family, any by io_uring' out || report "expected every family"
}

test_summary_of_a_policy_without_a_filter() {
  printf 'seccomp:\n  enabled: false\n' >off.yml
  policy show -q --summary off.yml
  assert_status 0
  assert_file_is out "off.yml: a policy
'enabled' is false: it filters nothing"
}

write_yaml() { printf 'seccomp:\n  default_action: %s\n  syscalls:\n  - action: errno\n    names: [%s]\n' "$2" "$3" >"$1"; }

run_tests
