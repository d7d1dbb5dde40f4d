// Makes calls whose path lies on a page that is not delivered to who reads it.
//
//   hold_page mkdir|rmdir TIMES   prints what each was answered; ends with the status 7
//
// 77: there can be no such page. Who is held up for kTimeout seconds says so, and the page is released.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "held_page.h"

enum { kTimeout = 10 };

static void watch(pid_t parent, int fd, const char* page) {
  const struct timespec timeout = {kTimeout, 0};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);  // It has ended before.
  nanosleep(&timeout, NULL);
  printf("held up\n");
  fflush(stdout);
  release_page(fd, page);
  _exit(0);
}

int main(int argc, char** argv) {
  char* page = NULL;
  if (argc != 3) return 2;
  const int fd = hold_page(&page);
  if (fd < 0) {
    fprintf(stderr, "userfaultfd: %s\n", strerror(errno));
    return 77;
  }
  const pid_t self = getpid();
  if (fork() == 0) watch(self, fd, page);
  const long number = strcmp(argv[1], "mkdir") == 0 ? SYS_mkdir : SYS_rmdir;
  for (int i = atoi(argv[2]); i > 0; --i) {
    const long result = syscall(number, page, 0700);
    printf("%s %s\n", argv[1], result < 0 ? strerrorname_np(errno) : "ok");
    fflush(stdout);
  }
  return 7;
}
