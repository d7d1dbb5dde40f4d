#!/bin/bash
# sandbox-policy in CI: the formats of test, the exit status of diff, several policies at once, JSON of what is wrong.
. "$(dirname "$0")/policy/lib.sh"

# Of its four expectations two are met.
bring_expectations() { bring example.yml expectations.yml; }

test_tap() {
  bring_expectations
  answers 1 test_tap test --format tap expectations.yml
  policy test --format tap expectations.yml missing.yml
  assert_status 2
  grep -qx 'not ok 5 - missing.yml: the file can be used' out || report "expected the file that cannot be used"
  need prove
  cp out results.tap
  prove --exec cat results.tap >proved 2>&1 && report "expected a failure"
  grep -q 'Failed 3/5 subtests' proved || report "expected of prove: $(cat proved)"
}

test_junit() {
  bring_expectations
  answers 1 test_junit test --format junit expectations.yml
}

# The document is XML for any name of a file, with the numbers of what it holds.
test_junit_is_xml() {
  need python3
  bring_expectations
  local odd=$'a\x01&<"\xff\xef\xbf\xbe.yml'
  cp expectations.yml "$odd"
  policy test --format junit "$odd" $'missing\x02.yml' expectations.yml
  assert_status 2
  python3 - out <<'END' || report "expected XML"
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
cases = root.findall("testsuite/testcase")
assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("9", "4", "1"), root.attrib
assert len(cases) == 9 and len(root.findall(".//failure")) == 4 and len(root.findall(".//error")) == 1
assert root.find("testsuite").get("name") == 'a\\x01&<"\\xff\\ufffe.yml', root.find("testsuite").attrib
END
}

test_capabilities_of_expectations() {
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["removexattrat"], "action": "SCMP_ACT_ALLOW"},' \
    '{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},' \
    '{"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_CHROOT"]}}]}' >profile.json
  cat >caps.yml <<'END'
policy: profile.json
arch: x86_64
cap: docker
expect:
- {call: [chroot], action: allow}
- {call: [chroot], cap: none, action: errno}
- {call: [mount], action: errno}
- {call: [mount], cap: [sys_admin], action: allow}
END
  policy test caps.yml
  assert_stdout "4 passed, 0 failed"
  policy test --cap sys_admin caps.yml # What the file says counts.
  assert_stdout "4 passed, 0 failed"
  sed -i '/cap: docker/d' caps.yml
  policy test caps.yml
  assert_stdout "caps.yml:4:3: failed: chroot() on x86_64: expected allow, found errno EPERM
3 passed, 1 failed"
  policy test --cap sys_chroot caps.yml
  assert_stdout "4 passed, 0 failed"
  sed -i 's/cap: none/cap: [nnoe]/; s/sys_admin/sys_admn/' caps.yml
  policy test caps.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: caps.yml:5:26: unknown capability 'nnoe'; did you mean 'none'?
sandbox-policy: error: caps.yml:7:25: unknown capability 'sys_admn'; did you mean 'CAP_SYS_ADMIN'?"
}

# Policies that apply together, as in a launch.
test_several_policies() {
  bring example.yml other.yml
  printf 'policy: [example.yml, other.yml]\narch: x86_64\nexpect:\n- {calls: [execve, ptrace], action: errno}\n' >both.yml
  policy test both.yml
  assert_stdout "both.yml:4:20: failed: ptrace() on x86_64: expected errno EPERM, found kill_process (example.yml:27)
1 passed, 1 failed"
  policy diff --machine x86_64 example.yml -- example.yml other.yml
  assert_status 1
  grep -qx "example.yml and example.yml + other.yml differ: .*" out || report "expected the names of the sides"
  ! sed 1d out | grep -q looser || report "one more policy allows nothing more"
  policy diff --machine x86_64 example.yml other.yml -- other.yml example.yml
  assert_status 0
  policy compile -q -o small.bpf example.yml
  complains "small.bpf: is a compiled filter, which cannot be compared together with other policies" \
    diff small.bpf -- small.bpf example.yml
}

# fails_on WHICH STATUS A B
fails_on() {
  policy diff --machine x86_64 --fail-on "$1" "$3" "$4"
  assert_status "$2"
}

test_fail_on() {
  local default='seccomp: {default_action: allow, syscalls: [{action: errno, names: [ptrace%s]}]}\n'
  # shellcheck disable=SC2059  # The format is above.
  printf "$default" "" >loose.yml
  # shellcheck disable=SC2059
  printf "$default" ", mount" >strict.yml
  sed 's/errno/kill_process/' strict.yml >kills.yml
  sed 's/errno,/errno, errno: EACCES,/' strict.yml >other.yml
  sed 's/default_action: allow/default_action: log/' strict.yml >logs.yml
  fails_on any 1 loose.yml strict.yml
  fails_on stricter 1 loose.yml strict.yml
  fails_on looser 0 loose.yml strict.yml
  fails_on looser 1 strict.yml loose.yml
  fails_on stricter 0 strict.yml loose.yml
  fails_on stricter 1 strict.yml kills.yml
  fails_on looser 0 strict.yml kills.yml
  for file in other.yml logs.yml; do # Neither.
    fails_on any 1 strict.yml $file
    fails_on looser 0 strict.yml $file
    fails_on stricter 0 strict.yml $file
  done
  policy diff --machine x86_64 --format json strict.yml loose.yml
  assert_equal '    "direction": "looser",' "$(grep direction out | sed 's/^  //')"
}

# Where ABIs come before the machine's by their names, too.
test_the_machines_own_abi_comes_first() {
  printf 'seccomp: {default_action: allow, architectures: [x86, aarch64], syscalls: [{action: errno, names: [sync]}]}\n' >a.yml
  sed 's/sync/acct/' a.yml >b.yml
  local machine
  for machine in x86 aarch64; do
    policy diff --machine $machine a.yml b.yml
    assert_equal "$machine" "$(sed -n 3p out)"
    policy diff --machine $machine --format json a.yml b.yml
    assert_equal "\"$machine\"" "$(grep -A1 '"abis"' out | sed -n '2s/ *//p')"
  done
}

# A command line that is not understood, too.
test_json_of_usage_errors() {
  local error
  error='{
  "errors": [
    {
      "message": "%s"
    }
  ]
}'
  # shellcheck disable=SC2059  # The format is above.
  answers_usage() { # MESSAGE ARGUMENT...
    local message=$1
    shift
    policy "$@"
    assert_status 2
    assert_file_is err "sandbox-policy: error: $message"
    assert_stdout "$(printf "$error" "$message")"
  }
  answers_usage "show: unknown option '--al'; did you mean '--all'?" show --al --format json x.yml
  answers_usage "explain: expected FILE CALL [ARGUMENT]... | FILE PATH [ACCESS]...; sandbox-policy explain --help shows how" explain --format=json
  answers_usage "unknown command 'shwo'; did you mean 'show'?" shwo --format json x.yml
  policy audit --pid x --format json
  assert_status 2
  assert_stdout '{"errors":[{"message":"audit: expected a process'"'"'s number, found '"'x'"'"}]}'
  # A program's own words are none of ours.
  policy diff a.yml -- --format json
  assert_stdout ""
  policy record --frob program --format json
  assert_status 2
  assert_stdout ""
  policy show --al x.yml
  assert_status 2
  assert_stdout ""
}

# Programs that read JSON get the errors as JSON.
test_json_of_what_is_wrong() {
  need python3
  bring example.yml wrong.yml
  local command
  for command in "show wrong.yml" "explain wrong.yml read" "disasm wrong.yml" "diff example.yml wrong.yml"; do
    # shellcheck disable=SC2086  # A command and its arguments.
    policy $command --machine x86_64 --format json
    assert_status 2
    python3 - out <<'END' || report "expected the errors of '$command'"
import json, sys
errors = json.load(open(sys.argv[1]))["errors"]
assert errors and all(e["file"] == "wrong.yml" and e["line"] > 0 and e["column"] > 0 and e["message"] for e in errors)
END
  done
  policy show --format json missing.yml
  assert_stdout '{
  "errors": [
    {
      "file": "missing.yml",
      "message": "cannot be read: No such file or directory"
    }
  ]
}'
  policy test --format json missing.yml
  python3 -c 'import json, sys; print(json.load(sys.stdin)["files"][0]["errors"][0]["message"])' <out >message
  assert_file_is message "cannot be read: No such file or directory"
  printf 'policy: none.yml\nexpect:\n- {call: [read], action: allow}\n' >expectations.yml
  policy test expectations.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: expectations.yml:1:9: there is no file 'none.yml'; a policy's name is relative to \
this file"
  policy check --format json missing.yml
  python3 -c 'import json, sys; print(json.load(sys.stdin)["files"][0]["findings"][0]["message"])' <out >message
  assert_file_is message "cannot be read: No such file or directory"
}

run_tests
