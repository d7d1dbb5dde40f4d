// A library that leaves.c loads.
#include <sys/prctl.h>
#include <sys/timex.h>

int plugged(void) {
  struct timex what = {0};
  return adjtimex(&what);
}
