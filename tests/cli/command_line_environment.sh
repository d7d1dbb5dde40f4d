#!/bin/bash
# The launcher's command line: environment, closed and full descriptors.
. "$(dirname "$0")/command_line_lib.sh"

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
