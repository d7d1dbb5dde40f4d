// Programs that lock a mutex: which of them may have one with a priority ceiling? WAY says how it could come by it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t *mutex(void) {
#if WAY == 1  // By its attributes.
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_PROTECT);
  pthread_mutex_init(&own, &attributes);
#elif WAY == 2  // Another program has made it.
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0);
#elif WAY == 3
  return (void *)syscall(SYS_mmap, NULL, 4096L, (long)(PROT_READ | PROT_WRITE), (long)MAP_SHARED, 0L, 0L);
#elif WAY == 4
  return shmat(0, NULL, 0);
#elif WAY == 5
  int (*set)(pthread_mutexattr_t *, int) = (int (*)(pthread_mutexattr_t *, int))dlsym(NULL, "pthread_mutexattr_setprotocol");
  pthread_mutexattr_t attributes;
  if (set) set(&attributes, PTHREAD_PRIO_PROTECT);
#elif WAY == 6  // Memory of its own.
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#elif WAY == 7  // Flags that are not known.
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE, (int)strtol(getenv("FLAGS"), NULL, 0), 0, 0);
#endif
  return &own;
}

int main(void) {
  if (pthread_mutex_lock(mutex()) != 0) return 1;
  return pthread_mutex_unlock(&own);
}
