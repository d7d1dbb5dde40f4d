#!/bin/bash
# The profile strict: static programs compute on what is open, and open nothing.
. "$(dirname "$0")/profile_lib.sh"

test_busybox() {
  need busybox
  ! ldd "$(command -v busybox)" >/dev/null 2>&1 || skip "busybox is linked dynamically"
  use_profile strict
  is_root || LAUNCH=("${PLAIN[@]}") # For a user it looks at /etc/busybox.conf and sets its ids; it goes on without.
  seq 1 10000 >numbers
  for command in sha256sum "gzip -c" "sort -rn" "wc -l" "tr 0-9 a-j" "sed s/1/2/" "awk {s+=\$1}END{print(s)}" cat "head -n 3" md5sum; do
    succeeds busybox $command <numbers
    mv out got
    run busybox $command <numbers
    cmp out got
  done
}

# build NAME: a static program from standard input.
build() {
  need gcc
  gcc -x c - -o "$1" -O1 -static -pthread 2>err || skip "no static program can be built: $(shown err)"
}

test_threads() {
  use_profile strict
  build count <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static char* text;
static size_t size;
static void* count(void* letter) {
  size_t n = 0;
  for (size_t i = 0; i < size; ++i) n += text[i] == *(char*)letter;
  return (void*)n;
}
int main(void) {
  text = malloc(1 << 20);
  size = fread(text, 1, 1 << 20, stdin);
  pthread_t threads[4];
  char letters[] = "abcd";
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, count, &letters[i]);
  for (int i = 0; i < 4; ++i) {
    void* n;
    pthread_join(threads[i], &n);
    printf("%c %zu\n", letters[i], (size_t)n);
  }
  return 0;
}
END
  printf 'abacad' >text
  succeeds ./count <text
  assert_stdout "a 3
b 1
c 1
d 1"
}

# A decoder that its input has taken over: no file, no program, no network. Each is denied, and works without.
test_attack() {
  use_profile strict
  [ -z "${SANDBOX_RUN_RECORD:-}" ] || return 0
  build attack <<'END'
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
  printf("open %s\n", open("/etc/passwd", O_RDONLY) >= 0 ? "ok" : strerror(errno));
  printf("socket %s\n", socket(AF_INET, SOCK_STREAM, 0) >= 0 ? "ok" : strerror(errno));
  fflush(stdout);
  execl("/bin/echo", "echo", "exec ok", NULL);
  printf("exec %s\n", strerror(errno));
  return 0;
}
END
  run "${PLAIN[@]}" ./attack
  assert_stdout "open Operation not permitted
socket Operation not permitted
exec Operation not permitted"
  run ./attack
  assert_stdout "open ok
socket ok
exec ok"
  run "${PLAIN[@]}" /bin/true # The dynamic loader does not find its libraries.
  assert_status 127
}

run_tests
