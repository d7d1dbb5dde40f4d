#!/bin/bash
# Landlock in a launch: what is wrong with it is reported before anything is started, and no failure starts anything.
. "$(dirname "$0")/lib.sh"

CALL=$TEST_BIN/call
SECTION="landlock: {files: [{access: [read, execute], paths: [/usr, /lib, /lib64, /bin]}]}"
LOADER=$(LC_ALL=C readelf -l /bin/true 2>/dev/null | sed -n 's/.*interpreter: \(.*\)\]/\1/p' || true)

touch_in_vain() { # MESSAGE ARGUMENT...
  local message=$1
  shift
  expect_failure 125 "$message" "$SANDBOX_RUN" "$@" -- touch started
  assert_no_file started
}

test_paths() {
  mkdir there
  ln -s nowhere dangling
  printf 'landlock:\n  files:\n  - {access: [read], paths: [there, there/not/this]}\n' >p.yml
  touch_in_vain "p.yml:3:37: '$PWD/there/not/this' does not exist, the nearest that does is '$PWD/there'; create it, or $(
  )give the directory" -p p.yml
  touch_in_vain "command line:1:6: '/etc/passwd/x' does not exist: '/etc/passwd' is not a directory" --ro /etc/passwd/x
  touch_in_vain "command line:1:6: '$PWD/dangling' is a symbolic link to a file that does not exist" --rw dangling
  printf 'landlock: {files: [{access: [make_dir], paths: [/etc/passwd]}]}\n' >file.yml
  touch_in_vain "file.yml:1:49: '/etc/passwd' is not a directory, and only directories have 'make_dir'" -p file.yml
  printf 'landlock: {files: [{access: [read], paths: [missing], optional: true}]}\n' >optional.yml
  run "$SANDBOX_RUN" --dry-run -p optional.yml
  assert_status 0
}

# A section alone says nothing of system calls: the profile default gives the filter, ready-made.
test_a_section_alone_keeps_the_default_filter() {
  printf '%s\n' "$SECTION" >p.yml
  run "$SANDBOX_RUN" --dry-run -p p.yml -- cat
  assert_status 0
  head -2 out | cmp -s - <(printf 'policy:   p.yml, for files and ports alone\npolicy:   profile default, by default errno EPERM\n') ||
    report "expected both policies"
  run "$SANDBOX_RUN" -p p.yml -- sh -c 'cat /etc/passwd; unshare -U true'
  assert_stderr "cat: /etc/passwd: Permission denied
unshare: unshare failed: Operation not permitted"
}

test_dry_run_as_json() {
  need python3
  mkdir there
  run "$SANDBOX_RUN" --dry-run --json --ro there --bare --connect-tcp 80,443 --best-effort
  assert_status 0
  python3 - "$PWD" <<'END' || report "expected the rules of the options"
import json, sys
answer = json.load(open("out"))
(layer,) = answer["landlock"]
assert layer["policy"] == "command line" and layer["scope"] == [] and "program" not in answer
rule = layer["files"][0]
assert rule == {"path": sys.argv[1] + "/there", "access": ["read_file", "read_dir"]}, rule
assert layer["ports"] in ([], [{"access": "connect_tcp", "ports": [80, 443]}]), layer["ports"]
END
}

test_a_disabled_filter_leaves_files_restricted() {
  printf 'seccomp: {enabled: false}\n%s\n' "$SECTION" >p.yml
  run "$SANDBOX_RUN" -p p.yml -- sh -c 'cat /etc/passwd; grep NoNewPrivs: /usr/../proc/self/status'
  assert_stderr_has "cat: /etc/passwd: Permission denied"
  # Where Landlock has all rights that files need, there is no filter; below ABI 5 one closes what is missing.
  local abi own
  own=$(landlock_abi)
  for abi in "$own" $((own < 4 ? own : 4)); do
    as_abi "$abi"
    run "${LAUNCH[@]}" --report -p p.yml -- cat /etc/passwd
    assert_status 1
    if [ "$abi" -ge 5 ]; then
      assert_stderr_has "sandbox-run: warning: no denied access is reported: a report takes a filter, and 'enabled' is false"
    else
      assert_stderr_has "by p.yml: no rule lets it read /etc/passwd"
    fi
  done
  # Beside another policy.
  run "$SANDBOX_RUN" -p p.yml --no-exec -- cat /etc/passwd
  assert_stderr "sandbox-run: warning: p.yml:1:11: 'enabled' is false: this policy restricts no system calls
cat: /etc/passwd: Permission denied"
}

# Every policy must agree.
test_layers() {
  echo one >one
  echo two >two
  printf 'landlock: {files: [{access: [read, execute], paths: [/usr, /lib, /lib64, /bin, one, two]}]}\n' >p.yml
  run "$SANDBOX_RUN" -p p.yml --ro two -- cat one two
  assert_stdout two
  assert_stderr "cat: one: Permission denied"
}

test_the_17th_layer() {
  local i policies=()
  for i in $(seq 16); do
    cp /dev/stdin "$i.yml" <<<"landlock: {files: [{access: [read, execute], paths: [/]}]}"
    policies+=(-p "$i.yml")
  done
  run "$SANDBOX_RUN" "${policies[@]}" -- true
  assert_status 0
  cp 1.yml 17.yml
  touch_in_vain "17.yml:1:1: this is section 17 of the policies together; Landlock takes 16" "${policies[@]}" -p 17.yml
  run "$SANDBOX_RUN" "${policies[@]}" -- "$SANDBOX_RUN" -p 1.yml -- touch started
  assert_status 125
  assert_stderr "sandbox-run: error: too many Landlock rulesets apply: the kernel takes 16 in all, those of outer $(
  )sandboxes included"
  assert_no_file started
}

test_the_program_out_of_reach() {
  need readelf
  cp /bin/true tool
  printf 'landlock:\n  files:\n  - {access: [read, execute], paths: [/usr, /lib, /lib64, /bin]}\n' >p.yml
  expect_failure 125 "p.yml:1:1: './tool' may not be read and executed; add below 'files': - {access: [read, execute], $(
  )paths: [\"$PWD/tool\"]}" "$SANDBOX_RUN" -p p.yml -- ./tool
  echo "  - {access: [read, execute], paths: [\"$PWD/tool\"]}" >>p.yml
  run "$SANDBOX_RUN" -p p.yml -- ./tool
  assert_status 0
  # From the command line the program needs no rule of its own.
  run "$SANDBOX_RUN" --ro /etc/passwd -- ./tool
  assert_status 0
  expect_failure 125 "command line:1:1: '$LOADER', the dynamic loader of './tool', may not be read and executed; add $(
  )--rox $LOADER" "$SANDBOX_RUN" --bare --ro /etc/passwd -- ./tool
  run "$SANDBOX_RUN" --bare --ro /etc/passwd -- "$CALL" getpid # A static program.
  assert_status 0
}

# A script's interpreters, and those of a script that is one.
test_interpreters() {
  mkdir bin
  cp "$CALL" bin/inner
  printf '#!%s/bin/inner\n' "$PWD" >bin/outer
  printf '#!%s/bin/outer getpid\n' "$PWD" >script
  chmod +x bin/outer script
  local add="may not be read and executed; add --rox"
  run "$SANDBOX_RUN" --bare --ro /etc/passwd -- ./script
  assert_status 125
  assert_stderr "sandbox-run: error: command line:1:1: '$PWD/bin/outer', an interpreter of './script', $add $PWD/bin/outer
sandbox-run: error: command line:1:1: '$PWD/bin/inner', an interpreter of './script', $add $PWD/bin/inner"
  run "$SANDBOX_RUN" --bare --rox bin -- ./script
  [ "$status" != 125 ] || report "expected that the interpreters are found"
  assert_stderr_has "call: cannot understand '"
}

test_env_is_followed() {
  ln -s "$CALL" my-interpreter
  printf '#!/usr/bin/env my-interpreter\n' >script
  printf '#!/usr/bin/env -S A=b my-interpreter getpid\n' >split
  chmod +x script split
  local path=$PATH name
  for name in script split; do
    PATH=$PWD:$path run "$SANDBOX_RUN" --rox /usr/bin -- ./$name
    assert_status 125
    assert_stderr "sandbox-run: error: command line:1:1: '$PWD/my-interpreter', an interpreter of './$name', may not be $(
    )read and executed; add --rox $PWD/my-interpreter"
  done
}

# Each call is answered by an outer filter: with an error, or as if it had been done.
test_an_outer_sandbox_that_denies_or_pretends() {
  local call answer
  for call in landlock_create_ruleset landlock_add_rule landlock_restrict_self; do
    for answer in 0 1; do
      run "$TEST_BIN/outer_filter" $call $answer "$SANDBOX_RUN" --ro /etc/passwd -- touch started
      assert_status 125
      assert_stderr_is_one_line
      assert_no_file started
    done
  done
  run "$TEST_BIN/outer_filter" landlock_restrict_self 0 "$SANDBOX_RUN" --rw . -- touch started
  assert_stderr "sandbox-run: error: landlock_restrict_self(2) failed: Input/output error (an outer sandbox answers it, $(
  )and nothing was restricted)"
  run "$TEST_BIN/outer_filter" landlock_create_ruleset 1 "$SANDBOX_RUN" --rw . -- touch started
  assert_stderr "sandbox-run: error: command line:1:1: an outer sandbox denies landlock_create_ruleset(2); with $(
  )'best_effort: true' or --best-effort the program starts without, and no file, port or scope is restricted by this section"
  run "$TEST_BIN/outer_filter" landlock_create_ruleset 38 "$SANDBOX_RUN" --best-effort --rw . -- touch started
  assert_stderr "sandbox-run: warning: command line:1:1: this kernel has no Landlock; Linux 5.13 or later is needed, $(
  )built with CONFIG_SECURITY_LANDLOCK: no file, port or scope is restricted by this section"
  assert_status 0
}

test_a_compiled_filter() {
  need_landlock 5
  "$TEST_BIN/sandbox-policy" compile profile:default -o f.bpf
  run "$SANDBOX_RUN" --bpf f.bpf --ro /etc/hostname -- cat /etc/passwd /etc/shadow
  assert_stderr_has "Permission denied"
  run "$SANDBOX_RUN" --bpf f.bpf --ro /etc/passwd -- cat /etc/passwd
  assert_status 0
  touch_in_vain "'--bpf' cannot be used together with options about ports: what Landlock leaves open has to be closed in $(
  )the filter, and a filter is complete" --bpf f.bpf --connect-tcp 443
}

test_a_report_restricts_and_permissive_does_not() {
  echo text >file
  run "$SANDBOX_RUN" -q --report --ro /etc/passwd -- cat file
  assert_status 1
  assert_stderr_has "cat: file: Permission denied"
  run "$SANDBOX_RUN" -q --report --permissive --ro /etc/passwd -- cat file
  assert_status 0
  assert_stdout text
}

# With a filter that has an exec token the launcher has a thread of its own, and reads the program once more.
test_a_policy_that_denies_execve() {
  write_policy p.yml allow "errno execve execveat"
  run "$SANDBOX_RUN" -p p.yml --ro /etc/passwd -- sh -c 'cat /etc/shadow; /bin/true'
  [ "$status" != 0 ] || report "expected that nothing can be started"
  run "$SANDBOX_RUN" -p p.yml --ro /etc/passwd -- cat /etc/passwd
  assert_status 0
  run "$SANDBOX_RUN" -p p.yml --ro /etc/hostname -- cat "$PWD/p.yml"
  assert_stderr "cat: $PWD/p.yml: Permission denied"
}

# More paths than the program may open files: the limit is the program's, and the same afterwards.
test_many_paths() {
  mkdir many
  (cd many && seq 1500 | xargs touch)
  { echo 'landlock:'; echo '  files:'; echo '  - {access: [read, execute], paths: [/usr, /lib, /lib64, /bin]}'
    echo '  - access: [read]'; echo '    paths:'; seq -f '    - many/%g' 1500; } >p.yml
  run bash -c 'ulimit -Sn 100; exec "$0" -p p.yml -- sh -c "ulimit -Sn; cat many/1500; cat p.yml"' "$SANDBOX_RUN"
  assert_stdout 100
  assert_stderr "cat: p.yml: Permission denied"
  run bash -c 'ulimit -n 100; exec "$0" -p p.yml -- touch started' "$SANDBOX_RUN"
  assert_status 125
  grep -Eqx "sandbox-run: error: p.yml:[0-9]+:7: '$PWD/many/[0-9]+' cannot be opened: Too many open files" err ||
    report "expected the path that could not be opened"
  assert_stderr_is_one_line
  assert_no_file started
}

run_tests
