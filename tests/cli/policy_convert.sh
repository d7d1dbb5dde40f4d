#!/bin/bash
# sandbox-policy convert: names of formats, drop-ins for systemd, and what check says of what is written.
. "$(dirname "$0")/policy/lib.sh"

# What systemd cannot hold, the launcher does; its drop-in has what is special in ExecStart= in quotes.
test_drop_in_with_the_launcher() {
  bring example.yml
  cp example.yml '100% $own.yml'
  policy convert --to systemd example.yml
  assert_status 0
  grep -q "^sandbox-policy: warning: example.yml:1[0-9]*:[0-9]*: .* cannot be expressed in a systemd unit" err ||
    report "expected the rule"
  grep -qx "ExecStart=/usr/bin/sandbox-run --policy $PWD/example.yml -- PROGRAM ARGUMENTS" out ||
    report "expected the launcher"
  policy convert -q --to systemd '100% $own.yml'
  assert_file_is err ""
  grep -qxF "ExecStart=/usr/bin/sandbox-run --policy \"$PWD/100%% \$\$own.yml\" -- PROGRAM ARGUMENTS" out ||
    report "expected the name in quotes"
  policy convert -q --to systemd profile:default
  grep -qx "ExecStart=/usr/bin/sandbox-run --profile default -- PROGRAM ARGUMENTS" out || report "expected the profile"
  if is_root; then return; fi  # It has no profiles of its own.
  mkdir -p config/sandbox-run
  cp example.yml config/sandbox-run/own.yml
  XDG_CONFIG_HOME=$PWD/config policy convert -q --to systemd profile:own
  grep -qx "ExecStart=/usr/bin/sandbox-run --policy $PWD/config/sandbox-run/own.yml -- PROGRAM ARGUMENTS" out ||
    report "expected the profile's file"
}

# The service is to get the policy as it was read here: with the same capabilities and widths. Of a pipe there is no
# file that a service could read.
test_drop_in_with_the_launcher_keeps_the_options() {
  cat >docker.json <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_EQ"}]},
  {"names": ["chroot"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_CHROOT"]}}]}
END
  local run=/usr/bin/sandbox-run
  policy convert -q --to systemd docker.json
  grep -qx "ExecStart=$run --policy $PWD/docker.json -- PROGRAM ARGUMENTS" out || report "expected no further option"
  policy convert -q --to systemd --cap net_raw,CAP_SYS_CHROOT --kernel-widths docker.json
  grep -qx "ExecStart=$run --policy $PWD/docker.json --cap net_raw,CAP_SYS_CHROOT --kernel-widths -- PROGRAM ARGUMENTS" \
    out || report "expected the options"
  policy convert -q --to systemd --cap docker - <docker.json
  grep -qx "ExecStart=$run --policy POLICY --cap docker -- PROGRAM ARGUMENTS" out || report "expected no name"
  grep -qx "# command of the unit's own ExecStart=, and in place of POLICY the policy's file." out ||
    report "expected what POLICY stands for"
}

# Other names of formats, and what check says of what is written: nothing that it does not say of what was read.
test_aliases() {
  bring example.yml
  local alias
  for alias in json docker podman; do
    policy convert -q --to oci example.yml -o a && policy convert -q --to $alias example.yml -o b && cmp a b ||
      report "expected of '$alias' what 'oci' writes"
  done
  policy convert -q --to beats example.yml -o a && policy convert -q --to yaml example.yml -o b && cmp a b ||
    report "expected of 'yaml' what 'beats' writes"
}

test_what_is_written_is_not_complained_of() {
  local file to
  warnings_of() { sed -n 's/^[^ ]* warning: .*\[\(.*\)\]$/\1/p; t; s/^[^ ]* warning: //p' | sort -u; }
  for file in "$POLICIES"/*.yml; do
    for to in oci beats; do
      # A container profile knows nothing of files and ports.
      [ $to != oci ] || ! grep -q '^landlock:' "$file" || continue
      policy convert -q --to $to --machine "$(machine_of "$file")" "$file" -o written
      assert_status 0
      sed 's/# check: allow .*//' "$file" >plain.yml # What is written has no comments, and so no exceptions.
      "$SANDBOX_POLICY" check --machine "$(machine_of "$file")" plain.yml | warnings_of >before
      "$SANDBOX_POLICY" check --machine "$(machine_of "$file")" written | warnings_of >after
      # An OCI profile names the calls that get EPERM, where those that it does not name get ENOSYS: that one of two
      # siblings is denied by name is the form, and not what was meant.
      [ $to != oci ] || sed -i '/^sibling-open$/d' after
      assert_equal "" "$(comm -13 before after)" "new warnings of $to of $file"
    done
  done
}

# Where a policy names its ABIs, on a machine of the first.
machine_of() {
  local abi
  abi=$(sed -n 's/^  architectures: *\[\([a-z0-9_]*\).*/\1/p' "$1")
  echo "${abi:-x86_64}"
}

run_tests
