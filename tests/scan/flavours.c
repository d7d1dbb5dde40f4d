// A program that gets to its calls in many ways, to be built by many compilers and linkers: flavours.sh.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

// Tables of functions, structures of functions, a switch, a way over a tail call.
struct shape {
  const char *name;
  int (*measure)(const struct shape *);
  char padding[40];
  int (*draw)(const struct shape *);
};
NOINLINE static int in_first(const struct shape *s) { return (int)getppid() + s->name[0]; }
NOINLINE static int in_second(const struct shape *s) { return (int)getpgid(0) + s->name[0]; }
NOINLINE static int in_third(const struct shape *s) { return (int)getsid(0) + s->name[0]; }
static const struct shape shapes[] = {{"a", in_first, "", in_second}, {"b", in_third, "", in_first}};
static const struct shape *const by_name[] = {&shapes[1], &shapes[0]};

NOINLINE static int by_switch(int which) {
  switch (which) {
    case 0: return umask(022) != 0;
    case 1: return getpriority(0, 0) != -1;
    case 2: return chdir(".");
    case 3: return access("/", R_OK);
    case 4: return sched_yield();
    case 5: return (int)getegid() != -1;
    case 6: return (int)alarm(0);
    default: return 0;
  }
}

NOINLINE static int interpret(const unsigned char *p) {
  static const void *const labels[] = {&&stop, &&uid, &&gid};
  int sum = 0;
  goto *labels[*p];
uid:
  sum += geteuid() != 0;
  goto *labels[*++p];
gid:
  sum += getgid() != 0;
  goto *labels[*++p];
stop:
  return sum;
}

static long numbers(int which) { return syscall(which != 0 ? SYS_getcpu : SYS_gettid, NULL, NULL, NULL); }

static volatile sig_atomic_t signals;
static void on_signal(int number) {
  signals = number;
  (void)!write(1, "", 0);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int ready;
static void *in_thread(void *argument) {
  pthread_mutex_lock(&mutex);
  ready = 1;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
  nanosleep(&(struct timespec){0, 1000000}, NULL);
  return argument;
}

static int compare(const void *a, const void *b) {
  (void)!times(NULL);
  return *(const int *)a - *(const int *)b;
}
static void at_end(void) { (void)!link("/nonexistent/a", "/nonexistent/b"); }
__attribute__((constructor)) static void at_begin(void) { (void)!rmdir("/nonexistent/a"); }

int main(int argc, char **argv) {
  atexit(at_end);
  int sum = 0;
  for (int i = 0; i <= argc; ++i) sum += by_name[i & 1]->measure(&shapes[i & 1]) + by_name[i & 1]->draw(&shapes[0]);
  for (int i = 0; i < 7 * argc; ++i) sum += by_switch(i);
  sum += interpret((const unsigned char *)"\1\2\1");
  sum += (int)numbers(argc - 1) + (int)numbers(argc);
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  pthread_t thread;
  pthread_create(&thread, NULL, in_thread, NULL);
  pthread_mutex_lock(&mutex);
  while (!ready) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
#ifdef __GLIBC__  // musl's hands the number to all threads in a structure: a scan tells that it does not know it.
  if (setuid(getuid()) != 0 || setgid(getgid()) != 0) return 3;  // With a second thread.
#endif
  pthread_join(thread, NULL);
  int many[3000];
  for (int i = 0; i < 3000; ++i) many[i] = (i * 7919) % 3000;
  qsort(many, 3000, sizeof many[0], compare);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  FILE *file = fopen("flavours.tmp", "w+");
  if (file == NULL) return 4;
  fprintf(file, "%d %s %ld\n", sum, argv[0], (long)now.tv_sec);
  fseek(file, 0, SEEK_SET);
  char line[64];
  if (fgets(line, sizeof line, file) == NULL) return 5;
  fclose(file);
  remove("flavours.tmp");
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  char *memory = malloc(1 << 22);
  memory = realloc(memory, 1 << 23);
  memset(memory, 1, 1 << 23);
  free(memory);
  return signals == SIGUSR1 ? 0 : 6;
}
