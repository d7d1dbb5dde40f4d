// The code of an attacker in a program: loaded into it (by LD_PRELOAD, as a module), it starts a shell, and says on
// standard error what became of it. With ATTACK_FILE=PATH it opens that file first. With ATTACK_IN=child the children
// of fork do it, such as the workers of a server. A shell says "attack: a shell", and the program has ended.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void attack(void) {
  const char* file = getenv("ATTACK_FILE");
  if (file != NULL) {
    const int error = open(file, O_RDONLY) < 0 ? errno : 0;
    dprintf(STDERR_FILENO, "attack: open %s: %s\n", file, strerror(error));
  }
  char* arguments[] = {"sh", "-c", "echo 'attack: a shell' >&2; exit 99", NULL};
  char* environment[] = {NULL};
  execve("/bin/sh", arguments, environment);
  dprintf(STDERR_FILENO, "attack: execve /bin/sh: %s\n", strerror(errno));
}

__attribute__((constructor)) static void begin(void) {
  const char* in = getenv("ATTACK_IN");
  if (in != NULL && strcmp(in, "child") == 0) {
    pthread_atfork(NULL, NULL, attack);
  } else {
    attack();
  }
}
