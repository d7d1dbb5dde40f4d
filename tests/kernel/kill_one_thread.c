// Makes getppid in a second thread. When a policy kills that thread, the first one lives on and says so.
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int reached = 0;
static volatile int survived = 0;

static void* second_thread(void* unused) {
  reached = 1;
  syscall(SYS_getppid);
  survived = 1;
  return unused;
}

static int count_threads(void) {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  for (const struct dirent* entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
  if (tasks != NULL) closedir(tasks);
  return count;
}

int main(void) {
  pthread_t thread;
  struct timespec limit;
  if (pthread_create(&thread, NULL, second_thread, NULL) != 0) return 2;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += 20;
  // The kernel clears the thread's id when it ends, however it ends.
  const int joined = pthread_timedjoin_np(thread, NULL, &limit);
  // An ended thread leaves /proc a moment later.
  for (int i = 0; i < 2000 && joined == 0 && count_threads() > 1; ++i) usleep(10000);
  printf("call reached: %d, thread survived it: %d, joined: %d, threads now: %d\n", reached, survived, joined == 0,
         count_threads());
  return 0;
}
