#!/bin/bash
# What a rule never gives by accident: /, home directories, what is above them, and what the program's own links lead to.
. "$(dirname "$0")/lib.sh"
need_landlock 1

# prepare: a home directory with a key, where work/ is. All is below ./above.
prepare() {
  mkdir -p above/home/work/sub
  echo key >above/home/key
  ABOVE=$PWD/above
  export HOME=$ABOVE/home
}

# fails FOLDER WHAT OPTION PATH: in that folder.
fails() {
  local folder=$1 what=$2 option=$3 path=$4
  run env -C "$folder" "$SANDBOX_RUN" "$option" "$path" -- cat "$HOME/key"
  assert_status 125
  assert_stderr "sandbox-run: error: command line:1:$((${#option} + 2)): '$path' $what; write out the paths that the program needs"
}

test_relative_paths_do_not_lead_to_a_home() {
  prepare
  ln -s "$HOME" above/link
  ln -s .. above/home/work/up
  local home="leads to '$HOME', which is the home directory '$HOME'"
  local path
  for path in .. ./.. ../. sub/../.. up up/. ../../link; do fails "$HOME/work" "$home" --rw "$path"; done
  fails "$HOME" "$home" --ro ./.
  fails "$HOME/work" "leads to '$ABOVE', which holds the home directory '$HOME'" --ro ../..
  path=$(tr / '\n' <<<"${HOME#/}/work" | sed 's/.*/../' | paste -sd/)
  fails "$HOME/work" "leads to '/', which is the root directory" --ro "$path"
  run env -C "$HOME/work" "$SANDBOX_RUN" --rw ../work/sub -- cat "$HOME/key"
  assert_stderr "cat: $HOME/key: Permission denied"
}

test_home_in_other_forms() {
  prepare
  local home
  for home in "$HOME/" "$ABOVE//home/." "$ABOVE/home/work/.."; do
    run env -C "$HOME/work" HOME="$home" "$SANDBOX_RUN" --ro .. -- true
    assert_status 125
    assert_stderr_has "'..' leads to '$HOME', which is the home directory '$home'"
  done
  run env -C /usr HOME=/ "$SANDBOX_RUN" --ro .. -- true
  assert_stderr_has "'..' leads to '/', which is the root directory"
  is_root || return 0
  [ "$(getent passwd 0 | cut -d: -f6)" = /root ] || return 0
  for home in '' relative /nowhere; do
    run env -C /root HOME="$home" "$SANDBOX_RUN" --ro . -- true
    assert_status 125
    run env -C /usr HOME="$home" "$SANDBOX_RUN" --ro ../root -- true
    assert_stderr_has "'../root' leads to '/root', which is the home directory '/root'"
  done
}

# What is written out is meant.
test_a_home_that_is_written_out() {
  prepare
  local path
  # shellcheck disable=SC2088 # The launcher expands it.
  for path in "$HOME" "$HOME/" '~' '~/' /; do
    run "$SANDBOX_RUN" --ro "$path" -- cat "$HOME/key"
    assert_stdout key
  done
}

test_in_a_policy() {
  prepare
  printf 'landlock:\n  files:\n  - {access: [read, execute], paths: ["@system"]}\n  - {access: [read], paths: [sub/../..]}\n' \
    >"$HOME/work/app.yml"
  cd "$HOME/work"
  expect_failure 125 "app.yml:4:30: 'sub/../..' leads to '$HOME', which is the home directory '$HOME'; write out the $(
    )paths that the program needs" "$SANDBOX_RUN" -p app.yml -- touch started
}

# HOME is not the only home: sudo(8) keeps the caller's at times, and services have another one.
test_the_home_of_root() {
  is_root || skip "needs root"
  prepare
  [ "$(getent passwd 0 | cut -d: -f6)" = /root ] || skip "root has another home"
  fails /root "leads to '/root', which is the home directory '/root'" --ro .
  cd /root
  expect_failure 125 "profile untrusted:$(grep -n '@cwd' "$POLICIES/untrusted.yml" | tail -1 | cut -d: -f1):13: '@cwd' $(
    )leads to '/root', which is the home directory '/root'; write out the paths that the program needs" \
    "$SANDBOX_RUN" -q --best-effort --profile untrusted -- true # Scopes, which the profile asks for, are newer.
}

test_the_home_of_the_caller_of_sudo() {
  prepare
  local user home
  IFS=: read -r user _ uid _ _ home _ < <(awk -F: '$6 != "/" && $6 != "/root" && system("test -d " $6) == 0' /etc/passwd)
  [ -n "$user" ] || skip "no user but root has a home"
  run env -C "$home" SUDO_UID="$uid" "$SANDBOX_RUN" --ro . -- true
  assert_status 125
  assert_stderr_has "leads to '$(readlink -f "$home")', which is the home directory '$home'"
}

test_a_home_that_is_mounted_elsewhere() {
  is_root || skip "needs root"
  prepare
  mkdir mounted
  # shellcheck disable=SC2016 # For the shell that is started.
  run unshare -m sh -c 'mount --bind "$HOME" mounted && cd mounted && shift && exec "$0" "$@"' "$SANDBOX_RUN" - --ro . -- cat key
  ! grep -q '^mount:' err || skip "nothing can be mounted here"
  assert_status 125
  assert_stderr "sandbox-run: error: command line:1:6: '.' leads to '$PWD/mounted', which is the home directory '$HOME'; $(
    )write out the paths that the program needs"
}

# The second launch gave what the link of the first one led to.
test_a_link_that_the_program_has_made() {
  prepare
  cd "$HOME/work"
  run "$SANDBOX_RUN" --rw . -- sh -c 'ln -s ../.. sub/up; ln -s /usr/bin sub/programs; echo text >file; ln -s ../file sub/file'
  assert_status 0
  local error="'sub/up/key' goes through '.', where the program can make links, and leads out of it, to '$HOME/key'; $(
    )write out the path that is meant"
  expect_failure 125 "command line:1:6: $error" "$SANDBOX_RUN" --rw . --ro sub/up/key -- cat "$HOME/key"
  cat >app.yml <<'END_OF_POLICY'
landlock:
  files:
  - access: [read, execute]
    paths: ["@system"]
  - access: [read, write]
    paths: [.]
  - access: [read]
    paths: [sub/up/key]
END_OF_POLICY
  expect_failure 125 "app.yml:8:13: $error" "$SANDBOX_RUN" -p app.yml -- cat "$HOME/key"
  # What is given anyway, what stays below, and a directory that the program cannot change.
  run "$SANDBOX_RUN" --rw . --ro sub/programs --ro sub/file -- cat sub/file
  assert_stdout text
  run "$SANDBOX_RUN" --ro . --ro sub/up/key -- cat "$HOME/key"
  assert_stdout key
}

run_tests
