#!/bin/bash
# What the built-in profile refuses, by raw calls with arguments that do no harm where the kernel gets to see them.
. "$(dirname "$0")/lib.sh"

# "CALL ANSWER", and "-" behind it where a kernel may give that answer by itself.
denied() {
  cat <<'EOF'
mount,1,1,1,0,0 EPERM
umount2,1,0 EPERM
pivot_root,1,1 EPERM
fsopen,1,0 EPERM
fsconfig,-1,0,0,0,0 EPERM
fsmount,-1,0,0 EPERM
fspick,-1,1,0 EPERM
move_mount,-1,1,-1,1,0 EPERM
open_tree,-1,1,0 EPERM
mount_setattr,-1,1,0,0,0 EPERM
open_by_handle_at,-1,1,0 EPERM
unshare,0x00020000 EPERM
unshare,0x02000000 EPERM
unshare,0x04000000 EPERM
unshare,0x08000000 EPERM
unshare,0x10000000 EPERM
unshare,0x20000000 EPERM
unshare,0x40000000 EPERM
unshare,0x10000400 EPERM
unshare,0x100000000 EPERM
unshare,-1 EPERM
setns,-1,0 EPERM
clone,0x00020011 EPERM
clone,0x02000011 EPERM
clone,0x04000011 EPERM
clone,0x08000011 EPERM
clone,0x10000011 EPERM
clone,0x20000011 EPERM
clone,0x40000011 EPERM
clone,0x110000011 EPERM
clone3,0,0 ENOSYS
clone3,1,88 ENOSYS
ptrace,16,-1,0,0 EPERM
process_vm_readv,-1,0,0,0,0,1 EPERM
process_vm_writev,-1,0,0,0,0,1 EPERM
pidfd_getfd,-1,0,0 EPERM
kcmp,-1,-1,0,0,0 EPERM
process_madvise,-1,0,0,0,0 ENOSYS
migrate_pages,-1,0,0,0 EPERM
move_pages,-1,0,0,0,0,0 EPERM
bpf,-1,0,0 EPERM
perf_event_open,1,0,-1,-1,0 EPERM
userfaultfd,-1 EPERM
keyctl,-1,0,0,0,0 ENOSYS
add_key,1,1,0,0,0 ENOSYS
request_key,1,1,0,0 ENOSYS
io_uring_setup,0,1 ENOSYS
io_uring_enter,-1,0,0,0,0,0 ENOSYS
io_uring_register,-1,0,0,0 ENOSYS
fanotify_init,-1,0 ENOSYS
fanotify_mark,-1,0,0,-1,0 ENOSYS
init_module,1,0,1 EPERM
finit_module,-1,1,0 EPERM
delete_module,1,0 EPERM
kexec_load,-1,-1,0,0 EPERM
kexec_file_load,-1,-1,0,0,-1 EPERM
reboot,0,0,0,0 EPERM
swapon,1,0 EPERM
swapoff,1 EPERM
acct,1 EPERM
quotactl,-1,1,0,0 EPERM
syslog,-1,0,0 EPERM
vhangup EPERM
sethostname,1,-1 EPERM
setdomainname,1,-1 EPERM
clock_settime,-1,0 EPERM
settimeofday,1,0 EPERM
adjtimex,1 EPERM
clock_adjtime,0,1 EPERM
personality,0x0040000 EPERM
personality,0x0400000 EPERM
ioctl,-1,0x5412,0 EPERM
ioctl,-1,0x100005412,0 EPERM
ioctl,-1,0xffffffff00005412,0 EPERM
ioctl,-1,0x541c,0 EPERM
ioctl,-1,0x5423,0 EPERM
mknodat,-1,1,0x2000,0 EPERM
mknodat,-1,1,0x61ff,0 EPERM
mknodat,-1,1,0xffff000000002000,0 EPERM
socket,17,3,0 EAFNOSUPPORT -
socket,38,5,0 EAFNOSUPPORT -
socket,40,1,0 EAFNOSUPPORT -
socket,2,10,0 ESOCKTNOSUPPORT -
socket,2,0x8080a,0 ESOCKTNOSUPPORT -
socket,16,3,9 EPROTONOSUPPORT -
socket,16,3,12 EPROTONOSUPPORT -
memfd_secret,-1 ENOSYS -
EOF
  case $(uname -m) in
    x86_64)
      cat <<'EOF'
iopl,4 EPERM
ioperm,-1,-1,1 EPERM
modify_ldt,0,0,0 ENOSYS
mknod,1,0x2000,0 EPERM
mknod,1,0x6000,0 EPERM
EOF
      ;;
  esac
}

# What the neighbours of refused calls get: the kernel's own answer.
allowed() {
  cat <<'EOF'
clone,0x11 ok
unshare,0x600 ok
personality,0xffffffff ok
personality,-1 ok
ioctl,-1,0x5413,0 EBADF
mknodat,-1,1,0x1000,0 EFAULT
socket,1,1,0 ok
socket,2,1,0 ok
socket,2,0x80801,0 ok
socket,16,3,0 ok
move_pages,0,0,0,0,0,0 ok
seccomp,-1,0,0 EINVAL
chroot,1 EFAULT
EOF
}

calls() { cut -d ' ' -f 1 "$1"; }
answers() { sed -E 's/^([^, ]*)[^ ]* ([A-Za-z0-9]+).*/\1 \2/' "$1"; }

# In a session of its own: vhangup would not be harmless to the terminal of the tests.
detached() { run setsid -w "$@"; }

compare() {
  assert_status 0
  paste -d ' ' <(calls list) out >got
  paste -d ' ' <(calls list) <(answers list) >expected
  diff expected got >difference || fail "expected (<) and got (>): $(cat difference)"
}

test_refuses() {
  local profile
  denied >list
  for profile in "" "--profile default" "-p $POLICIES/default.yml"; do
    detached "$SANDBOX_RUN" $profile -- "$TEST_BIN/call" $(calls list)
    compare
  done
}

# CAP_DAC_READ_SEARCH SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_TIME
# SYS_TTY_CONFIG MKNOD SYSLOG
NEEDED_CAPABILITIES=0x40eff0004

has_capabilities() {
  local effective
  effective=$(sed -n 's/^CapEff:\s*/0x/p' /proc/self/status)
  [ $((effective & NEEDED_CAPABILITIES)) = $((NEEDED_CAPABILITIES)) ]
}

# One process a call: some of them succeed, and take privileges away.
test_without_the_profile_the_answers_differ() {
  has_capabilities || skip "without privileges the kernel refuses much by itself"
  local call answer by_kernel user_namespaces=yes
  unshare --user true 2>/dev/null || user_namespaces=no # In a chroot there can be none.
  while read -r call answer by_kernel; do
    [ -z "$by_kernel" ] || continue
    case $user_namespaces:$call in no:unshare,0x10000000 | no:unshare,0x10000400 | no:clone,0x*10000011) continue ;; esac
    detached "$TEST_BIN/call" "$call"
    assert_status 0
    [ "$(cat out)" != "${call%%,*} $answer" ] || report "expected another answer than $answer without the profile"
  done < <(denied)
}

test_lets_the_neighbours_through() {
  allowed >list
  detached "$SANDBOX_RUN" -- "$TEST_BIN/call" $(calls list)
  compare
}

test_strace_cannot_trace() {
  need strace
  run "$SANDBOX_RUN" -- strace -f -o trace touch started
  [ "$status" != 0 ] || report "expected strace to fail"
  assert_no_file started
}

test_unshare_cannot_leave() {
  need unshare
  run "$SANDBOX_RUN" -- unshare --user --map-root-user touch started
  assert_status 1
  assert_stderr "unshare: unshare failed: Operation not permitted"
  assert_no_file started
}

# As sshd and dovecot do it. The kernel goes on to ask for CAP_SYS_CHROOT.
test_chroot_takes_what_the_kernel_asks_for() {
  mkdir -p empty/bin
  cp "$TEST_BIN/call" empty/bin/
  run "$SANDBOX_RUN" -- chroot empty /bin/call getpid
  if is_root; then
    assert_status 0
    assert_stdout "getpid ok"
  else
    assert_stderr "chroot: cannot change root directory to 'empty': Operation not permitted"
  fi
}

test_foreign_calls_are_killed() {
  [ "$(uname -m)" = x86_64 ] || skip "int \$0x80 exists on x86_64 only"
  run "$SANDBOX_RUN" -- "$TEST_BIN/call" getpid i386:20 getpid
  assert_status 159
  assert_stdout "getpid ok"
}

run_tests
