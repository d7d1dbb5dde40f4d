#!/bin/bash
# Containers of runc and crun: what the real runtime, its libseccomp and the kernel make of a profile, beside what
# sandbox-run makes of it in a container without one. runc's own filter is only loaded by starting a container, so this
# is the account of Docker's stack that no reading of its source can replace.
# shellcheck disable=SC2119  # `bundle` takes what it is given.
. "$(dirname "$0")/lib.sh"

[ "$(uname -m)" = x86_64 ] || skip "every_call is for x86_64"
is_root || skip "containers are started as root"

PROFILES=$TEST_DATA/differential/container_profiles
SANDBOX_POLICY=$TEST_BIN/sandbox-policy

# starts RUNTIME: that it is here, and starts a container at all. Sets the function runtime.
starts() {
  need python3 busybox "$1"
  mkdir -p rootfs/bin rootfs/proc rootfs/tmp rootfs/dev state bundle
  cp "$(command -v busybox)" "$TEST_BIN/every_call" "$TEST_BIN/call" "$SANDBOX_RUN" rootfs/bin/
  RUNTIME=$1
  # crun starts nothing beside a second hierarchy of cgroups. Only its own view loses that.
  runtime() {
    local id=sandbox-run-$$-$RANDOM
    run unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' - \
      "$RUNTIME" --root "$PWD/state" run --bundle "$PWD/bundle" "$id" </dev/null
  }
  bundle /bin/busybox echo started
  runtime
  [ "$status" = 0 ] && [ "$(cat out)" = started ] || skip "$1 starts no container here: $(head -c 300 err)"
}

# bundle [--cap NAME]... [--profile FILE] COMMAND...
bundle() { python3 "$KERNEL_TESTS/container_runtime.py" bundle bundle "$PWD/rootfs" "$@"; }

# in_container [--cap NAME]... PROFILE: `every_call` with the profile as the runtime's, in `theirs`, and with it as
# sandbox-run's, in `ours`. False if the profile leaves the runtime itself too little, which has then said so.
in_container() {
  local caps=()
  while [ "$1" = --cap ]; do caps+=("$1" "$2") && shift 2; done
  local names
  names=$(printf '%s\n' "${caps[@]}" | grep -v -e --cap | paste -sd,)
  bundle "${caps[@]}" --profile "$1" /bin/every_call
  runtime
  [ "$status" = 0 ] || return 1
  mv out theirs
  cp "$1" rootfs/profile.json
  bundle "${caps[@]}" /bin/sandbox-run --quiet --cap "${names:-none}" --policy /profile.json -- /bin/every_call
  runtime
  assert_status 0
  mv out ours
}

# Every public-style profile, with what runc and `every_call` need: each call, and each number that no call has, comes
# to the same. runc refuses two of them.
test_runc_and_public_profiles() {
  starts runc
  local profile compared=0
  for profile in "$PROFILES"/*.json; do
    python3 "$KERNEL_TESTS/container_runtime.py" widen "$profile" widened.json
    in_container widened.json || {
      echo "$(basename "$profile"): $(tail -c 200 err)" >>none
      continue
    }
    python3 "$KERNEL_TESTS/container_runtime.py" compare theirs ours >compared ||
      fail "$(basename "$profile"): $(cat compared)"
    compared=$((compared + 1))
  done
  [ "$compared" -ge 40 ] || fail "only $compared profiles could be compared: $(cat none)"
}

test_runc_and_dockers_profile() {
  [ -n "${SANDBOX_RUN_DOCKER_PROFILE:-}" ] || skip "SANDBOX_RUN_DOCKER_PROFILE names no profile"
  starts runc
  in_container "$SANDBOX_RUN_DOCKER_PROFILE" || report "expected that runc takes it"
  python3 "$KERNEL_TESTS/container_runtime.py" compare theirs ours >compared || fail "$(cat compared)"
  in_container --cap CAP_SYS_ADMIN --cap CAP_SYS_PTRACE "$SANDBOX_RUN_DOCKER_PROFILE" ||
    report "expected that runc takes it"
  python3 "$KERNEL_TESTS/container_runtime.py" compare theirs ours >compared || fail "$(cat compared)"
}

test_runc_and_podmans_profile() {
  [ -e /usr/share/containers/seccomp.json ] || skip "there is no /usr/share/containers/seccomp.json"
  starts runc
  in_container /usr/share/containers/seccomp.json || report "expected that runc takes it"
  python3 "$KERNEL_TESTS/container_runtime.py" compare theirs ours >compared || fail "$(cat compared)"
}

# What `convert` writes of the policies here is a profile under which the runtime starts programs.
converted() { # RUNTIME
  starts "$1"
  local policy
  for policy in "$POLICIES"/*.yml; do
    run "$SANDBOX_POLICY" convert --quiet --to oci --runtime-calls "$policy" -o profile.json
    # Some have what no profile can say, and one is for x86 alone.
    [ "$status" = 0 ] && grep -q SCMP_ARCH_X86_64 profile.json || continue
    run "$SANDBOX_POLICY" convert --to oci --runtime-calls "$policy"
    mv err warnings
    bundle --profile profile.json /bin/busybox echo started
    runtime
    if [ "$1" = runc ] && grep -q 'runc starts no container under this policy' warnings; then
      assert_stderr_has "open exec fifo"
      echo "$policy" >>warned
      continue
    fi
    [ "$status" = 0 ] && [ "$(cat out)" = started ] || report "$policy: expected that the container starts"
    echo "$policy" >>started
  done
  [ "$(wc -l <started)" -ge 10 ] || fail "too few could be converted: $(cat started)"
  [ "$1" = crun ] || [ -e warned ] || fail "expected a policy under which runc starts nothing"
}

test_runc_and_converted_policies() { converted runc; }
test_crun_and_converted_policies() { converted crun; }

# And the filter of the container is the policy's own, call by call.
test_runc_and_a_converted_deny_list() {
  starts runc
  cat >policy.yml <<'END'
seccomp:
  default_action: allow
  architectures: [x86_64, x86]
  syscalls:
  - {action: errno, names: [mount, umount2, setdomainname, swapon, "@raw-io"]}
  - {action: errno, errno: ENOSYS, names: [clone3, io_uring_setup]}
  - action: errno
    errno: EACCES
    names_with_args:
    - name: socket
      arguments: [{argument: 0, operation: Equal, value: 0xffffffff}]
END
  run "$SANDBOX_POLICY" convert --quiet --lossy --to oci policy.yml -o profile.json
  assert_status 0
  in_container profile.json || report "expected that runc takes it"
  cp policy.yml rootfs/policy.yml
  bundle /bin/sandbox-run --quiet --policy /policy.yml -- /bin/every_call
  runtime
  assert_status 0
  python3 "$KERNEL_TESTS/container_runtime.py" compare theirs out >compared || fail "$(cat compared)"
}

# What a profile may leave out or set to null, and what runc refuses.
test_runc_and_what_it_refuses() {
  starts runc
  refused() { # REASON PROFILE
    echo "$2" >profile.json
    bundle --profile profile.json /bin/busybox true
    runtime
    [ "$status" != 0 ] || report "expected that runc refuses $2"
    assert_stderr_has "$1"
    run "$SANDBOX_RUN" --policy profile.json -- true
    assert_status 125
  }
  refused "numerical argument out of domain" '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X"]}'
  refused "is not a valid operator" '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"],
    "action": "SCMP_ACT_ERRNO", "args": [null]}]}'
  refused "is not a valid action" '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [null]}'
  refused "is not a valid action" '{"defaultAction": null, "syscalls": [{"names": ["swapon"],
    "action": "SCMP_ACT_LOG"}]}'
  refused "empty string is not a valid syscall" '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [null],
    "action": "SCMP_ACT_ERRNO"}]}'
  refused "is not a valid arch" '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": [null]}'
  refused "cannot unmarshal string" '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": "",
    "action": "SCMP_ACT_ERRNO"}]}'
  refused "cannot unmarshal string" '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "args": "",
    "action": "SCMP_ACT_ERRNO"}]}'
  refused "cannot unmarshal string" '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"],
    "action": "SCMP_ACT_ERRNO", "args": [{"index": "", "op": "SCMP_CMP_EQ"}]}]}'
}

run_tests
