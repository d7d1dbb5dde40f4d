#!/bin/bash
# sandbox-policy: help texts, and command lines that are wrong.
. "$(dirname "$0")/policy/lib.sh"

COMMANDS="check show explain disasm diff test convert compile record scan list audit"

test_help() {
  answers 0 help --help
  answers 0 help -h
  local command
  for command in $COMMANDS; do
    answers 0 "help_$command" "$command" --help
    answers 0 "help_$command" "$command" -h
  done
}

test_help_for_a_command() {
  local command
  answers 0 help help
  for command in $COMMANDS; do answers 0 "help_$command" help "$command"; done
  complains "unknown command 'chek'; did you mean 'check'?" help chek
  complains "unknown command 'frobnicate'; --help lists them" help frobnicate
  complains "unknown command 'helf'; did you mean 'help'?" helf
  complains "help: unexpected argument 'show'" help check show
}

# --json is --format json, also where the command line is wrong.
test_json() {
  bring example.yml
  policy show --format json example.yml
  mv out expected
  policy show example.yml --json
  assert_status 0
  diff expected out >difference || report "--json is not --format json: $(cat difference)"
  policy show --json --lossy example.yml
  assert_status 2
  grep -q '"message": "show: unknown option .--lossy.' out || report "expected the error as JSON: $(cat out)"
  policy test --format tap --json example.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: test: --json and --format exclude each other"
}

# In a pipe no line is wider than 80 columns, whatever the policy.
test_show_fits_in_80_columns() {
  local name
  for name in default untrusted tcpdump beats git; do
    for option in "" --summary; do
      policy show $option "profile:$name"
      assert_status 0
      [ "$(wc -L <out)" -le 80 ] || report "show $option profile:$name: $(awk 'length > 80' out | head -n 3)"
    done
  done
}

# Every command of the general help has a help of its own, and none is missing there.
test_help_lists_the_commands() {
  policy --help
  assert_equal "$COMMANDS" "$(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' out | tr '\n' ' ' | sed 's/ $//')"
}

test_help_fits_a_terminal() {
  local file
  for file in "$FILES"/help*.expected; do
    [ "$(wc -L <"$file")" -le 80 ] || report "a line of $file has more than 80 columns"
  done
}

test_version() {
  policy --version
  assert_status 0
  is_version sandbox-policy "$(cat out)" || report "expected a version"
}

test_usage_errors() {
  complains "no command is given; sandbox-policy --help lists them"
  complains "unknown command 'chek'; did you mean 'check'?" chek
  complains "unknown command 'frobnicate'; --help lists them" frobnicate
  complains "expected a command, found '--strict'; --help lists them" --strict x.yml
  complains "check: expected FILE...; sandbox-policy check --help shows how" check
  complains "explain: expected FILE CALL [ARGUMENT]... | FILE PATH [ACCESS]...; sandbox-policy explain --help shows how" explain x.yml
  complains "show: unexpected argument 'y.yml'" show x.yml y.yml
  complains "check: unknown option '--strikt'; did you mean '--strict'?" check --strikt x.yml
  complains "show: unknown option '--lossy'; --help lists the options" show --lossy x.yml
  complains "check: option '--format' needs a value" check x.yml --format
  complains "check: unknown format 'yaml'; there are text and json" check --format yaml x.yml
  complains "check: option '--format' is given more than once" check --format text --format=text x.yml
  complains "show: unknown ABI 'x86-64'; did you mean 'x86_64'?" show --arch x86-64 x.yml
  complains "show: unknown ABI 'vax'; 'sandbox-policy list architectures' shows those there are" show --arch vax x.yml
  complains "check: unknown capability 'net_rew'; did you mean 'CAP_NET_RAW'?" check --cap net_rew x.yml
  complains "convert: expected --to FORMAT: beats, oci, k8s, systemd or bpf" convert x.yml
  complains "convert: unknown format 'rkt'; there are beats, oci, k8s, systemd, bpf, yaml, json, docker, podman and kubernetes" \
    convert --to rkt x.yml
  complains "convert: --runtime-calls goes with --to oci and --to k8s" convert --to beats --runtime-calls x.yml
  complains "convert: --systemd-version goes with --to systemd" convert --to oci --systemd-version 252 x.yml
  complains "convert: expected a version of systemd such as 252, found 'new'" \
    convert --to systemd --systemd-version new x.yml
  complains "diff: expected A B | A... -- B...; sandbox-policy diff --help shows how" diff x.yml
  complains "diff: unexpected argument 'z.yml'; between several policies of each side stands '--'" diff x.yml y.yml z.yml
  complains "diff: unknown kind of difference 'loser'; did you mean 'looser'?" diff --fail-on loser x.yml y.yml
  complains "test: unknown format 'xml'; there are text, json, tap and junit" test --format xml x.yml
  complains "check: unknown format 'tap'; there are text and json" check --format tap x.yml
  complains "compile: expected -o OUT" compile x.yml
  complains "record: expected -o OUT [--] PROGRAM [ARGUMENT]...; sandbox-policy record --help shows how" record
  complains "record: expected -o OUT [--] PROGRAM [ARGUMENT]...; sandbox-policy record --help shows how" \
    record -o p.yml --
  complains "record: expected -o OUT" record -- touch started
  complains "record: option '--output' needs a value" record -o
  complains "record: option '--output' is given more than once" record -o p.yml -o q.yml -- touch started
  complains "record: option '--merge' is given more than once" \
    record -o p.yml --merge a.yml --merge b.yml -- touch started
  complains "record: unknown option '--assumes'; did you mean '--assume'?" \
    record -o p.yml --assumes @basic-io -- touch started
  complains "record: unknown option '--format'; --help lists the options" record -o p.yml --format -- touch started
  complains "record: --assume: unknown set '@basic-oi'; did you mean '@basic-io'?" \
    record -o p.yml --assume @basic-oi -- touch started
  complains "list: there is no table 'syscall'; did you mean 'syscalls'?" list syscall
  complains "list: there is no table 'everything'; there are syscalls, sets, actions, architectures, profiles, constants and paths" \
    list everything
  complains "audit: expected a process's number, found 'x'" audit --pid x
  complains "audit: expected a process's number, found '0'" audit --pid 0
  complains "audit: option '--pid' is given more than once" audit --pid 1 --pid 2
  complains "audit: option '--call' needs a value" audit --call
  complains "audit: unknown system call 'opne'; did you mean 'open'?" audit --call opne
  complains "audit: unknown system call 'frobnicate'; 'sandbox-policy list syscalls' shows them" audit --call frobnicate
  complains "audit: unknown format 'yaml'; there are text and json" audit --format yaml
  assert_no_file started
  assert_no_file p.yml
}

test_files_that_are_none() {
  complains "missing.yml: cannot be read: No such file or directory" show missing.yml
  complains "./-: cannot be read: No such file or directory" show ./-
  complains ".: is a directory, expected a file" show .
  complains "unknown profile 'defalt'; did you mean 'default'?" show profile:defalt
  complains "unknown profile 'nosuch'; sandbox-run --list-profiles shows those there are" show profile:nosuch
}

test_standard_input() {
  "$SANDBOX_POLICY" explain /dev/stdin read <"$FILES/example.yml" >out
  grep -q '^read on x86_64: allow$' out || fail "expected the policy from standard input: $(cat out)"
}

# A file's name may be that of a command or look like a list.
test_names_of_files() {
  cp "$FILES/example.yml" list
  cp "$FILES/example.yml" '[a,b]'
  policy check list '[a,b]'
  assert_status 0
  grep -qx 'list: 0 errors, 0 warnings' out || report "expected the file 'list' to be checked"
  grep -qx '\[a,b\]: 0 errors, 0 warnings' out || report "expected the file '[a,b]' to be checked"
}

test_output_that_cannot_be_written() {
  [ -w /dev/full ] || skip "there is no /dev/full"
  status=0
  "$SANDBOX_POLICY" list actions >/dev/full 2>err || status=$?
  assert_equal 2 "$status" "the exit status"
  assert_equal "sandbox-policy: error: cannot write to standard output" "$(cat err)"
}

run_tests
