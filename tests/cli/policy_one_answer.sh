#!/bin/bash
# sandbox-policy gives one answer to everybody: to root and nobody, on old kernels and new ones.
. "$(dirname "$0")/policy/lib.sh"

# What each user is asked: every command that reads a policy, about the profiles that are shipped and Docker's.
ask() {
  local file
  cd "$1" || exit
  for file in "$POLICIES"/*.yml ${SANDBOX_RUN_DOCKER_PROFILE:+"$SANDBOX_RUN_DOCKER_PROFILE"}; do
    "$SANDBOX_POLICY" check "$file"
    "$SANDBOX_POLICY" show --all "$file"
    for call in mount ptrace clone3 "clone 0x10000000" bpf openat; do
      # shellcheck disable=SC2086  # A call and its arguments.
      "$SANDBOX_POLICY" explain "$file" $call
    done
    "$SANDBOX_POLICY" convert --lossy --to oci "$file"
    "$SANDBOX_POLICY" convert --lossy --to beats "$file"
    "$SANDBOX_POLICY" diff "$file" profile:default
    printf 'policy: %s\nexpect:\n- {call: [mount], action: allow}\n- {call: [ptrace], action: allow}\n' "$file" >asked.yml
    "$SANDBOX_POLICY" test asked.yml
  # A section about files is about the working directory, too, whose name is as long as it is.
  done 2>&1 | sed "s:^$PWD/::; s:$PWD:HERE:g; s:  *: :g"
}

# answer_of NAME COMMAND...: what is answered under the command, into the file NAME.
answer_of() {
  local name=$1
  shift
  mkdir -m 777 "$name"
  export -f ask
  export SANDBOX_POLICY POLICIES
  "$@" bash -c 'ask "$1"' ask "$PWD/$name" >"$name.answer"
  [ "$(wc -l <"$name.answer")" -gt 1000 ] || fail "expected answers: $(head "$name.answer")"
}

test_root_and_nobody() {
  is_root || skip "only root can become nobody"
  answer_of root env
  answer_of nobody setpriv --reuid=65534 --regid=65534 --clear-groups
  diff root.answer nobody.answer >difference || fail "expected one answer: $(head -n 20 difference)"
}

# uname(2) then says 2.6, which is below every minKernel.
test_an_old_kernel() {
  need setarch
  setarch --uname-2.6 true || skip "there is no personality UNAME26 here"
  case $(setarch --uname-2.6 uname -r) in 2.6.*) ;; *) skip "uname still says the real release" ;; esac
  answer_of new env
  answer_of old setarch --uname-2.6
  diff new.answer old.answer >difference || fail "expected one answer: $(head -n 20 difference)"
}

PROFILE='{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
 {"names": ["openat", "removexattrat"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
 {"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_CHROOT"]}},
 {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}}]}'

# explains CALL TEXT OPTION...: the first line says so.
explains() {
  local call=$1 text=$2
  shift 2
  policy explain --machine x86_64 "$@" profile.json "$call"
  assert_status 0
  assert_equal "$call on x86_64: $text" "$(head -n 1 out)"
}

test_words_for_capabilities() {
  printf '%s\n' "$PROFILE" >profile.json
  explains mount "errno EPERM"
  explains chroot "errno EPERM"
  explains chroot "errno EPERM" --cap none
  explains chroot allow --cap docker
  explains mount "errno EPERM" --cap docker
  explains mount allow --cap docker,sys_admin
  complains "explain: unknown capability 'dokcer'; did you mean 'docker'?" explain --cap dokcer profile.json mount
  is_root || return 0
  need setpriv
  policy explain --machine x86_64 --cap own profile.json chroot
  assert_equal "chroot on x86_64: allow" "$(head -n 1 out)"
  run setpriv --bounding-set=-sys_chroot "$SANDBOX_POLICY" explain --machine x86_64 --cap own profile.json chroot
  assert_equal "chroot on x86_64: errno EPERM" "$(head -n 1 out)"
}

test_kernel() {
  printf '%s\n' "$PROFILE" >profile.json
  explains ptrace allow
  explains ptrace allow --kernel running
  explains ptrace allow --kernel 4.8
  explains ptrace "errno EPERM" --kernel 4.7
  complains "explain: expected a Linux version such as 6.1, or running, found 'new'" \
    explain --kernel new profile.json ptrace
}

test_the_capability_that_would_allow() {
  printf '%s\n' "$PROFILE" >profile.json
  policy explain --machine x86_64 profile.json mount
  assert_equal "allowed with --cap CAP_SYS_ADMIN" "$(tail -n 1 out)"
  policy explain --machine x86_64 profile.json swapon
  ! grep -q 'allowed with' out || report "no capability allows it"
  policy explain --machine x86_64 --format json profile.json mount
  grep -A1 '"capabilities": \[' out | grep -q '"CAP_SYS_ADMIN"' || report "expected the capability"
}

run_tests
