#!/bin/bash
# sandbox-run --report with rules for files and ports: what is denied, by which policy, and what would allow it. The
# program sees what the kernel makes of its calls, as without a report.
. "$(dirname "$0")/report_lib.sh"

[ "$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))' 2>/dev/null)" -ge 2 ] || {
  echo "skipped: the kernel has no Landlock, or python3 is missing"
  exit 77
}

# Where the kernel's records are the evidence (landlock_records_test.sh), the program goes on before a line comes.
assert_report() {
  [ "$(cat report)" = "$1" ] || { is_root && [ "$(sort report)" = "$(sort <<<"$1")" ]; } ||
    report "expected on standard error: $1"
}

# way COMMAND TEXT: the one line for a call that the command gets, without what is the same in all.
way() {
  reported app.yml sh -c "$1"
  sed -nE 's/^sandbox-run: denied (.*) = EACCES  \[([a-z]+), pid N\]  by app.yml: no rule lets it /\1 \2: /p' report |
    sed -E "s:$PWD/::g; s/0x[0-9a-f]+/0xN/; s/ and move or link files to or from / /" >found # Only a record has this.
  [ "$(cat found)" = "$2" ] || report "expected of '$1': $2, and found: $(cat found)"
}

test_a_denied_file_is_named_with_what_would_allow_it() {
  write_files_policy read,write
  reported app.yml cat closed/secret
  assert_status 1
  assert_report "sandbox-run: denied openat(AT_FDCWD, \"closed/secret\", O_RDONLY) = EACCES  [cat, pid N]  by app.yml: no rule lets it read $PWD/closed/secret
cat: closed/secret: Permission denied
sandbox-run: 1 call was denied by the rules for files and ports
sandbox-run: if the program should be allowed to, add below 'landlock' in app.yml:
  files:
  - access: [read]
    paths: [$PWD/closed/secret]
sandbox-run: to see all that the program needs in one run, add --permissive: then denied calls are allowed"
}

test_what_is_allowed_is_not_reported() {
  write_files_policy read,write
  reported app.yml sh -c 'cat allowed/file; echo more >allowed/new; mv allowed/new allowed/other; rm allowed/other'
  assert_status 0
  assert_stdout text
  assert_report "sandbox-run: no call was denied"
}

test_each_way_to_a_file() {
  write_files_policy read,write
  way 'mkdir closed/dir' 'mkdir("closed/dir", 0777) mkdir: make directories in closed'
  way 'rm closed/secret' 'unlinkat(AT_FDCWD, "closed/secret", 0) rm: remove files from closed'
  way 'ls closed' 'openat(AT_FDCWD, "closed", O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC) ls: list closed'
  way 'cd closed; cat ./secret' 'openat(AT_FDCWD, "./secret", O_RDONLY) cat: read closed/secret'
  way 'cd closed; cat /proc/self/cwd/secret' 'openat(AT_FDCWD, "/proc/self/cwd/secret", O_RDONLY) cat: read closed/secret'
  way 'mv allowed/file closed/file' \
    'renameat2(AT_FDCWD, "allowed/file", AT_FDCWD, "closed/file", RENAME_NOREPLACE) mv: make files in closed'
  ln -s ../closed/secret allowed/link
  way 'cat allowed/link' 'openat(AT_FDCWD, "allowed/link", O_RDONLY) cat: read closed/secret'
  cp /bin/true allowed/true
  way 'allowed/true' 'execve("allowed/true", ["allowed/true"], 0xN) sh: execute allowed/true'
  way 'cat missing; cat allowed/missing; cat closed/missing' ''
}

test_ports() {
  cat >app.yml <<END
landlock:
  tcp: {connect: [1], bind: []}
END
  python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 4)' || {
    echo "left out: ports need Linux 6.7"
    return
  }
  mkdir -p allowed
  cat >ports.py <<'END'
import os, socket
os.closerange(3, 100)  # Which number a socket gets is the same then.
for port in 1, 443:
    try:
        socket.socket().connect(("127.0.0.1", port))
    except OSError as error:
        print(port, error.errno)
try:
    socket.socket().bind(("127.0.0.1", 0))
except OSError as error:
    print(error.errno)
END
  reported app.yml python3 ports.py
  assert_status 0
  assert_stdout "1 111
443 13
13"
  assert_report "sandbox-run: denied connect(3, 127.0.0.1:443, 16) = EACCES  [python3, pid N]  by app.yml: no rule lets it connect to TCP port 443
sandbox-run: denied bind(3, 127.0.0.1:0, 16) = EACCES  [python3, pid N]  by app.yml: no rule lets it bind TCP port 0
sandbox-run: 2 calls were denied by the rules for files and ports
sandbox-run: if the program should be allowed to, add below 'landlock' in app.yml:
  tcp: {connect: [443], bind: [0]}"
}

test_signals_that_stay_inside() {
  python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 6)' || {
    echo "left out: scopes need Linux 6.12"
    return
  }
  echo 'landlock: {scope: [signals]}' >app.yml
  reported app.yml sh -c 'sleep 100 & kill $!; kill -0 $$; kill -0 $PPID' # The parent is the supervisor.
  [ "$(denied_lines | sed 's/kill([0-9]*/kill(N/')" = "sandbox-run: denied kill(N, 0) = EPERM  [sh, pid N]  by app.yml: $(
  )scope: signals" ] || report "expected one line for the process outside"
}

test_options_are_suggested_for_options() {
  write_files_policy read,write
  run "$SANDBOX_RUN" --report --ro allowed -- cat allowed/file closed/secret
  without_numbers
  assert_status 1
  assert_stdout text
  assert_report_has "sandbox-run: if the program should be allowed to, add --ro $PWD/closed/secret"
}

test_permissive_allows_and_says_what_would_be_denied() {
  write_files_policy read,write
  run "$SANDBOX_RUN" --report --permissive --policy app.yml -- cat closed/secret
  without_numbers
  assert_status 0
  assert_stdout secret
  assert_report "sandbox-run: would deny openat(AT_FDCWD, \"closed/secret\", O_RDONLY) = EACCES  [cat, pid N]  by app.yml: no rule lets it read $PWD/closed/secret, allowed
sandbox-run: 1 call would be denied by the rules for files and ports
sandbox-run: if the program should be allowed to, add below 'landlock' in app.yml:
  files:
  - access: [read]
    paths: [$PWD/closed/secret]"
}

test_events() {
  write_files_policy read,write
  run "$SANDBOX_RUN" --report=events.json --policy app.yml -- cat closed/secret
  assert_status 1
  python3 "$TEST_DATA/tools/check_ecs.py" <events.json || report "expected events as the schema has them"
  python3 - "$PWD/closed/secret" <<'END' || report "expected the fields of a denied file: $(cat events.json)"
import json, sys
event, = map(json.loads, open("events.json"))
assert event["event"]["action"] == "denied-file-access" and event["event"]["type"] == ["denied"], event
assert event["file"]["path"] == sys.argv[1] and event["process"]["name"] == "cat", event
ours = event["sandbox_run"]
assert (ours["syscall"], ours["errno"], ours["missing"], ours["policy"]) == ("openat", "EACCES", ["read_file"], "app.yml")
END
}

# proot, strace --seccomp-bpf: what a tracer is to see, the supervisor's answers would hide from it.
test_filters_that_trace_are_denied() {
  write_files_policy read,write
  cat >allowed/trace.py <<'END'
import ctypes, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
for answer in 0x7ffc0000, 0x7ff00000:  # SECCOMP_RET_LOG, SECCOMP_RET_TRACE.
    code = struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000 if answer == 0x7ffc0000 else answer)
    program = ctypes.create_string_buffer(code)
    fprog = struct.pack("HxxxxxxQ", 1, ctypes.addressof(program))
    libc.prctl(38, 1, 0, 0, 0)
    for call in (lambda: libc.prctl(22, 2, fprog, 0, 0)), (lambda: libc.syscall(317, 1, 0, fprog)):
        print(call(), ctypes.get_errno())
        ctypes.set_errno(0)
END
  reported app.yml python3 allowed/trace.py
  assert_status 0
  assert_stdout "0 0
0 0
-1 16
-1 16"
  grep -qE '^sandbox-run: denied (prctl|seccomp)\(.*\) = EBUSY  \[python3, pid N\]  by --report \(the filter has SECCOMP_RET_TRACE, and its tracer would not see the calls that --report judges\)$' report ||
    report "expected a line about the filter that traces"
}

# A file system whose program never answers holds up the process that opens a file there, and no other. Here nothing
# answers at all, until the mount is given up.
test_a_file_system_that_hangs() {
  write_files_policy read,write
  mkdir hang
  cat >mount.py <<'END'
import ctypes, os, subprocess, sys, time
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 16384, 1 << 18
libc = ctypes.CDLL(None)
try:
    fuse = os.open("/dev/fuse", os.O_RDWR)
except OSError:
    sys.exit(77)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) or \
        libc.mount(b"none", b"hang", b"fuse", 0, options):
    sys.exit(77)
run = subprocess.Popen(sys.argv[1:], close_fds=True)
while not os.path.exists("allowed/done"):
    time.sleep(0.05)
    if run.poll() is not None:
        break
os.close(fuse)
sys.exit(run.wait())
END
  local status=0
  timeout 60 python3 mount.py "$SANDBOX_RUN" --report --policy app.yml -- \
    sh -c 'cat hang/file & sleep 1; cat closed/secret; echo >allowed/done; wait' >out 2>err || status=$?
  [ "$status" = 77 ] && {
    echo "left out: there is no FUSE, or mounting is not permitted"
    return
  }
  assert_equal "$status" 0 "the status"
  without_numbers
  grep -q "by app.yml: no rule lets it read $PWD/closed/secret\$" report || report "expected a line for what was denied meanwhile"
  grep -q 'could not be judged by the rules for files: a file system or the caller did not answer in time$' report ||
    report "expected a line about what was not judged"
}

# What the supervisor cannot read the kernel cannot, either.
test_a_bad_path_changes_nothing() {
  write_files_policy read,write
  reported app.yml python3 -c 'import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.open(ctypes.c_void_p(8), 0), ctypes.get_errno())'
  assert_status 0
  assert_stdout "-1 14"
}

# On an overlay, a file with several names gets another inode number when it is first written.
test_a_file_whose_number_changes_is_still_allowed() {
  is_root || skip "only root can mount an overlay"
  mkdir lower upper merged
  echo text >lower/file
  ln lower/file lower/link
  # shellcheck disable=SC2016 # A script for another shell.
  run unshare -m sh -c 'mount -t tmpfs none upper && mkdir upper/files upper/work &&
    mount -t overlay -o xino=off,lowerdir=lower,upperdir=upper/files,workdir=upper/work overlay merged || exit 9
    stat -c %d:%i merged/file >before
    "$0" --report --bare --rox / --rw merged/file -- sh -c "echo more >>merged/file; echo again >>merged/file; cat merged/file"
    stat -c %d:%i merged/file >after' "$SANDBOX_RUN"
  [ "$status" != 9 ] || skip "no overlay can be mounted here: $(shown err)"
  ! cmp -s before after || skip "this overlay keeps its numbers"
  assert_stdout "text
more
again"
  assert_stderr "sandbox-run: no call was denied"
}

run_tests
