#!/bin/bash
# sandbox-run --report: the line about a call: its arguments in words, the deciding line, the process.
. "$(dirname "$0")/report_lib.sh"

# says GROUP TEXT: of the calls of that group (report_arguments.py), between "denied " and the process.
says() {
  need python3
  cat >policy.yml <<'END'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names: [connect, socket, mkdir, rmdir, sendto, openat2, symlink, unlink, creat, execve, setsockopt, chmod, kill, mount]
    names_with_args:
    - name: ioctl
      arguments: [{argument: 1, operation: Equal, value: TIOCSTI}]
    - name: prctl
      arguments: [{argument: 0, operation: Equal, value: PR_SET_NAME}]
    - name: openat
      arguments: [{argument: 2, operation: Equal, value: 0x10000}]
    - name: openat
      arguments: [{argument: 2, operation: BitsSet, value: O_TRUNC}]
END
  reported policy.yml python3 "$KERNEL_TESTS/report_arguments.py" "$1"
  assert_status 0
  assert_stdout ""
  local line='^sandbox-run: denied (.*) = EPERM  \[python3, pid N\]  by policy\.yml:[0-9]+ \(errno\)$'
  sed -nE "s/$line/\1/p" report >calls
  [ "$(cat calls)" = "$2" ] || report "expected of the calls: $2"
  assert_equal "$(wc -l <calls)" "$(denied_lines | wc -l)" "lines for single calls"
}

repeated() { printf "%$2s" "" | tr ' ' "$1"; }

test_internet_addresses() {
  says internet 'connect(3, 127.0.0.1:8080, 16)
connect(3, [::1]:443, 28)
connect(3, [fe80::1%3]:443, 28)
connect(3, AF_NETLINK pid 5 groups 0x3, 12)
connect(3, {AF_PACKET, ...}, 8)'
}

test_local_addresses() {
  says local 'connect(3, AF_UNIX "/run/socket", 14)
connect(3, AF_UNIX @"abstract", 11)
connect(3, AF_UNIX @"a\x00\x1b\xff", 7)
connect(3, AF_UNIX, 2)
connect(3, AF_UNIX "/'"$(repeated a 63)"'"..., 110)'
}

test_strings() {
  says strings 'mkdir("plain", 0755)
rmdir("'"$(repeated a 64)"'")
unlink("'"$(repeated b 64)"'"...)
creat("quote\" and \\", 0644)
chmod("'"$(repeated c 64)"'"..., 04755)
symlink("from", "to")'
}

test_dangerous_strings() {
  says dangerous_strings 'mkdir("\x1b[31mred\x07", 0)
rmdir("line\nsandbox-run: denied nothing\x0d\t")
unlink("\xff\xfe\x80")
creat("umläut \u202e \u200b \xc2\x9b", 0)
chmod("'"$(repeated a 63)"'"..., 0)'
  # Not a byte that a terminal would take for a command.
  ! tr -d '\n' <err | grep -q '[[:cntrl:]]' || report "expected no control characters"
}

test_bad_pointers() {
  says bad_pointers 'mkdir(0xdeadbeef, 0)
rmdir(NULL)
unlink(0xffffffffffffffff)
creat("end"..., 0)
connect(3, 0x1, 16)
execve(0x1, 0x2, 0x3)'
}

test_programs() {
  says programs 'execve("/bin/ls", ["ls", "-l", "a b"], NULL)
execve("/bin/echo", ["x", "x", "x", "x", "x", "x", "x", "x", ...], NULL)'
}

test_constants() {
  says constants 'socket(AF_PACKET, SOCK_RAW|SOCK_CLOEXEC, 768)
socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
socket(999, SOCK_STREAM, 0)
setsockopt(3, SOL_SOCKET, SO_REUSEADDR, NULL, 4)
sendto(3, "hello\x00world", 11, MSG_NOSIGNAL, NULL, 0)
openat2(AT_FDCWD, "/etc/passwd", {flags=O_RDONLY|O_CLOEXEC, mode=0, resolve=0x8}, 24)
prctl(PR_SET_NAME, "name")
kill(-1, SIGKILL)
mount("none", "/mnt", "tmpfs", MS_NOSUID|MS_NODEV, NULL)
ioctl(0, TIOCSTI, 0)'
}

test_flags_of_open() {
  says flags 'openat(AT_FDCWD, "one", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0640)
openat(5, "two", O_RDONLY|O_DIRECTORY)'
}

# The line of the name that decides, here and in the summary.
test_the_deciding_line() {
  cat >policy.yml <<'END'
seccomp:
  default_action: errno
  syscalls:
  - action: allow
    names: [@CALLS@]
  - action: errno
    errno: EXFULL
    names: [getppid,
            getpgrp]
    names_with_args:
    - name: kill
      arguments:
      - {argument: 1, operation: Equal, value: SIGHUP}
    - name: kill
      arguments:
      - {argument: 1, operation: Equal, value: SIGINT}
END
  # shellcheck disable=SC2086 # One name a word.
  sed -i "s/@CALLS@/$(echo $STATIC_CALLS | sed 's/ /, /g')/" policy.yml
  reported policy.yml "$CALL" getppid getpgrp kill,-1,1 kill,-1,2 kill,-1,3
  assert_denied_lines "sandbox-run: denied getppid() = EXFULL  [call, pid N]  by policy.yml:8 (errno)
sandbox-run: denied getpgrp() = EXFULL  [call, pid N]  by policy.yml:9 (errno)
sandbox-run: denied kill(-1, SIGHUP) = EXFULL  [call, pid N]  by policy.yml:11 (errno)
sandbox-run: denied kill(-1, SIGINT) = EXFULL  [call, pid N]  by policy.yml:14 (errno)
sandbox-run: denied kill(-1, SIGQUIT) = EPERM  [call, pid N]  by policy.yml:2 (default_action: errno)"
  assert_report_has "  1  kill     EXFULL  [call]  by policy.yml:11:13"
  assert_report_has "  1  kill     EXFULL  [call]  by policy.yml:14:13"
  assert_report_has "  1  kill     EPERM   [call]  by policy.yml:2:3"
}

# A capability that a container profile asks for, and that --cap does not name.
test_the_capability_that_would_allow() {
  need python3
  cat >profile.json <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
 {"names": ["getppid", "getpgrp"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
 {"names": ["getuid"], "action": "SCMP_ACT_ERRNO"}]}
END
  reported profile.json "$CALL" getppid getuid
  assert_denied_lines "sandbox-run: denied getppid() = EPERM  [call, pid N]  by profile.json:2 (errno); allowed with --cap CAP_SYS_ADMIN
sandbox-run: denied getuid() = EPERM  [call, pid N]  by profile.json:3 (errno)"
  assert_report_has "sandbox-run: With --cap CAP_SYS_ADMIN, profile.json allows getppid."
  run "$SANDBOX_RUN" --report=events --policy profile.json -- "$CALL" getppid getuid
  python3 "$TEST_DATA/tools/check_ecs.py" <events >/dev/null || report "expected events of the schema"
  assert_equal 1 "$(grep -c '"capabilities":\["CAP_SYS_ADMIN"\]' events)" "events that name the capability"
  run "$SANDBOX_RUN" --report --cap sys_admin --policy profile.json -- "$CALL" getppid
  assert_stdout "getppid ok"
}

test_the_process() {
  write_policy policy.yml allow "errno getpgrp"
  run "$SANDBOX_RUN" --report --policy policy.yml -- sh -c 'echo "$$"; exec "$0" getpgrp' "$CALL"
  grep -qFx "sandbox-run: denied getpgrp() = EPERM  [call, pid $(head -n 1 out)]  by policy.yml:6 (errno)" err ||
    report "expected the process"
}

# A program that is executed by another has its own name, also where the other has made calls before.
test_the_name_of_a_program_that_another_has_become() {
  write_policy policy.yml allow "errno getpgrp"
  cp "$CALL" first
  cp "$CALL" second
  need python3
  reported policy.yml python3 -c 'import os
os.getpgrp()
os.execv("./second", ["second", "getpgrp", "getpgrp"])'
  assert_status 0
  assert_report_has "  3  getpgrp  EPERM  [python3, second]  by policy.yml:6:7"
}

test_names_of_processes() {
  write_policy policy.yml allow "errno getpgrp"
  local name shown
  while read -r name shown; do
    name=$(printf '%b.' "$name")
    name=${name%.}
    cp "$CALL" "./$name"
    reported policy.yml "./$name" getpgrp
    assert_status 0
    rm "./$name"
    assert_report "sandbox-run: denied getpgrp() = EPERM  [$shown, pid N]  by policy.yml:6 (errno)
sandbox-run: 1 call was denied once:
  1  getpgrp  EPERM  [$shown]  by policy.yml:6:7
sandbox-run: If the program should be allowed to make these calls:
sandbox-run: Think twice: policy.yml denies getpgrp by name, which the lines below undo.
sandbox-run: Add to policy.yml before line 4, as the first entry of 'syscalls:':
  - action: allow
    names:
    - getpgrp"
  done <<'END'
\033[31mred\007 \x1b[31mred\x07
a\nsandbox-run:  a\nsandbox-run:
\0377\0376 \xff\xfe
ümläut ümläut
a\0040b a b
a-name-that-is-longer a-name-that-is-
\r\0302\0233m \x0d\xc2\x9bm
END
}

run_tests
