#!/bin/bash
# The launcher's command line: what it prints when asked.
. "$(dirname "$0")/command_line_lib.sh"

test_help() {
  prints "$CLI_TESTS/help.expected" --help
  prints "$CLI_TESTS/help.expected" -h
  prints "$CLI_TESTS/help.expected" -h "${TARGET[@]}"
  prints "$CLI_TESTS/help.expected" --policy missing.yml --help
  prints "$CLI_TESTS/help.expected" -qvh --version
  assert_target_has_not_run
}

test_help_fits_a_terminal() {
  [ "$(wc -L <"$CLI_TESTS/help.expected")" -le 80 ] || fail "a line of the help has more than 80 columns"
}

test_version() {
  "$SANDBOX_RUN" --version >version
  is_version sandbox-run "$(cat version)" || fail "not a version: $(cat version)"
  prints version --version
  prints version --version "${TARGET[@]}"
  prints version --list-profiles --version
  assert_target_has_not_run
}

# What --dry-run and --list-profiles print, for programs.
test_json() {
  cp "$CLI_TESTS/dry_run.yml" .
  cp "$TEST_BIN/call" program
  run "$SANDBOX_RUN" --dry-run --json --policy dry_run.yml -- ./program
  assert_status 0
  python3 - <<'END' || report "--dry-run --json: $(cat out)"
import json
answer = json.load(open("out"))
assert answer["policies"] == [{"name": "dry_run.yml", "kind": "policy", "description": answer["policies"][0]["description"]}]
assert answer["program"] == "./program" and not answer["report"] and not answer["permissive"]
assert answer["filter"]["instructions"] > 3 and answer["filter"]["abis"] and answer["filter"]["flags"] == []
END
  run "$SANDBOX_RUN" --list-profiles --json
  assert_status 0
  python3 - <<'END' || report "--list-profiles --json: $(cat out)"
import json
profiles = {one["name"]: one for one in json.load(open("out"))["profiles"]}
assert profiles["default"]["from"] == "built in" and profiles["default"]["summary"]
assert profiles["redis-server"]["files"].startswith("--ro")
END
  usage_error "'--json' needs '--report', '--dry-run' or '--list-profiles', whose output it makes JSON" --json "${TARGET[@]}"
}

test_list_profiles() {
  prints "$CLI_TESTS/list_profiles.expected" --list-profiles
  prints "$CLI_TESTS/list_profiles.expected" --list-profiles "${TARGET[@]}"
  assert_target_has_not_run
}

test_every_listed_profile_can_be_used() {
  local name rest count=0
  "$SANDBOX_RUN" --list-profiles | grep -v '^ ' >list
  while read -r name rest; do
    [ "$name" != strict ] || continue # For static programs alone; its own test has some.
    run "$SANDBOX_RUN" --profile "$name" -- true
    assert_status 0
    assert_file_is err ""
    count=$((count + 1))
  done <list
  [ "$count" -ge 4 ] || fail "no profile is listed"
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

run_tests
