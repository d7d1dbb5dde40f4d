// floor FILTER PROGRAM [ARGUMENT]...: the least that a launcher can do: a ready-made filter, seccomp(2), execve(2).
#include <stdio.h>

#include "raw_filter.h"

extern char** environ;

static struct raw_filter filter;

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: floor FILTER PROGRAM [ARGUMENT]...\n", stderr);
    return 125;
  }
  if (read_raw_filter(argv[1], &filter) != 0) {
    fprintf(stderr, "floor: %s: not a filter\n", argv[1]);
    return 125;
  }
  if (set_no_new_privs() != 0 || load_raw_filter(&filter) != 0) {
    perror("floor");
    return 125;
  }
  execve(argv[2], argv + 2, environ);
  perror(argv[2]);
  return 126;
}
