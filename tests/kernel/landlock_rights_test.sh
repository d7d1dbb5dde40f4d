#!/bin/bash
# Each of Landlock's rights over files, allowed and denied in a real process, as far as this kernel has them; and as
# older kernels have them, by a launcher that finds their ABI.
. "$(dirname "$0")/lib.sh"

USE=$TEST_BIN/use_file_rights
OWN=$(landlock_abi)
[ -n "$OWN" ] || skip "this kernel has no Landlock"

# rights_of ABI: and from here on the launcher finds it.
rights_of() {
  as_abi "$1"
  RIGHTS="execute write_file read_file read_dir remove_dir remove_file make_char make_dir make_reg make_sock make_fifo"
  RIGHTS="$RIGHTS make_block make_sym refer"
  [ "$ABI" -lt 3 ] || RIGHTS="$RIGHTS truncate"
  [ "$ABI" -lt 5 ] || RIGHTS="$RIGHTS ioctl_dev"
}

# One for each set of rights over files: the ABIs before one that brought some, and this kernel's.
abis() {
  local abi
  for abi in 1 2 4; do
    [ "$abi" -ge "$OWN" ] || echo "$abi"
  done
  echo "$OWN"
}

prepare() {
  rm -rf tree
  mkdir tree tree/empty tree/from tree/to
  echo text >tree/file
  touch tree/victim tree/from/moved
  cp "$TEST_BIN/call" tree/tool
}

# with_rights RIGHT...: what use_file_rights says under these rights over tree.
with_rights() {
  prepare
  local list=$* device=read_file
  # Older kernels cannot tell these apart: landlock_old_kernels_test.sh.
  [ "$ABI" -ge 3 ] || list=${list/write_file/write_file truncate}
  case " $list " in *" ioctl_dev "*) device="read_file, ioctl_dev" ;; esac
  cat >policy.yml <<END
seccomp: {default_action: allow, syscalls: [{action: errno, names: [acct]}]}
landlock:
  files:
  - {access: [execute, read_file], paths: ["$USE"]}
  - {access: [$device], paths: [/dev/full]}
$([ -z "$list" ] || echo "  - {access: [${list// /, }], paths: [tree]}")
END
  run "${LAUNCH[@]}" -q -p policy.yml -- "$USE" tree
  assert_status 0
  assert_stderr ""
}

# What these rights make of one thing.
expected() { # THING RIGHT...
  local thing=$1 needed=$1 right
  shift
  case $thing in
    execute) needed="execute read_file" ;;
    refer) needed="make_reg remove_file refer" ;;
  esac
  for right in $needed; do
    [ "$right$ABI" != refer1 ] || set -- # Denied, whatever a policy says.
    case " $* " in
      *" $right "*) ;;
      *) [ "$right" = refer ] && echo "refer EXDEV" || echo "$thing EACCES"; return ;;
    esac
  done
  echo "$thing ok"
}

assert_rights() {
  with_rights "$@"
  local thing
  for thing in $RIGHTS; do expected "$thing" "$@"; done >wanted
  grep -E "^(${RIGHTS// /|}) " out >compared # Without those that this kernel lacks.
  cmp -s wanted compared || report "with ABI $ABI and '$*' expected: $(diff wanted compared || true)"
}

test_all_and_none() {
  local abi
  for abi in $(seq "$OWN"); do
    rights_of "$abi"
    # shellcheck disable=SC2086 # A list.
    assert_rights $RIGHTS
    assert_rights
  done
}

test_all_but_one() {
  local abi left right
  for abi in $(abis); do
    rights_of "$abi"
    for left in $RIGHTS; do
      # shellcheck disable=SC2046 # A list.
      assert_rights $(for right in $RIGHTS; do [ "$right" = "$left" ] || echo "$right"; done)
    done
  done
}

test_one_alone() {
  local abi right
  for abi in $(abis); do
    rights_of "$abi"
    for right in $RIGHTS; do assert_rights "$right"; done
  done
}

# A right that is named, and that the kernel does not have, is an error that names its Linux.
test_rights_that_are_missing() {
  local right abi release open
  while read -r right abi release open; do
    as_abi "$((OWN < abi ? OWN : abi - 1))"
    printf 'landlock: {files: [{access: [%s], paths: [/]}]}\n' "$right" >p.yml
    expect_failure 125 "p.yml:1:1: this kernel cannot enforce '$right', which Linux $release brought; with $(
    )'best_effort: true' or --best-effort the program starts without, and $open" "${LAUNCH[@]}" -p p.yml -- touch started
    assert_no_file started
  done <<'END'
ioctl_dev 5 6.10 ioctl(2) on devices stays allowed
resolve_unix 9 7.1 connecting to unix sockets by their path stays allowed (--no-unix denies unix sockets altogether)
END
}

# Words are what the manual says that they are.
test_words() {
  rights_of "$OWN"
  local read="read_file read_dir" write="write_file truncate make_reg make_dir make_sym make_fifo make_sock remove_file
    remove_dir refer"
  with_words() {
    prepare
    run "$SANDBOX_RUN" -q -p open.yml --bare --rox "$USE" "$@" -- "$USE" tree
    assert_status 0
  }
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [acct]}]}\n' >open.yml
  compare() {
    local thing
    for thing in $RIGHTS; do expected "$thing" "$@"; done | grep -v ioctl_dev >wanted
    grep -E "^(${RIGHTS// /|}) " out | grep -v ioctl_dev | cmp -s wanted - || report "expected: $(cat wanted)"
  }
  with_words --ro tree
  # shellcheck disable=SC2086 # Lists.
  compare $read
  with_words --rox tree
  # shellcheck disable=SC2086
  compare $read execute
  with_words --rw tree
  # shellcheck disable=SC2086
  compare $read $write
  with_words --rwx tree
  # shellcheck disable=SC2086
  compare $read $write execute
}

run_tests
