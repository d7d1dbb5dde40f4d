#!/bin/bash
# Docker's default profile, and Podman's where Debian has it, under real programs.
#
# Docker's comes with no package of Debian's: SANDBOX_RUN_DOCKER_PROFILE names the file (moby's profiles/seccomp/
# default.json). Podman's is golang-github-containers-common's.
. "$(dirname "$0")/lib.sh"

DOCKER=${SANDBOX_RUN_DOCKER_PROFILE:-}
PODMAN=/usr/share/containers/seccomp.json
PROFILES=()
for file in "$DOCKER" "$PODMAN"; do
  if [ -n "$file" ] && [ -r "$file" ]; then PROFILES+=("$file"); fi
done
if [ ${#PROFILES[@]} = 0 ]; then
  echo "skipped: no profile: SANDBOX_RUN_DOCKER_PROFILE='$DOCKER' names no readable file, and there is no $PODMAN"
  exit 77
fi

# under CAPABILITIES COMMAND...: under the profile at hand. Quietly: Podman's has a condition on socket, about which
# there is something to say where x86 is listed.
under() {
  local capabilities=$1
  shift
  run "$SANDBOX_RUN" -q --policy "$PROFILE" --cap "$capabilities" -- "$@"
}

# for_each_profile FUNCTION
for_each_profile() {
  for PROFILE in "${PROFILES[@]}"; do "$1"; done
}

docker_alone() {
  PROFILE=$DOCKER
  [ -n "$PROFILE" ] && [ -r "$PROFILE" ] || skip "SANDBOX_RUN_DOCKER_PROFILE='$DOCKER' names no readable file"
}

podman_alone() {
  PROFILE=$PODMAN
  [ -r "$PROFILE" ] || skip "there is no $PROFILE"
}

works() {
  [ "$status" = 0 ] || report "expected that it works under $PROFILE"
  assert_stderr ""
}

denied() { # denied CAPABILITIES COMMAND...: fails by the filter's EPERM
  under "$@"
  case $status in 0 | 12[5-9] | 1[3-9]?) report "expected that $PROFILE denies it" ;; esac
  grep -Eq 'Operation not permitted|permission denied' err || report "expected EPERM"
}

shell_and_coreutils() {
  under none /bin/sh -c 'umask 022; mkdir d && echo text >d/f && cp -r d e && ls -l e | wc -l && sort e/f | sha256sum |
    cut -c 1-8 && ln -s f e/g && mv e/f e/h && rm -r d e && sleep 0.01 && date +%Y >y && test -s y && df . >/dev/null &&
    id -u'
  works
  assert_stdout "2
$(echo text | sha256sum | cut -c 1-8)
$(id -u)"
}
test_shell_and_coreutils() { for_each_profile shell_and_coreutils; }

python() {
  need python3
  under none python3 -c '
import concurrent.futures, subprocess, tempfile
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(lambda n: n * n, range(100))))
print(subprocess.run(["echo", "from a child"], capture_output=True, text=True).stdout, end="")
with tempfile.TemporaryFile() as file:
    print(file.write(b"x" * 10000))
'
  works
  assert_stdout "328350
from a child
10000"
}
test_python_with_threads_and_children() { for_each_profile python; }

web() {
  need python3 curl
  mkdir -p files
  echo "from the server" >files/page
  serve /page "$SANDBOX_RUN" -q --policy "$PROFILE" --cap none -- \
    python3 -m http.server --bind 127.0.0.1 --directory files @PORT@
  under none curl -s -f "http://127.0.0.1:$port/page"
  works
  assert_stdout "from the server"
  stop KILL
}
test_curl_and_a_server() { for_each_profile web; }

git_repository() {
  need git
  rm -rf repository clone
  under none git init -q repository
  works
  echo line >repository/file
  under none git -C repository add file
  works
  under none git -C repository -c user.name=n -c user.email=e@example.org commit -q -m first
  works
  under none git clone -q "file://$PWD/repository" clone
  works
  under none git -C clone log --format=%s
  works
  assert_stdout first
}
test_git() { for_each_profile git_repository; }

compiler() {
  need gcc
  printf '#include <stdio.h>\nint main(void) { return puts("compiled") < 0; }\n' >program.c
  under none gcc -O1 -o program program.c
  works
  under none ./program
  works
  assert_stdout compiled
}
test_gcc() { for_each_profile compiler; }

# --- what Docker's denies -------------------------------------------------------------------------------------------

# Bad arguments: a call that the filter lets through says EFAULT, EINVAL or EBADF, also to root.
test_dangerous_calls_get_eperm() {
  docker_alone
  under none "$TEST_BIN/call" mount umount2,0,-1 pivot_root setns,-1 bpf,-1 kexec_load,0,99 init_module reboot swapon \
    unshare,0 clone,0x10000000 getpid
  works
  assert_stdout "mount EPERM
umount2 EPERM
pivot_root EPERM
setns EPERM
bpf EPERM
kexec_load EPERM
init_module EPERM
reboot EPERM
swapon EPERM
unshare EPERM
clone EPERM
getpid ok"
}

# clone3 hides its flags in memory: ENOSYS, so that C libraries fall back to clone.
test_clone3_is_enosys() {
  docker_alone
  under none "$TEST_BIN/call" clone3 clone,0x10000000 clone,17
  works
  assert_stdout "clone3 ENOSYS
clone EPERM
clone ok"
}

test_namespaces_need_the_capability() {
  docker_alone
  need unshare mount
  denied none unshare -m true
  denied none unshare -U true
  if is_root; then denied none mount -t tmpfs none "$PWD"; fi
}

test_with_the_capability_namespaces_work() {
  docker_alone
  need unshare mount
  is_root || skip "mounting needs the capability itself, too"
  under CAP_SYS_ADMIN unshare -m true
  works
  under sys_admin unshare -m sh -c 'mount -t tmpfs none "$0" && : >"$0/file" && umount "$0" && echo mounted' "$PWD"
  works
  assert_stdout mounted
  assert_no_file file
}

# --cap says what the profile counts on, not what the process has.
test_the_capability_opens_the_calls() {
  docker_alone
  under CAP_SYS_ADMIN "$TEST_BIN/call" clone3 mount unshare,0 getpid
  works
  assert_stdout "clone3 EINVAL
mount EFAULT
unshare ok
getpid ok"
}

# With --cap own the bounding set counts, which is narrowed here; without --cap no capability does.
test_the_bounding_set_counts() {
  docker_alone
  need setpriv
  is_root || skip "only root may narrow the bounding set"
  grep -q '^CapBnd:.*[2367abef].....$' /proc/self/status || skip "the bounding set lacks CAP_SYS_ADMIN"
  run setpriv --bounding-set=-sys_admin -- "$SANDBOX_RUN" --cap own --policy "$PROFILE" -- "$TEST_BIN/call" mount getpid
  works
  assert_stdout "mount EPERM
getpid ok"
  run "$SANDBOX_RUN" --cap own --policy "$PROFILE" -- "$TEST_BIN/call" mount getpid
  works
  assert_stdout "mount EFAULT
getpid ok"
  run "$SANDBOX_RUN" --policy "$PROFILE" -- "$TEST_BIN/call" mount getpid
  works
  assert_stdout "mount EPERM
getpid ok"
}

# The profile lists x86 beside x86_64.
test_32_bit_calls_are_judged_too() {
  docker_alone
  [ "$(uname -m)" = x86_64 ] || skip "32-bit calls are tested on x86_64"
  "$TEST_BIN/call" i386:20 >/dev/null || skip "this kernel has no 32-bit calls"
  under none "$TEST_BIN/call" i386:20 i386:21 # getpid, mount
  works
  assert_stdout "i386:20 ok
i386:21 EPERM"
}

# Of socket's families it refuses one: vsock, which leaves the container's network. Nothing need be said about it.
test_socket_families() {
  docker_alone
  run "$SANDBOX_RUN" --policy "$PROFILE" --cap none -- "$TEST_BIN/call" socket,1,1 socket,2,1 socket,40,1
  works
  assert_stdout "socket ok
socket ok
socket EPERM"
}

# --- what Podman's denies -------------------------------------------------------------------------------------------

# Its errnos are given by name; names that the profile lacks get its default, ENOSYS.
test_podmans_errnos() {
  podman_alone
  under none "$TEST_BIN/call" bpf,-1 kexec_load,0,99 init_module swapon socket,16,3,9 socket,16,3,0 vhangup mount
  works
  assert_stdout "bpf EPERM
kexec_load EPERM
init_module EPERM
swapon EPERM
socket EINVAL
socket ok
vhangup EPERM
mount EFAULT"
  under cap_bpf,audit_write "$TEST_BIN/call" socket,16,3,9 swapon
  works
  assert_stdout "socket ok
swapon EPERM"
}

run_tests
