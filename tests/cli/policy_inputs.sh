#!/bin/bash
# Inputs other than a policy file of its own: resources that are named, standard input and standard output, units.
. "$(dirname "$0")/policy/lib.sh"

resource() {
  printf 'apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nmetadata: {name: %s}\n' "$1"
  printf 'spec: {defaultAction: SCMP_ACT_ALLOW, syscalls: [{action: SCMP_ACT_ERRNO, names: [%s]}]}\n' "$2"
}

two_resources() {
  resource a mkdir
  echo ---
  resource b rmdir
}

test_a_resource_by_name() {
  two_resources >two.yaml
  policy explain --machine x86_64 two.yaml#b rmdir
  assert_status 0
  grep -qx 'rmdir on x86_64: errno EPERM' out || report "expected what 'b' says"
  policy diff --machine x86_64 two.yaml#a two.yaml#b
  assert_status 1
  grep -q '^two.yaml#a and two.yaml#b differ' out || report "expected both names"
  policy diff two.yaml#a two.yaml#a
  assert_status 0
  "$SANDBOX_POLICY" explain --machine x86_64 '-#a' mkdir <two.yaml >out || true
  grep -qx 'mkdir on x86_64: errno EPERM' out || report "expected what 'a' says, from standard input"
  policy check two.yaml#c
  assert_status 2
  grep -qx "two.yaml:1:1: error: no SeccompProfile here is called 'c'; there are 'a' and 'b'" out ||
    report "expected the names that there are"
  run "$SANDBOX_RUN" --dry-run -p two.yaml#a
  grep -q '^policy:   two.yaml#a, by default allow' out || report "expected the resource's name"
  sandboxed two.yaml#b rmdir nothing
  grep -q 'Operation not permitted' err || report "expected rmdir to be denied"
}

test_a_file_whose_name_has_a_number_sign() {
  resource a mkdir >'x.yaml#b'
  policy check --format json 'x.yaml#b'
  assert_status 0
  resource b rmdir >x.yaml
  policy explain --machine x86_64 'x.yaml#b' mkdir # The file, not the resource.
  grep -qx 'mkdir on x86_64: errno EPERM' out || report "expected the file of this name to be read"
  complains "y.yaml#b: cannot be read: No such file or directory" show 'y.yaml#b'
}

test_what_convert_writes_is_read() {
  local to
  for to in oci k8s systemd; do
    policy convert --quiet --machine x86_64 --to "$to" "$POLICIES/beats-amd64.yml" -o "written.$to"
    [ "$to" = systemd ] || continue
    policy diff --machine x86_64 "$POLICIES/beats-amd64.yml" "written.$to"
    assert_status 0
  done
  policy diff --machine x86_64 written.oci written.k8s
  assert_status 0
}

test_standard_input() {
  bring example.yml
  "$SANDBOX_POLICY" check - <example.yml >out
  assert_file_is out "<standard input>: 0 errors, 0 warnings"
  "$SANDBOX_POLICY" diff example.yml - <example.yml >out || report "expected no difference"
  echo 'seccomp: {default_action: alow}' | "$SANDBOX_POLICY" show - 2>err || true
  grep -q "^sandbox-policy: error: <standard input>:1:27: unknown action 'alow'" err || report "expected the place"
  printf 'policy: example.yml\nexpect: [{call: [read], action: allow}]\n' | "$SANDBOX_POLICY" test - >out
  assert_file_is out "1 passed, 0 failed"
  cp example.yml ./-
  policy check ./-
  assert_file_is out "./-: 0 errors, 0 warnings"
  complains "diff: standard input ('-') can be read only once" diff - -
  complains "check: standard input ('-') can be read only once" check - example.yml '-#a'
}

test_standard_output() {
  bring example.yml
  policy compile example.yml -o file.bpf
  "$SANDBOX_POLICY" compile example.yml -o - >out.bpf
  cmp -s file.bpf out.bpf || report "expected the filter on standard output"
  policy convert --to beats example.yml
  mv out without
  policy convert --to beats example.yml -o -
  cmp -s without out || report "expected the policy on standard output"
  assert_no_file -
}

test_the_launcher_reads_standard_input() {
  enforces --policy - <<<"$GOOD_POLICY"
  policy compile example.yml -o file.bpf
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  policy compile policy.yml -o policy.bpf
  enforces --bpf - <policy.bpf
  refuses "sandbox-run: error: <standard input>: is a compiled filter; give it by --bpf" --policy - <policy.bpf
  refuses "sandbox-run: error: <standard input>:1:27: unknown action 'alow'; did you mean 'allow'?" \
    --policy - <<<'seccomp: {default_action: alow, syscalls: [{action: allow, names: [read]}]}'
}

test_a_report_on_standard_output() {
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  "$SANDBOX_RUN" --report=- -q -p policy.yml -- uname >out 2>err || true
  grep -q '"sandbox_run":{' out || report "expected the report's lines on standard output"
  assert_no_file -
}

run_tests
