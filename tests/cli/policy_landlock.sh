#!/bin/bash
# sandbox-policy and the landlock section: what check, show, explain, diff, test, convert and list say about files and
# ports.
. "$(dirname "$0")/policy/lib.sh"

# A home, some files, and policies in a folder beside them, to which their paths are relative.
lay_out() {
  HERE=$(pwd -P)
  export HOME=$HERE/home
  mkdir -p home/work data/inside policies
  : >data/file
  ln -s data link
  cat >policies/files.yml <<'END'
landlock:
  files:
  - access: [read]
    paths: [../data]
  - access: [execute, write]
    paths: [../data/inside]
  - access: [read, write]
    paths: ["~/work"]
    optional: true
  tcp: {connect: [443, 5432]}
  scope: [signals]
END
  cat >policies/other.yml <<'END'
landlock:
  files:
  - access: [read, write]
    paths: [../data, ../missing/file]
  tcp: {connect: [443], bind: []}
END
}

test_check() {
  lay_out
  cat >bad.yml <<'END'
landlock:
  files:
  - access: [ro]
    paths: [data, "@sytem"]
  - access: [read]
    paths: ["data/*", "~alice/x", .]
END
  policy check policies/files.yml
  assert_status 0
  assert_file_is out "policies/files.yml:6:13: warning: '../data/inside' can be written and executed: the program can make a program of its own and execute it [landlock-write-execute]
policies/files.yml: 0 errors, 1 warning"
  policy check policies/other.yml
  assert_status 0
  assert_file_is out "policies/other.yml:4:22: warning: '$HERE/policies/../missing/file' does not exist here; the nearest that does is '$HERE'; a launch here fails [landlock-path-missing]
policies/other.yml: 0 errors, 1 warning"
  policy check bad.yml
  assert_status 2
  assert_file_is out "bad.yml:3:14: error: unknown access 'ro'; did you mean '[read]'?
bad.yml:6:13: error: no globs here: 'data/*' has '*'; give the folder, or list its files
bad.yml:6:23: error: no homes of other users here: '~alice/x'; '~' alone stands for HOME, write out others
bad.yml: 3 errors, 0 warnings"
}

test_check_of_rights_that_files_do_not_have() {
  lay_out
  printf 'landlock: {files: [{access: [make_reg], paths: [data/file]}]}\n' >file.yml
  policy check --strict file.yml
  assert_status 1
  assert_file_is out "file.yml:1:49: warning: '$HERE/data/file' is not a directory, and only directories have 'make_reg'; a launch here fails [landlock-path-unusable]
file.yml:1:49: warning: make_reg without write_file: in 'data/file' a file is made, and then cannot be opened to be written [landlock-make-unwritten]
file.yml: 0 errors, 2 warnings"
}

test_check_of_what_others_can_replace() {
  lay_out
  chmod 777 data/inside
  printf 'landlock: {files: [{access: [read], paths: [data, data/inside, /dev/tty]}]}\n' >shared.yml
  policy check shared.yml
  assert_file_is out "shared.yml:1:51: warning: other users can replace 'data/inside', or what is in it: '$HERE/data/inside' may be written by other users (chmod go-w '$HERE/data/inside') [landlock-others-replace]
shared.yml: 0 errors, 1 warning"
}

test_check_where_the_working_directory_is_home() {
  lay_out
  printf 'landlock: {files: [{access: [read], paths: [.]}]}\n' >here.yml
  HOME=$HERE policy check here.yml
  assert_status 0
  assert_file_is out "here.yml:1:45: warning: '.' is the working directory, '$HERE', which is the home directory; change to another directory, or write out the paths that the program needs; a launch here fails [landlock-path-unusable]
here.yml: 0 errors, 1 warning"
  HOME=$HERE complains "here.yml:1:45: '.' is the working directory, '$HERE', which is the home directory; change to another directory, or write out the paths that the program needs" explain here.yml /etc read
}

test_show() {
  lay_out
  policy show policies/files.yml
  assert_status 0
  assert_file_is out "policies/files.yml: a policy
there is no seccomp section: it filters nothing

files: every access is denied but for
    read            ../data               line 4
    execute, write  ../data/inside        line 6
    read, write     ~/work, if it exists  line 8

TCP: every port is denied but for
    connect     443 5432

kept inside: signals"
  policy show --format json policies/other.yml
  assert_status 0
  grep -q '"landlock": {' out || report "expected the section as JSON"
}

test_explain() {
  lay_out
  policy explain policies/files.yml link/file read
  assert_status 0
  assert_file_is out "$HERE/link/file ($HERE/data/file), read: allowed
policies/files.yml:4:13: '$HERE/policies/../data', gives read
      paths: [../data]
              ^~~~~~~"
  policy explain policies/files.yml data/file write
  assert_file_is out "$HERE/data/file, write: denied
policies/files.yml: no rule at it or above it gives write"
  # A dot is enough to be a path: no call has one in its name.
  policy explain policies/files.yml missing.txt write
  assert_file_is out "$HERE/missing.txt (does not exist here), write: denied
policies/files.yml: no rule at it or above it gives write"
  policy explain policies/files.yml data/inside
  assert_file_is out "$HERE/data/inside: read, write, execute
policies/files.yml:6:13: '$HERE/policies/../data/inside', gives write, execute
      paths: [../data/inside]
              ^~~~~~~~~~~~~~
policies/files.yml:4:13: '$HERE/policies/../data', gives read
      paths: [../data]
              ^~~~~~~"
  policy explain policies/files.yml data/inside/new/file write
  assert_file_is out "$HERE/data/inside/new/file (does not exist here), write: allowed
policies/files.yml:6:13: '$HERE/policies/../data/inside', gives write, execute
      paths: [../data/inside]
              ^~~~~~~~~~~~~~"
  policy explain policies/files.yml tcp:443 connect
  assert_file_is out "TCP port 443, connect: allowed
policies/files.yml:10:19: the port is listed
    tcp: {connect: [443, 5432]}
                    ^~~"
  policy explain policies/files.yml udp:53 connect
  assert_file_is out "UDP port 53, connect: allowed
policies/files.yml: the landlock section does not restrict it"
  policy explain policies/other.yml tcp:80 bind
  assert_file_is out "TCP port 80, bind: denied
policies/other.yml: the port is not listed"
  complains "'$HERE/data/file' is no directory, and make_reg is for directories" \
    explain policies/files.yml data/file make_reg
  complains "unknown access 'raed'; did you mean 'read'?" explain policies/files.yml data/file raed
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [mount]}]}\n' >calls.yml
  complains "calls.yml: there is no landlock section: the policy restricts no files and no ports" \
    explain calls.yml /etc/passwd read
  policy explain --format json policies/files.yml link/file write
  assert_status 0
  assert_file_is out "{
  \"file\": \"policies/files.yml\",
  \"subject\": \"$HERE/link/file ($HERE/data/file)\",
  \"resolved_path\": \"$HERE/data/file\",
  \"exists\": true,
  \"access\": \"write\",
  \"allowed\": false,
  \"reasons\": [],
  \"remark\": \"no rule at it or above it gives write\"
}"
}

test_diff() {
  lay_out
  policy diff policies/files.yml policies/files.yml
  assert_status 0
  assert_file_is out "policies/files.yml and policies/files.yml are equal: every call gets the same answer, and every file and port has the same access"
  policy diff policies/files.yml policies/other.yml
  assert_status 1
  sed -E 's/^  //; s/  +/ | /g' out >table
  assert_file_is table "policies/files.yml and policies/other.yml differ in files and ports alone: every call gets the same answer

files and ports: what the first allows / what the second allows: whether the second is looser or stricter
$HERE/data | read / read, write | looser
$HERE/data/inside | read, write, execute / read, write | stricter
$HERE/home/work | read, write / nothing | stricter
$HERE/missing/file | nothing / read, write | looser
bind_tcp, port 443 | allowed / denied | stricter
bind_tcp, port 5432 | allowed / denied | stricter
bind_tcp, every other port | allowed / denied | stricter
connect_tcp, port 5432 | allowed / denied | stricter
signals | kept inside / open | looser"
  printf 'landlock: {scope: [signals]}\n' >signals.yml
  policy diff --fail-on stricter policies/files.yml signals.yml
  assert_status 0
  policy diff --fail-on looser policies/files.yml signals.yml
  assert_status 1
}

# Sections that say the same in other words.
test_diff_of_equal_sections() {
  lay_out
  printf 'landlock: {files: [{access: [read], paths: [data, data/inside]}]}\n' >one.yml
  printf 'landlock: {files: [{access: [read_file], paths: [link]}, {access: [read_dir], paths: [data]}]}\n' >two.yml
  policy diff one.yml two.yml
  assert_status 0
  assert_file_is out "one.yml and two.yml are equal: every call gets the same answer, and every file and port has the same access"
}

# A name that sorts between a directory and what is in it.
test_diff_lists_what_is_below_once() {
  lay_out
  mkdir data-x
  printf 'landlock: {files: [{access: [read], paths: [data, data-x, data/inside]}]}\n' >one.yml
  printf 'landlock: {files: [{access: [read], paths: [data-x]}]}\n' >two.yml
  policy diff one.yml two.yml
  assert_status 1
  assert_file_is out "one.yml and two.yml differ in files and ports alone: every call gets the same answer

files and ports: what the first allows / what the second allows: whether the second is looser or stricter
  $HERE/data  read / nothing  stricter"
}

test_expectations() {
  lay_out
  cat >expectations.yml <<'END'
policy: [policies/files.yml, policies/other.yml]
expect:
- {path: data/file, access: [read], action: allow}
- {path: data/file, access: write, action: allow}
- {path: /etc/shadow, access: [read], action: deny}
- {port: 443, access: [connect_tcp], action: allow}
- {port: 443, access: [bind_tcp], action: allow}
END
  policy test expectations.yml
  assert_status 1
  assert_file_is out "expectations.yml:4:3: failed: write of $HERE/data/file: expected allow, found deny (no rule of policies/files.yml gives write)
expectations.yml:7:3: failed: bind_tcp of port 443: expected allow, found deny (no rule of policies/other.yml gives bind_tcp)
3 passed, 2 failed"
  policy test --format tap expectations.yml
  grep -qxF "ok 3 - expectations.yml:5: read of /etc/shadow: deny" out || report "expected the third as TAP"
  printf 'policy: calls.yml\nexpect:\n- {path: /x, access: [read], action: deny}\n' >none.yml
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [mount]}]}\n' >calls.yml
  policy test none.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: none.yml:3:3: there is no landlock section in calls.yml: it restricts no files and no ports"
  printf 'policy: policies/files.yml\nexpect:\n- {call: [read], action: allow}\n' >call.yml
  policy test call.yml
  assert_status 2
  assert_file_is err "sandbox-policy: error: policies/files.yml: there is no seccomp section: it filters no calls to expect something of"
}

test_convert() {
  lay_out
  policy convert --to beats policies/other.yml
  assert_status 0
  assert_file_is out "landlock:
  files:
  - access: [read, write]
    paths:
    - \"../data\"
    - \"../missing/file\"
  tcp: {connect: [443], bind: []}"
  complains "policies/other.yml:1:1: a landlock section cannot be expressed in an OCI profile: it knows nothing of files and ports" \
    convert --to oci policies/other.yml
  complains "policies/other.yml:1:1: a filter file cannot hold a landlock section; give the policy itself to sandbox-run, or --ro, --rw and their kin beside --bpf" \
    compile policies/other.yml -o out.filter
  assert_no_file out.filter
  { printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [mount]}]}\n'; cat policies/other.yml; } >both.yml
  complains "both.yml:2:1: a landlock section cannot be expressed in raw BPF: it knows nothing of files and ports" \
    convert --to bpf -o both.raw both.yml
  policy convert --to oci --lossy both.yml
  assert_status 0
  grep -qxF "sandbox-policy: warning: both.yml:2:1: a landlock section cannot be expressed in an OCI profile: it knows nothing of files and ports; left out: it restricts neither" err ||
    report "expected a warning that the section is left out"
  policy convert --to systemd policies/files.yml
  assert_status 0
  grep -qxF "ExecStart=/usr/bin/sandbox-run --policy $HERE/policies/files.yml -- PROGRAM ARGUMENTS" out ||
    report "expected a drop-in with sandbox-run"
}

# Its exceptions hold whatever is in the working directory: a repository is a warning more that is excepted.
test_check_of_the_profile_untrusted() {
  export HOME=${PWD%/*}/home
  policy check --strict profile:untrusted
  assert_status 0
  assert_file_is out "profile untrusted: 0 errors, 0 warnings, 2 exceptions"
  mkdir .git
  touch .git/config
  policy check --strict profile:untrusted
  assert_status 0
  assert_file_is out "profile untrusted: 0 errors, 0 warnings, 3 exceptions"
}

test_list_paths() {
  policy list paths
  assert_status 0
  for line in "@cwd  the working directory, with the rule's own access" \
    "  read, execute         /usr /lib* /bin /sbin /nix/store" "  read, write, ioctl    /dev/ptmx /dev/pts"; do
    grep -qxF "$line" out || report "expected: $line"
  done
  ! grep -qE "shadow|machine-id|ssl/private" out || report "expected no secrets in a set"
  policy list paths --format json
  assert_status 0
  grep -qF '"name": "@system"' out || report "expected the sets as JSON"
}

run_tests
