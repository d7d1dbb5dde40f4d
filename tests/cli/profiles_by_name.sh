#!/bin/bash
# Policies by name: the user's own, and those of the machine, before the built-in ones.
. "$(dirname "$0")/command_line_lib.sh"

SANDBOX_POLICY=$TEST_BIN/sandbox-policy

# For root there is no folder of its own, so it looks as nobody; the folder belongs to who looks.
prepare() {
  mkdir -p config/sandbox-run
  chmod 755 . .. config config/sandbox-run
  printf '# Denies uname.\n#\n# For:    tests\n# Allows: the rest\n# Denies: uname\n%s\n' "$GOOD_POLICY" \
    >config/sandbox-run/web.yml
  AS=()
  if is_root; then
    chown -R 65534:65534 config
    AS=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
  fi
  export XDG_CONFIG_HOME=$PWD/config
  FILE=$PWD/config/sandbox-run/web.yml
}

as_user() { run "${AS[@]}" "$@"; }

test_a_users_profile() {
  prepare
  local option
  for option in "--profile web" "--profile=web" "-p profile:web"; do
    as_user "$SANDBOX_RUN" $option -- "${CALL[@]}"
    assert_file_is err ""
    assert_file_is out "uname EPERM"
  done
  as_user "$SANDBOX_RUN" --profile web --deny acct --dry-run
  assert_equal "policy:   $FILE, by default allow" "$(sed -n 1p out)"
}

test_home_where_nothing_else_is_set() {
  prepare
  unset XDG_CONFIG_HOME
  mv config .config
  HOME=$PWD as_user "$SANDBOX_RUN" --profile web -- "${CALL[@]}"
  assert_file_is out "uname EPERM"
  HOME=. as_user "$SANDBOX_RUN" --profile web -- "${CALL[@]}"
  assert_file_is err "sandbox-run: error: unknown profile 'web'; sandbox-run --list-profiles shows those there are"
}

test_the_default_can_be_replaced() {
  prepare
  as_user "$SANDBOX_RUN" -- "${CALL[@]}"
  assert_file_is out "uname EFAULT"
  cp -p "$FILE" config/sandbox-run/default.yml
  as_user "$SANDBOX_RUN" -- "${CALL[@]}"
  assert_file_is out "uname EPERM"
  as_user "$SANDBOX_RUN" --no-network -- "$TEST_BIN/call" uname socket,2,1
  assert_file_is out "uname EPERM
socket EAFNOSUPPORT"
  # What an option stands for is built in.
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [acct]}]}\n' >config/sandbox-run/no-exec.yml
  as_user "$SANDBOX_RUN" -q --no-exec -- sh -c 'ls'
  assert_status 126
}

test_their_sizes_count_together() {
  prepare
  { cat "$FILE" && head -c 1000000 /dev/zero | tr '\0' '#'; } >config/sandbox-run/big.yml
  ! is_root || chown 65534:65534 config/sandbox-run/big.yml
  local nine
  nine=$(printf -- '--profile big %.0s' {1..9})
  as_user "$SANDBOX_RUN" $nine -- "${TARGET[@]}"
  assert_status 125
  assert_file_is err "sandbox-run: error: $PWD/config/sandbox-run/big.yml: with this file the policies are larger than $(
  )8388608 bytes, the most that they may have together"
  assert_target_has_not_run
}

test_root_has_the_machines_alone() {
  is_root || skip "only root"
  prepare
  run "$SANDBOX_RUN" --profile web -- "${CALL[@]}"
  assert_status 125
  assert_file_is err "sandbox-run: error: unknown profile 'web'; sandbox-run --list-profiles shows those there are"
}

# As sshd and sudo have it: who can write the file or a folder above it could decide what the policy is.
test_what_others_may_write_is_not_used() {
  prepare
  local writable
  for writable in "$FILE" "$PWD/config/sandbox-run" "$PWD/config"; do
    chmod g+w "$writable"
    as_user "$SANDBOX_RUN" --profile web -- "${TARGET[@]}"
    assert_status 125
    assert_file_is err "sandbox-run: error: $FILE: is not used as a profile, since '$writable' may be written by other $(
    )users (chmod go-w '$writable')"
    as_user "$SANDBOX_POLICY" check profile:web
    assert_file_is err "sandbox-policy: error: $FILE: is not used as a profile, since '$writable' may be written by $(
    )other users (chmod go-w '$writable')"
    chmod g-w "$writable"
  done
  assert_target_has_not_run
}

test_a_home_of_another_user() {
  is_root || skip "only root can become another user"
  prepare
  chmod 700 config
  chown root:root config
  as_user "$SANDBOX_RUN" -- "${CALL[@]}" # Its folders are closed: HOME is still root's.
  assert_file_is err ""
  assert_file_is out "uname EFAULT"
  chmod 755 config
  chown 4711 config/sandbox-run/web.yml
  as_user "$SANDBOX_RUN" --profile web -- "${CALL[@]}"
  assert_file_is err "sandbox-run: error: $FILE: is not used as a profile, since '$FILE' belongs to another user (4711)"
}

# The folder that it leads to is the user's own, but which one that is the other user decides, and can change it between
# the check and the reading.
test_a_link_of_another_user() {
  is_root || skip "only root can become another user"
  prepare
  mkdir theirs
  ln -s "$PWD/config" theirs/.config
  chown -hR 4711 theirs
  unset XDG_CONFIG_HOME
  HOME=$PWD/theirs as_user "$SANDBOX_RUN" --profile web -- "${TARGET[@]}"
  assert_status 125
  assert_file_is err "sandbox-run: error: $PWD/theirs/.config/sandbox-run/web.yml: is not used as a profile, since $(
  )'$PWD/theirs/.config' belongs to another user (4711)"
  assert_target_has_not_run
}

test_lists() {
  prepare
  cp -p "$FILE" config/sandbox-run/default.yml
  as_user "$SANDBOX_RUN" --list-profiles
  assert_status 0
  assert_equal "default  ($PWD/config/sandbox-run/default.yml)
web  ($FILE)
  Denies uname.
  For:    tests
  Allows: the rest
  Denies: uname" "$(sed -n '/^default.*yml/p;/^web/,$p' out)"
  assert_equal 1 "$(grep -c '^default ' out)"
  as_user "$SANDBOX_POLICY" list profiles
  assert_equal "default $PWD/config/sandbox-run/default.yml Denies uname." "$(grep '^default' out | sed -n '1s/  */ /gp')"
  grep '^default' out | sed -n 2p | grep -Eq '^default +built in, but the one above comes first' || report "expected the hidden one"
  chmod g+w "$FILE"
  as_user "$SANDBOX_RUN" --list-profiles
  grep -qF "  Not usable: $FILE: is not used as a profile" out || report "expected why it cannot be used"
}

# A list does not open it either: a pipe would hold it up, and its first lines are another user's words.
test_lists_do_not_read_what_others_may_write() {
  prepare
  mkfifo config/sandbox-run/pipe.yml
  chmod 666 config/sandbox-run/pipe.yml
  ! is_root || chown 65534:65534 config/sandbox-run/pipe.yml
  chmod g+w "$FILE"
  as_user timeout 20 "$SANDBOX_RUN" --list-profiles
  assert_status 0
  local name
  for name in pipe web; do
    assert_equal "$name  ($PWD/config/sandbox-run/$name.yml)
  Not usable: $PWD/config/sandbox-run/$name.yml: is not used as a profile, since '$PWD/config/sandbox-run/$name.yml' $(
    )may be written by other users (chmod go-w '$PWD/config/sandbox-run/$name.yml')" "$(grep -A 1 "^$name  " out)"
  done
  as_user timeout 20 "$SANDBOX_POLICY" list profiles
  assert_status 0
  assert_equal "web $FILE not usable (sandbox-run --list-profiles prints why)" "$(grep '^web' out | sed 's/  */ /g')"
}

test_the_other_program_has_them_too() {
  prepare
  as_user "$SANDBOX_POLICY" explain profile:web uname
  assert_status 0
  assert_equal "uname on $(uname -m): errno EPERM" "$(sed -n 1p out)"
  as_user "$SANDBOX_POLICY" diff profile:web "$FILE"
  assert_status 0
  as_user "$SANDBOX_POLICY" show --source profile:web
  cmp -s out "$FILE" || report "expected the file, byte for byte"
  as_user "$SANDBOX_POLICY" show --source profile:no-network
  cmp -s out "$POLICIES/no-network.yml" || report "expected the profile's text, byte for byte"
  for command in "show" "explain" "check" "check --strict"; do
    as_user "$SANDBOX_POLICY" $command profile:no-network $([ "$command" != explain ] || echo socket)
    assert_status 0
  done
}

run_tests
