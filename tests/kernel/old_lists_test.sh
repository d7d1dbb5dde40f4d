#!/bin/bash
# Programs of Debian under a list of what they called with glibc 2.28: what `sandbox-policy check` says of the list is
# what breaks.
. "$(dirname "$0")/record_lib.sh"

# survives [--go] PROGRAM ARGUMENT...: records the program, writes the list that fitted it then, and compares.
# A program in Go is a daemon, which is ended after two seconds.
survives() {
  local go="" outside=()
  [ "$1" != --go ] || { go=--go outside=(timeout 2) && shift; }
  [ "$(uname -m)" = x86_64 ] || skip "the list is for x86_64"
  need python3 "$1"
  run "${outside[@]}" "$SANDBOX_POLICY" record -o recorded.yml -- "$@"
  [ "$status" = "${EXPECTED:-0}" ] || report "the program does not work"
  python3 "$KERNEL_TESTS/old_lists.py" old recorded.yml $go >old.yml
  run "${outside[@]}" "$SANDBOX_RUN" --policy old.yml -- "$@"
  [ "$status" = 159 ] || [ "$status" = 137 ] || report "expected that the old list kills the program"
  run "${outside[@]}" "$SANDBOX_RUN" --report --permissive --policy old.yml -- "$@"
  [ "$status" = "${EXPECTED:-0}" ] || report "the program does not work, although denied calls are allowed"
  mv err denied
  run "$SANDBOX_POLICY" check old.yml
  assert_status 0
  mv out checked
  [ "$(grep -c '\[newer-call' checked)" -le 2 ] || report "expected at most two warnings: $(cat checked)"
  python3 "$KERNEL_TESTS/old_lists.py" compare recorded.yml denied checked >compared 2>&1 || fail "$*: $(cat compared)"
}

numbers() { seq 1 "$1" >numbers; }

test_cat() { survives cat /etc/passwd; }
test_cp() {
  numbers 10
  survives cp --preserve=mode,timestamps numbers copy
}
test_dd() { survives dd if=/dev/zero of=zeros bs=1k count=4; }
test_diff() {
  numbers 10
  EXPECTED=1 survives diff numbers /etc/passwd
}
test_find() { survives find /etc/init.d -newer /etc/passwd; }
test_grep() { survives grep -r root /etc/passwd; }
test_gzip() {
  numbers 1000
  survives gzip -c numbers
}
test_ls() { survives ls -lR /etc/init.d; }
test_mkfifo() { survives bash -c 'mkfifo "pipe.$$" && rm "pipe.$$"'; }
test_mv() { survives bash -c 'echo x >"from.$$" && mv "from.$$" "to.$$"'; }
test_sed() {
  numbers 10
  survives sed -i s/1/2/ numbers
}
test_sleep() { survives sleep 0.05; }
test_sort() {
  numbers 200000
  survives sort --parallel=4 numbers
}
test_tar() { survives tar -cf archive.tar /etc/init.d; }
test_touch() { survives touch touched; }
test_awk() { survives awk -F: '{ print $1 }' /etc/passwd; }
test_bash() { survives bash -c 'echo $(ls / | wc -l)'; }
test_curl() { survives curl -s -o page file:///etc/passwd; }
test_gcc() {
  echo 'int main(void) { return 0; }' >empty.c
  survives gcc -o empty empty.c
}
test_git() { survives bash -c 'git init -q "repository.$$"'; }
test_make() {
  printf 'all:\n\tcat /etc/passwd >made\n' >Makefile
  survives make -s -B
}
test_node() { survives node -e 'require("fs").readdirSync("/etc"); setTimeout(() => {}, 10)'; }
test_perl() { survives perl -e 'open(F, "</etc/passwd"); print while <F>; select(undef, undef, undef, 0.01)'; }
test_python() {
  survives python3 -c 'import os, threading, time
t = threading.Thread(target=time.sleep, args=(0.01,)); t.start(); t.join(); os.listdir("/etc"); os.pipe()'
}
test_exporter() {
  EXPECTED=124 survives --go prometheus-node-exporter --web.listen-address=127.0.0.1:0
}

run_tests
