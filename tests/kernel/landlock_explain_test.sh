#!/bin/bash
# What sandbox-policy explain says of files is what the kernel does: through links, below several rules, and for what is
# made.
. "$(dirname "$0")/lib.sh"

lay_out() {
  mkdir -p read/below write/below both read/mounted other/deep
  local directory
  for directory in read read/below write write/below both other other/deep .; do echo text >"$directory/file"; done
  ln -s read to_read
  ln -s ../other/file read/link_out
  ln -s ../read/file other/link_in
  cat >policy.yml <<'END'
landlock:
  files:
  - access: [read, execute]
    paths: ["@system"]
  - access: [read, write]
    paths: ["@devices", both]
  - access: [read]
    paths: [to_read, other/deep/file]
  - access: [write]
    paths: [write, read/below/file]
END
}

# Tries "PATH ACCESS" of each line on standard input, and prints it with "allowed" or "denied".
TRY='import os, sys
for line in sys.stdin:
    path, access = line.split()
    try:
        if access == "make_reg":
            os.close(os.open(path + "/made", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        elif access == "make_dir":
            os.mkdir(path + "/made_too")
        else:
            flags = {"read_file": os.O_RDONLY, "write_file": os.O_WRONLY, "read_dir": os.O_RDONLY | os.O_DIRECTORY}
            os.close(os.open(path, flags[access] | os.O_NONBLOCK))
        print(path, access, "allowed")
    except PermissionError:
        print(path, access, "denied")'

# The same, as explain answers.
explained() {
  local path access answer
  while read -r path access; do
    answer=$("$TEST_BIN/sandbox-policy" explain policy.yml "$path" "$access" | head -n 1)
    echo "$path $access ${answer##*: }"
  done
}

test_explain_says_what_the_kernel_does() {
  need python3
  [ "$(id -u)" = 0 ] || skip "file permissions would decide, too" # As root Landlock alone denies.
  lay_out
  {
    for path in read/file read/below/file write/file write/below/file both/file other/file other/deep/file ./file \
      to_read/file read/link_out other/link_in /etc/hostname /etc/passwd /usr/bin/env /dev/null /root/../etc/passwd; do
      echo "$path read_file"
      echo "$path write_file"
    done
    for path in . ./read read/below ./write write/below ./both ./other other/deep ./to_read /usr/share /root; do
      echo "$path read_dir"
    done
    for path in ./read read/below ./write write/below ./both ./other; do
      echo "$path make_reg"
      echo "$path make_dir"
    done
  } >questions
  explained <questions >expected
  "$SANDBOX_RUN" --policy policy.yml -- /usr/bin/python3 -c "$TRY" <questions >found 2>err
  diff expected found >&2 || fail "expected of the kernel (>) what explain says (<)"
  [ "$(grep -c ' allowed$' expected)" -ge 20 ] || fail "expected more that is allowed"
  [ "$(grep -c ' denied$' expected)" -ge 20 ] || fail "expected more that is denied"
}

run_tests
