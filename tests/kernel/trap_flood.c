// Makes the same call for some seconds, by which its policy has it trapped: each leaves a record of the kernel's.
//
//   trap_flood SECONDS
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void ignore(int signal) { (void)signal; }

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  signal(SIGSYS, ignore);
  const time_t end = time(NULL) + atoi(argv[1]);
  while (time(NULL) < end) syscall(SYS_reboot, 0, 0, 0, 0);
  return 0;
}
