#!/bin/bash
# The launcher's command line: usage errors.
. "$(dirname "$0")/command_line_lib.sh"

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
  local message="'--permissive' needs '--report', which shows what it allows"
  usage_error "$message" --permissive "${TARGET[@]}"
  usage_error "$message" --permissive -p "$POLICY" -- "${TARGET[@]}"
  usage_error "$message" --permissive --dry-run
}

# What stands behind --report is the target; a file stands behind '='.
test_the_file_of_a_report() {
  run "$SANDBOX_RUN" --report nowhere.json "${TARGET[@]}"
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find 'nowhere.json': no such program in PATH; the file of a report stands $(
  )behind '=': --report=nowhere.json"
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
  assert_equal "report:   to events.json, and denied calls are allowed" "$(sed -n 4p out)"
  assert_no_file events.json
}

test_flags_may_be_repeated() {
  enforces -q -q --quiet -p "$POLICY"
  enforces -qqp "$POLICY"
}

test_unknown_profile() {
  usage_error "unknown profile 'defalt'; did you mean 'default'?" --profile defalt "${TARGET[@]}"
  usage_error "unknown profile 'Default'; did you mean 'default'?" --profile Default "${TARGET[@]}"
  usage_error "unknown profile 'nosuch'; sandbox-run --list-profiles shows those there are" --profile nosuch "${TARGET[@]}"
  usage_error "'../x\\n' cannot be a profile's name: letters, digits, '.', '_' and '-'; for a file, --policy ../x\\n" \
    --profile $'../x\n' "${TARGET[@]}"
}

test_hyphen_is_standard_input() {
  usage_error "./-: cannot be read: No such file or directory" -p ./- "${TARGET[@]}"
  usage_error "standard input ('-') can be read only once" -p - -p - "${TARGET[@]}"
}

run_tests
