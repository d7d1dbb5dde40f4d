#!/bin/bash
# Each file in bad/ is a policy with something wrong; NAME.expected beside it is all that the launcher may say about it.
# Under the files named warning_* it launches all the same.
. "$(dirname "$0")/lib.sh"

# Names of calls and ABIs are those of one machine type.
is_for_another_machine() { [ "$(uname -m)" != x86_64 ] && grep -q 'x86_64' "$1"; }

check_file() {
  local policy=$1 expected=${1%.*}.expected
  [ -e "$expected" ] || fail "there is no $expected"
  rm -f "${TARGET[1]}"
  run "$SANDBOX_RUN" --policy "$policy" -- "${TARGET[@]}"
  cmp -s err "$expected" || report "expected on standard error: $(cat "$expected")"
  [ ! -s out ] || report "expected nothing on standard output"
  case $policy in
    warning_*)
      assert_status 0
      [ -e "${TARGET[1]}" ] || report "the target has not run"
      ;;
    *)
      assert_status 125
      [ ! -e "${TARGET[1]}" ] || report "the target has run"
      ;;
  esac
}

test_that_the_target_would_run() {
  printf '%s\n' "$GOOD_POLICY" >good.yml
  sandboxed good.yml "${TARGET[@]}"
  assert_status 0
  [ -e "${TARGET[1]}" ] || fail "the target has not run under a good policy"
}

test_every_file() {
  local file checked=0 wrong=0
  cp "$CLI_TESTS"/bad/* . # So that messages show the bare name.
  for file in *; do
    case $file in *.expected | out | err) continue ;; esac
    if is_for_another_machine "${file%.*}.expected"; then continue; fi
    checked=$((checked + 1))
    (check_file "$file") || wrong=$((wrong + 1))
  done
  [ "$checked" -ge 400 ] || fail "only $checked files were checked"
  [ "$wrong" = 0 ] || fail "$wrong of $checked files"
}

test_no_expectation_without_a_file() {
  local expected files
  for expected in "$CLI_TESTS"/bad/*.expected; do
    files=("${expected%.expected}".*)
    [ "${#files[@]}" = 2 ] || fail "expected one policy beside $expected"
  done
}

run_tests
