#!/bin/bash
# sandbox-policy record: where the policy goes, and what may stand in its way.
. "$(dirname "$0")/record_lib.sh"

case $(uname -m) in x86_64) ABI=x86_64 ;; *) ABI=$(uname -m) ;; esac

# That was found out when the program had run, and what was recorded was lost.
# However the policy is laid out; report and record put a group in the same place.
test_odd_layouts_are_added_to() {
  printf 'seccomp:\n  default_action: errno\n  syscalls:\n  - # mine\n    action: allow\n    names:\n    - read\n' >dash.yml
  printf '"seccomp":\n  "default_action": errno\n  "syscalls":\n  - {"action": allow, "names": [read]}\n' >quoted.yml
  local policy
  for policy in dash.yml quoted.yml; do
    run "$SANDBOX_POLICY" record --merge $policy -o $policy -- sh -c 'umask 077'
    assert_status 0
    assert_allows umask $policy
  done
  assert_allows read dash.yml
  grep -q '"names": \[read\]\|names: \[read\]' quoted.yml || report "expected the group that was there: $(cat quoted.yml)"
  grep -q '# mine' dash.yml || report "expected that comments stay"
}

test_before_anything_is_started() {
  mkdir folder locked
  mkfifo pipe
  : >not-executable
  refuses 2 "record: expected -o OUT" -- touch started
  refuses 2 "record: expected -o OUT [--] PROGRAM [ARGUMENT]...; sandbox-policy record --help shows how" -o p.yml
  refuses 2 "folder: is a directory, expected a file" -o folder -- touch started
  refuses 2 "pipe: is no regular file" -o pipe -- touch started
  refuses 2 "no/p.yml: cannot be written: No such file or directory" -o no/p.yml -- touch started
  refuses 2 "record: --assume: unknown set '@basic-oi'; did you mean '@basic-io'?" -o p.yml --assume @basic-oi touch started
  refuses 2 "none.yml: cannot be read: No such file or directory" -o p.yml --merge none.yml touch started
  refuses 127 "cannot find 'no-such-program': no such program in PATH" -o p.yml no-such-program
  refuses 126 "cannot execute './not-executable': it is not executable (chmod +x?)" -o p.yml -- ./not-executable
  chmod 555 locked
  is_root || refuses 2 "locked/p.yml: cannot be written: Permission denied" -o locked/p.yml -- touch started
}

# What others have written is not lost.
test_a_file_that_was_there() {
  echo "# My notes" >p.yml
  refuses 2 "p.yml: is there already, and was not written by 'record'; --force replaces it, and --merge p.yml adds to it" \
    -o p.yml -- touch started
  assert_equal "# My notes" "$(cat p.yml)"
  record p.yml --force -- true
  record p.yml -- sh -c 'umask 077' # Its own.
  assert_allows umask p.yml
  : >empty.yml
  record empty.yml -- true
}

# Whether it is a recording cannot be seen then.
test_a_file_that_cannot_be_read() {
  echo "# My notes" >p.yml
  chmod 0 p.yml
  is_root && return 0 # Who can read everything.
  refuses 2 "p.yml: is there already, and cannot be read; --force replaces it, and --merge p.yml adds to it" \
    -o p.yml -- touch started
}

# What cannot be merged is written beside the policy: over no other file, and through no link.
test_a_file_in_the_place_beside() {
  record p.yml -- true
  echo "# My notes" >p.yml.recorded
  refuses 2 "p.yml.recorded: is there already, and was not written by 'record'; --force replaces it" \
    --merge p.yml -o p.yml -- touch started
  record other.yml -- true
  cp other.yml before.yml
  ln -sf other.yml p.yml.recorded
  refuses 2 "p.yml.recorded: is there already, and cannot be read; --force replaces it" \
    --merge p.yml -o p.yml -- touch started
  run "$SANDBOX_POLICY" record --force --merge p.yml -o p.yml -- sh -c 'umask 077; echo "# Mine" >>p.yml'
  assert_status 2
  cmp -s other.yml before.yml || report "expected that the link is not followed"
  assert_allows umask p.yml.recorded
}

# An editor that saves the policy while the program runs.
test_a_policy_that_changes_meanwhile() {
  record p.yml -- true
  run "$SANDBOX_POLICY" record --merge p.yml -o p.yml -- sh -c 'umask 077; echo "# Mine" >>p.yml'
  assert_status 2
  assert_stderr "sandbox-policy: error: p.yml: was changed by another program meanwhile, and stays as it is
sandbox-policy: error: what was recorded is in p.yml.recorded, as a policy of its own"
  assert_equal "# Mine" "$(tail -n 1 p.yml)"
  assert_lacks umask p.yml
  assert_allows umask p.yml.recorded
}

# The options behind the program are its own.
test_options_of_the_program() {
  record p.yml sh -c 'echo "$@"' sh --args -o q.yml
  assert_stdout "--args -o q.yml"
  record p.yml --args -- echo -- --merge
  assert_stdout "-- --merge"
}

# A policy that cannot be written is half a policy nowhere.
test_the_folder_goes() {
  mkdir folder
  run "$SANDBOX_POLICY" record -o folder/p.yml -- rmdir folder
  assert_status 2
  assert_stderr "sandbox-policy: error: folder/p.yml: cannot be written: No such file or directory"
  [ ! -e folder ] || fail "expected no folder"
}

test_a_full_disk() {
  is_root || return 0 # A file system of one page is mounted below, which only root may.
  mkdir disk
  unshare -m sh -c 'mount -t tmpfs -o size=8k none disk 2>mount.err || exit 77
    echo earlier >disk/p.yml
    "$0" record --force -o disk/p.yml -- dd if=/dev/zero of=disk/filler bs=1k count=100 2>err
    echo "$?" >status
    cat disk/p.yml >after; ls disk >files' "$SANDBOX_POLICY" || skip "no file system can be mounted: $(cat mount.err)"
  assert_equal 2 "$(cat status)" "the exit status"
  grep -qx "sandbox-policy: error: disk/p.yml: cannot be written: No space left on device" err || fail "$(cat err)"
  assert_equal earlier "$(cat after)" "what was there"
  assert_equal "filler p.yml" "$(xargs <files)" "files"
}

# A program may go elsewhere and close what it likes.
test_output_beside_a_link() {
  mkdir real
  ln -s real/p.yml link.yml
  echo old >real/p.yml
  record link.yml --force -- sh -c 'cd /; exec <&- >&-'
  [ -L link.yml ] || fail "the link was replaced"
  assert_allows chdir real/p.yml
}

# Where it goes is found out before the program runs. What a program puts there meanwhile is replaced; a link is not
# followed, for a program with less rights may have made it.
test_what_the_program_puts_in_the_way() {
  echo precious >other
  record p.yml -- ln -s other p.yml
  record q.yml -- mkfifo q.yml
  echo old >r.yml
  record r.yml --force -- ln -sf "$PWD/other" r.yml
  local file
  for file in p.yml q.yml r.yml; do
    [ -f "$file" ] && [ ! -L "$file" ] || fail "expected a file of its own: $(ls -l)"
    grep -q '^seccomp:' "$file" || fail "expected a policy: $(cat "$file")"
  done
  assert_equal precious "$(cat other)" "the other file"
  assert_equal 0 "$(find . -name '*.tmp' | wc -l)" "files that are left"
}

run_tests
