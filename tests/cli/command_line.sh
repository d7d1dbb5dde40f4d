#!/bin/bash
# The launcher's command line: what it prints when asked, what it says when it cannot, and whose option is whose.
. "$(dirname "$0")/lib.sh"

printf '%s\n' "$GOOD_POLICY" >policy.yml
printf '%s\n' "${GOOD_POLICY/- uname/- unmae}" >bad.yml
POLICY=$PWD/policy.yml
BAD=$PWD/bad.yml
VERSION=$("$SANDBOX_RUN" --version)
VERSION=${VERSION#sandbox-run }
BAD_NAME="unknown system call 'unmae' ($(uname -m)); did you mean 'uname'?"
CALL=("$TEST_BIN/call" uname)

# prints FILE OPTION...: success, and this file's text.
prints() {
  local file=$1
  shift
  run "$SANDBOX_RUN" "$@"
  assert_status 0
  assert_file_is err ""
  cmp -s out "$file" || report "expected on standard output the text of $file"
}

# usage_error MESSAGE ARGUMENT...: the whole command line is the arguments.
usage_error() {
  local message=$1
  shift
  run "$SANDBOX_RUN" "$@"
  assert_status 125
  assert_file_is err "sandbox-run: error: $message"
  assert_file_is out ""
  assert_target_has_not_run
}

# --- What is printed when it is asked for ---

test_help() {
  prints "$CLI_TESTS/help.expected" --help
  prints "$CLI_TESTS/help.expected" -h
  prints "$CLI_TESTS/help.expected" -h "${TARGET[@]}"
  prints "$CLI_TESTS/help.expected" --policy missing.yml --help
  prints "$CLI_TESTS/help.expected" -qvh --version
  assert_target_has_not_run
}

test_help_fits_a_terminal() {
  [ "$(wc -L <"$CLI_TESTS/help.expected")" -le 120 ] || fail "a line of the help has more than 120 columns"
}

test_version() {
  printf 'sandbox-run %s\n' "$VERSION" >version
  grep -Eqx 'sandbox-run [0-9]+\.[0-9]+\.[0-9]+' version || fail "not a version: $VERSION"
  prints version --version
  prints version --version "${TARGET[@]}"
  prints version --list-profiles --version
  assert_target_has_not_run
}

test_list_profiles() {
  prints "$CLI_TESTS/list_profiles.expected" --list-profiles
  prints "$CLI_TESTS/list_profiles.expected" --list-profiles "${TARGET[@]}"
  assert_target_has_not_run
}

test_every_listed_profile_can_be_used() {
  local name rest count=0
  "$SANDBOX_RUN" --list-profiles >list
  while read -r name rest; do
    run "$SANDBOX_RUN" --profile "$name" -- true
    assert_status 0
    assert_file_is err ""
    count=$((count + 1))
  done <list
  [ "$count" -ge 1 ] || fail "no profile is listed"
}

test_dry_run() {
  [ "$(uname -m)" = x86_64 ] || skip "the listing is that of one machine type"
  cp "$CLI_TESTS/dry_run.yml" .
  prints "$CLI_TESTS/dry_run.expected" --dry-run --policy dry_run.yml
  prints "$CLI_TESTS/dry_run.expected" --policy dry_run.yml --dry-run --
  cp "$TEST_BIN/call" program
  sed '1a program:  ./program' "$CLI_TESTS/dry_run.expected" >with_program
  prints with_program --dry-run --policy dry_run.yml -- ./program one two
  prints with_program --dry-run --policy dry_run.yml ./program --version
}

test_dry_run_searches_the_path() {
  mkdir bin
  cp "$TEST_BIN/call" bin/program
  PATH=$PWD/nowhere:$PWD/bin:$PATH run "$SANDBOX_RUN" --dry-run --policy "$POLICY" program
  assert_status 0
  assert_equal "program:  $PWD/bin/program" "$(sed -n 2p out)"
}

test_dry_run_of_a_policy_that_is_not_enabled() {
  printf 'seccomp.enabled: false\n' >off.yml
  printf '%s\n' "policy:   off.yml, by default nothing: 'enabled' is false" "filter:   none" >expected_text
  prints expected_text --dry-run --policy off.yml
}

test_dry_run_says_what_is_wrong() {
  usage_error "$BAD:6:7: $BAD_NAME" --dry-run --policy "$BAD"
  run "$SANDBOX_RUN" --dry-run ./missing
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find './missing': No such file or directory"
  assert_file_is out ""
}

test_dry_run_starts_nothing() {
  run "$SANDBOX_RUN" --dry-run --policy "$POLICY" -- "${TARGET[@]}"
  assert_status 0
  assert_target_has_not_run
}

test_what_cannot_be_printed_is_an_error() {
  local option
  for option in --help --version --list-profiles --dry-run; do
    run sh -c 'exec "$@" >/dev/full' sh "$SANDBOX_RUN" "$option"
    assert_status 125
    assert_file_is err "sandbox-run: error: cannot write to standard output"
    run sh -c 'exec "$@" >&-' sh "$SANDBOX_RUN" "$option"
    assert_status 125
    assert_file_is err "sandbox-run: error: cannot write to standard output"
  done
}

# --- Usage errors ---

test_no_program() {
  local message="no program is given; sandbox-run --help shows how"
  usage_error "$message"
  usage_error "$message" --
  usage_error "$message" -v
  usage_error "$message" -p "$POLICY"
  usage_error "$message" --policy "$POLICY" --
  usage_error "$message" -p "${TARGET[@]:1}" # The only argument is the option's.
}

test_unknown_option() {
  local target=(-- "${TARGET[@]}")
  usage_error "unknown option '--polcy'; did you mean '--policy'?" --polcy "$POLICY" "${target[@]}"
  usage_error "unknown option '--polcy'; did you mean '--policy'?" "--polcy=$POLICY" "${target[@]}"
  usage_error "unknown option '--POLICY'; did you mean '--policy'?" --POLICY "$POLICY" "${target[@]}"
  usage_error "unknown option '--dryrun'; did you mean '--dry-run'?" --dryrun "${target[@]}"
  usage_error "unknown option '--no-new-priv'; did you mean '--no-new-privs'?" --no-new-priv=false "${target[@]}"
  usage_error "unknown option '--reports'; did you mean '--report'?" --reports=file "${target[@]}"
  usage_error "unknown option '--permisive'; did you mean '--permissive'?" --report --permisive "${target[@]}"
  usage_error "unknown option '--frobnicate'; --help lists the options, and '--' ends them" --frobnicate "${target[@]}"
  usage_error "unknown option '-x'; --help lists the options, and '--' ends them" -x "${target[@]}"
  usage_error "unknown option '-x'; --help lists the options, and '--' ends them" -vx "${target[@]}"
  usage_error "unknown option '---'; --help lists the options, and '--' ends them" --- "${target[@]}"
  usage_error "unknown option '-\\x1b'; --help lists the options, and '--' ends them" $'-\e' "${target[@]}"
  usage_error "unknown option '--help\\n'; did you mean '--help'?" $'--help\n' "${target[@]}"
}

# An unknown option is an error also beside one that asks for information.
test_unknown_option_with_help() {
  usage_error "unknown option '--nope'; --help lists the options, and '--' ends them" --help --nope
}

test_missing_value() {
  usage_error "option '-p' needs a value" -p
  usage_error "option '-p' needs a value" -p "" "${TARGET[@]}"
  usage_error "option '--policy' needs a value" --policy
  usage_error "option '--policy' needs a value" --policy= "${TARGET[@]}"
  usage_error "option '--policy' needs a value" --policy "" "${TARGET[@]}"
  usage_error "option '--profile' needs a value" --profile
  usage_error "option '--profile' needs a value" --profile= "${TARGET[@]}"
  usage_error "option '--no-new-privs' needs a value" --no-new-privs
  usage_error "option '--no-new-privs' needs a value" --no-new-privs= "${TARGET[@]}"
  usage_error "option '--report' needs a value" --report= "${TARGET[@]}"
  usage_error "option '-vp' needs a value" -vp
}

test_value_that_is_not_wanted() {
  local name
  for name in dry-run list-profiles verbose quiet version help token-visible permissive; do
    usage_error "option '--$name' takes no value" "--$name=false" "${TARGET[@]}"
    usage_error "option '--$name' takes no value" "--$name=" "${TARGET[@]}"
  done
}

test_bad_bool() {
  local value
  for value in maybe TRUE Yes 2 -1 01 + t f y n 'true ' ' true' truetrue; do
    usage_error "option '--no-new-privs' must be true or false, found '$value'" "--no-new-privs=$value" "${TARGET[@]}"
  done
  usage_error "option '--no-new-privs' must be true or false, found 'touch'" --no-new-privs "${TARGET[@]}"
}

has_cap_sys_admin() { (($(sed -n 's/^CapEff:[[:space:]]*/0x/p' /proc/self/status) >> 21 & 1)); }

test_bool() {
  local value
  for value in true yes on 1; do
    enforces "--no-new-privs=$value" --policy "$POLICY"
    enforces --no-new-privs "$value" --policy "$POLICY"
  done
  # Without privileges a filter cannot be installed then, and nothing is started.
  for value in false no off 0; do
    run "$SANDBOX_RUN" "--no-new-privs=$value" --policy "$POLICY" -- "${CALL[@]}"
    if has_cap_sys_admin; then
      assert_file_is out "uname EPERM"
      assert_file_is err ""
    else
      assert_status 125
      assert_file_is out ""
      assert_file_is err "sandbox-run: error: seccomp(2) failed: Permission denied (without no_new_privs the caller $(
      )needs CAP_SYS_ADMIN)"
    fi
  done
}

test_given_twice() {
  usage_error "option '--no-new-privs' is given more than once" --no-new-privs=true --no-new-privs=false "${TARGET[@]}"
  usage_error "option '--report' is given more than once" --report=a --report=b "${TARGET[@]}"
  assert_no_file a
  assert_no_file b
}

test_permissive_needs_a_report() {
  local message="'--permissive' needs '--report': what is let through is to be seen"
  usage_error "$message" --permissive "${TARGET[@]}"
  usage_error "$message" --permissive -p "$POLICY" -- "${TARGET[@]}"
  usage_error "$message" --permissive --dry-run
}

# What stands behind --report is the target; a file stands behind '='.
test_the_file_of_a_report() {
  run "$SANDBOX_RUN" --report nowhere.json "${TARGET[@]}"
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find 'nowhere.json': no such program in PATH"
  mkdir folder
  usage_error "folder: cannot be written: Is a directory" --report=folder "${TARGET[@]}"
  usage_error "no/file: cannot be written: No such file or directory" --report=no/file "${TARGET[@]}"
}

test_dry_run_with_a_report() {
  run "$SANDBOX_RUN" --dry-run --report -p "$POLICY"
  assert_status 0
  assert_equal "report:   to standard error" "$(sed -n 4p out)"
  run "$SANDBOX_RUN" --dry-run --report=events.json --permissive -p "$POLICY"
  assert_status 0
  assert_equal "report:   to events.json, and denied calls are let through" "$(sed -n 4p out)"
  assert_no_file events.json
}

test_flags_may_be_repeated() {
  enforces -q -q --quiet -p "$POLICY"
  enforces -qqp "$POLICY"
}

test_unknown_profile() {
  usage_error "unknown profile 'defalt'; did you mean 'default'?" --profile defalt "${TARGET[@]}"
  usage_error "unknown profile 'Default'; did you mean 'default'?" --profile Default "${TARGET[@]}"
  usage_error "unknown profile 'strict'; --list-profiles shows those there are" --profile strict "${TARGET[@]}"
  usage_error "unknown profile '../x\\n'; --list-profiles shows those there are" --profile $'../x\n' "${TARGET[@]}"
}

test_hyphen_is_no_file() {
  usage_error "-: cannot be read: No such file or directory; standard input is /dev/stdin" -p - "${TARGET[@]}"
}

# --- Whose option is whose ---

test_ways_to_name_a_policy() {
  cd ..
  enforces -p policy.yml
  enforces -ppolicy.yml
  enforces --policy policy.yml
  enforces --policy=policy.yml
  enforces -qp policy.yml
  enforces -qppolicy.yml
  enforces -q --policy=policy.yml
}

test_equals_sign_in_a_file_name() {
  cp "$POLICY" a=b.yml
  enforces --policy=a=b.yml
  enforces -pa=b.yml
  usage_error "=a=b.yml: cannot be read: No such file or directory" -p=a=b.yml "${TARGET[@]}"
}

# A file's name reaches the kernel as it was typed.
test_file_names_are_not_interpreted() {
  local name
  for name in '[x]' '[a,b]' '[]' 'a,b' '"x"' "'x'" '{}' '%%' '~' '$HOME' '\x41' '--' ' ' true -- --help; do
    cp "$POLICY" "./$name"
    enforces -p "$name"
    enforces --policy "$name"
    [ "$name" = ' ' ] || enforces "--policy=$name"
  done
  usage_error "unknown profile '[default]'; did you mean 'default'?" --profile '[default]' "${TARGET[@]}"
}

test_options_after_the_target_are_its_own() {
  run "$SANDBOX_RUN" -p "$POLICY" echo -v --help -p missing --policy --nope
  assert_status 0
  assert_file_is err ""
  assert_file_is out "-v --help -p missing --policy --nope"
}

test_double_hyphen_is_dropped_once() {
  run "$SANDBOX_RUN" -p "$POLICY" -- echo a -- b
  assert_file_is out "a -- b"
  run "$SANDBOX_RUN" -p "$POLICY" echo -- a
  assert_file_is out "-- a"
  run "$SANDBOX_RUN" -p "$POLICY" -- echo -- a
  assert_file_is out "-- a"
  run "$SANDBOX_RUN" -p "$POLICY" -- -- echo
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '--': no such program in PATH"
  run "$SANDBOX_RUN" -p "$POLICY" -- --help
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '--help': no such program in PATH"
  assert_file_is out ""
}

test_arguments_arrive_unchanged() {
  local arguments=('' ' ' $'a\nb' '*' '[x]' '"q"' "'q'" '\' '%s' -- -p=x '--a=b' $'\xff' größe)
  printf '<%s>\n' "${arguments[@]}" >wanted
  run "$SANDBOX_RUN" -p "$POLICY" printf '<%s>\n' "${arguments[@]}"
  cmp -s out wanted || report "expected the arguments: $(cat wanted)"
}

test_the_name_of_the_target_is_kept() {
  run "$SANDBOX_RUN" -p "$POLICY" sh -c 'echo "$0"'
  assert_file_is out sh
}

test_empty_name_of_a_target() {
  run "$SANDBOX_RUN" -p "$POLICY" ''
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '': the command's name is empty"
}

test_hyphen_as_a_target() {
  run "$SANDBOX_RUN" -p "$POLICY" -
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '-': no such program in PATH"
}

test_a_policy_is_judged_before_the_target() {
  usage_error "$BAD:6:7: $BAD_NAME" -p "$BAD" ./missing
}

test_default_profile() {
  run "$SANDBOX_RUN" echo started
  assert_status 0
  assert_file_is out started
  assert_file_is err ""
  run "$SANDBOX_RUN" "$TEST_BIN/call" ptrace
  assert_file_is out "ptrace EPERM"
  run "$SANDBOX_RUN" --profile default "$TEST_BIN/call" ptrace
  assert_file_is out "ptrace EPERM"
}

# --- What is said on the way ---

DOUBLE='seccomp: {default_action: allow, syscalls: [{action: errno, names: [uname, uname]}]}'
TWICE="sandbox-run: warning: double.yml:1:76: 'uname' is named twice in this group"

test_quiet_and_verbose() {
  printf '%s\n' "$DOUBLE" >double.yml
  run "$SANDBOX_RUN" -p double.yml "${CALL[@]}"
  assert_file_is err "$TWICE"
  assert_file_is out "uname EPERM"
  run "$SANDBOX_RUN" -q -p double.yml "${CALL[@]}"
  assert_file_is err ""
  assert_file_is out "uname EPERM"
  run "$SANDBOX_RUN" --quiet -p double.yml "${CALL[@]}"
  assert_file_is err ""
  run "$SANDBOX_RUN" -q -p "$BAD" "${CALL[@]}"
  assert_file_is err "sandbox-run: error: $BAD:6:7: $BAD_NAME"
}

test_verbose() {
  local ranges instructions option
  cp "$POLICY" here.yml
  run "$SANDBOX_RUN" --dry-run -p here.yml
  ranges=$(sed -n 's/^filter: *\([0-9]*\) ranges.*/\1/p' out)
  instructions=$(sed -n 's/^filter:.* \([0-9]*\) instructions.*/\1/p' out)
  for option in -v --verbose -vv -qv; do
    run "$SANDBOX_RUN" "$option" -p here.yml "${CALL[@]}"
    assert_file_is out "uname EPERM"
    assert_file_is err "sandbox-run: info: starting '$TEST_BIN/call' under here.yml: $ranges ranges of numbers, $(
    )$instructions instructions"
  done
}

test_policy_that_others_may_write() {
  cp "$POLICY" open.yml
  chmod 666 open.yml
  if ! is_root; then
    enforces -p open.yml # The caller's own policy is the caller's business.
    return
  fi
  local warning="sandbox-run: warning: open.yml: users other than root may write this policy"
  run "$SANDBOX_RUN" -p open.yml "${CALL[@]}"
  assert_file_is err "$warning"
  assert_file_is out "uname EPERM"
  chmod 664 open.yml
  chgrp 65534 open.yml
  run "$SANDBOX_RUN" -p open.yml "${CALL[@]}"
  assert_file_is err "$warning"
  chmod 644 open.yml
  enforces -p open.yml
  chown 65534 open.yml
  run "$SANDBOX_RUN" -p open.yml "${CALL[@]}"
  assert_file_is err "$warning"
  run "$SANDBOX_RUN" -q -p open.yml "${CALL[@]}"
  assert_file_is err ""
  enforces -p <(cat open.yml) # A pipe has no owner to speak of.
}

# The device and inode of what the function's standard error will be.
journal_of() { stat -L -c '%d:%i' "$1"; }

test_journal() {
  local prefixed="<3>sandbox-run: error: $BAD:6:7: $BAD_NAME" plain="sandbox-run: error: $BAD:6:7: $BAD_NAME"
  printf '%s\n' "$DOUBLE" >double.yml
  : >err
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_status 125
  assert_file_is err "$prefixed"
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -p double.yml "${CALL[@]}"
  assert_file_is err "<4>$TWICE"
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -v "${CALL[@]}"
  grep -Eqx "<6>sandbox-run: info: starting '.*' under profile default: [0-9]+ ranges of numbers, [0-9]+ instructions" \
    err || report "expected a message with its level"
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" --nope
  assert_file_is err "<3>sandbox-run: error: unknown option '--nope'; --help lists the options, and '--' ends them"

  # Not for another file, nor for nonsense.
  local stream
  for stream in "$(journal_of /dev/null)" "$(journal_of out)" '' : 1 1: :1 "$(journal_of err)x" "x$(journal_of err)" \
    " $(journal_of err)" "$(journal_of err):" 99999999999999999999999:1 "-1:-1"; do
    JOURNAL_STREAM=$stream run "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
    assert_file_is err "$plain"
  done
  run env -u JOURNAL_STREAM "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_file_is err "$plain"
}

test_failed_exec_carries_the_level_too() {
  printf 'text\n' >text
  chmod 755 text
  : >err
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -p "$POLICY" ./text
  assert_status 126
  assert_file_is err "<3>sandbox-run: error: cannot execute './text': it is neither a program for this machine nor $(
  )a script that starts with '#!'"
}

# on_terminal COMMAND...: standard error (and all else) is a terminal; its text goes to the file screen.
on_terminal() {
  need python3
  command_line=$*
  status=0
  { timeout -s KILL "$BOUND" python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null >shown 2>err || status=$?; } 2>/dev/null
  : >out
  sed 's/\r$//' shown >screen # The terminal turns each line feed into two characters.
}

shows() { # shows POLICY TEXT: the launcher refuses the policy, and this is on the screen.
  on_terminal "$SANDBOX_RUN" -p "$1" "${TARGET[@]}"
  assert_status 125
  assert_file_is screen "$2"
  assert_target_has_not_run
}

test_excerpt_on_a_terminal() {
  cp "$BAD" bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:6:7: $BAD_NAME
    - unmae
      ^~~~~"
}

test_excerpts_of_several_problems() {
  printf 'seccomp:\n  default_action: alow\n  syscalls:\n  - action: "errno"\n    nmaes: [uname]\n  - {}\n' >bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:2:19: unknown action 'alow'; did you mean 'allow'?
  default_action: alow
                  ^~~~
sandbox-run: error: bad.yml:5:5: unknown key 'nmaes' in a group; did you mean 'names'?
    nmaes: [uname]
    ^~~~~
sandbox-run: error: bad.yml:6:5: 'action' is missing in a group: what the calls it names get
  - {}
    ^
sandbox-run: error: bad.yml:6:5: a group needs 'names' or 'names_with_args': the calls that it is about
  - {}
    ^"
}

test_excerpt_with_tabs_crlf_and_non_ascii() {
  printf '{"seccomp": {"default_action": "allow", "syscalls": [{"action": "errno", "names": [\r\n' >bad.json
  printf '\t"uname",\t"größe", "日本",\t"unmae"]}]}}\r\n' >>bad.json
  local line=$'\t"uname",\t"größe", "日本",\t"unmae"]}]}}'
  shows bad.json "sandbox-run: error: bad.json:2:11: unknown system call 'größe' ($(uname -m))
$line
$(printf '\t        \t^~~~~~~')
sandbox-run: error: bad.json:2:20: unknown system call '日本' ($(uname -m))
$line
$(printf '\t        \t         ^~~~')
sandbox-run: error: bad.json:2:26: $BAD_NAME
$line
$(printf '\t        \t              \t^~~~~~~')"
}

test_excerpt_cannot_drive_the_terminal() {
  printf 'seccomp:\n  default_action: allow # \e]0;title\a\n' >bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:2:27: control character U+001B, expected text
  default_action: allow # ?]0;title?
                          ^"
}

test_excerpt_at_the_end_of_the_file() {
  printf 'seccomp: {default_action: allow,\n  syscalls: [\n' >bad.yml
  on_terminal "$SANDBOX_RUN" -p bad.yml "${TARGET[@]}"
  assert_status 125
  assert_file_is screen "sandbox-run: error: bad.yml:3:1: the list that '[' opened on line 2 $(
  )does not end before this; expected ',' or ']'

^"
}

test_excerpt_of_a_long_line() {
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [uname,' >bad.yml
  printf '%5000sunmae,%5000sfork]}]}\n' '' '' >>bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:1:5075: $BAD_NAME
$(printf '%80sunmae,%74s' '' '')
$(printf '%80s^~~~~' '')"
}

test_no_excerpt_where_only_standard_output_is_a_terminal() {
  cp "$BAD" bad.yml
  on_terminal sh -c 'exec "$@" 2>messages' sh "$SANDBOX_RUN" -p bad.yml "${TARGET[@]}"
  assert_status 125
  assert_file_is screen ""
  assert_file_is messages "sandbox-run: error: bad.yml:6:7: $BAD_NAME"
}

test_no_excerpt_without_a_place() {
  : >empty.yml
  shows empty.yml "sandbox-run: error: empty.yml: is empty: expected a policy with the key 'seccomp'"
}

test_excerpt_of_a_warning() {
  printf '%s\n' "$DOUBLE" >double.yml
  on_terminal "$SANDBOX_RUN" -p double.yml "${CALL[@]}"
  assert_status 0
  assert_file_is screen "$TWICE
$DOUBLE
$(printf '%75s^~~~~' '')
uname EPERM"
}

# --- The environment ---

test_environment_is_not_consulted() {
  local names="LD_PRELOAD=/missing.so LD_LIBRARY_PATH=$PWD LD_DEBUG=all LC_ALL=de_DE.UTF-8 LANG=xx LANGUAGE=de
    POLICY=$BAD SANDBOX_RUN_POLICY=$BAD SANDBOX_POLICY=$BAD SECCOMP=0 SANDBOX=0 DEBUG=1 SPDLOG_LEVEL=trace TERM=dumb
    MALLOC_CHECK_=3 GCONV_PATH=$PWD TZ=:/missing COLUMNS=1 CLICOLOR_FORCE=1 FORCE_COLOR=1 HOME=/missing TMPDIR=/missing"
  cp "$BAD" bad.yml
  # shellcheck disable=SC2086
  run env $names "$SANDBOX_RUN" -p bad.yml "${TARGET[@]}"
  assert_status 125
  assert_file_is err "sandbox-run: error: bad.yml:6:7: $BAD_NAME"
  assert_file_is out ""
  # shellcheck disable=SC2086
  run env $names "$SANDBOX_RUN" --help
  cmp -s out "$CLI_TESTS/help.expected" || report "expected the help"
  assert_file_is err ""
  # shellcheck disable=SC2086
  run env $names "$SANDBOX_RUN" -p "$POLICY" -- "${CALL[@]}"
  assert_file_is out "uname EPERM"
  assert_file_is err ""
}

test_empty_environment() {
  run env -i "$SANDBOX_RUN" -p "$POLICY" "${CALL[@]}"
  assert_file_is out "uname EPERM"
  assert_file_is err ""
  run env -i "$SANDBOX_RUN" -p "$POLICY" true # Found in the default search path.
  assert_status 0
}

test_closed_descriptors() {
  run sh -c 'exec "$@" <&- >&-' sh "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_status 125
  assert_file_is err "sandbox-run: error: $BAD:6:7: $BAD_NAME"
  run sh -c 'exec "$@" 2>&-' sh "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_status 125
  assert_file_is out ""
  assert_file_is err ""
  run sh -c 'exec "$@" <&- >&- 2>&-' sh "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_status 125
  assert_target_has_not_run
}

test_standard_error_that_is_full() {
  run sh -c 'exec "$@" 2>/dev/full' sh "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_status 125
  assert_file_is out ""
  assert_target_has_not_run
}

test_no_arguments_at_all() {
  run bash -c 'exec -a "" "$1"' bash "$SANDBOX_RUN"
  assert_status 125
  assert_file_is err "sandbox-run: error: no program is given; sandbox-run --help shows how"
}

run_tests
