// Numbers in memory that something else than a store to its place changes. Each is found, or told not to be known.
// gcc -O2 -no-pie -static -DWAY=0: unknown
// gcc -O2 -no-pie -static -DWAY=1: unknown
// gcc -O2 -no-pie -static -DWAY=2: unknown
// gcc -O2 -no-pie -static -DWAY=3: unknown
// gcc -O2 -no-pie -static -DWAY=4: unknown
// gcc -O2 -no-pie -static -DWAY=5: unknown
// gcc -O2 -no-pie -static -DWAY=6: unknown
// gcc -O2 -no-pie -static -DWAY=7: unknown
// gcc -O0 -no-pie -static -DWAY=5: unknown
// gcc -O0 -fno-omit-frame-pointer -no-pie -static -DWAY=7: unknown
// gcc -O2 -fPIE -static-pie -s -DWAY=4: unknown
// clang -O2 -no-pie -static -DWAY=1: unknown
// clang -O2 -no-pie -static -DWAY=5: unknown
// clang -O2 -no-pie -static -DWAY=6: unknown
#include "../start.h"

struct command {
  int number;
  int more;
  long arguments[4];
};
#if WAY == 0  // By a function that gets the address.
NOINLINE static void set(struct command *what) { what->number = NR_getuid; }
NOINLINE static long go(struct command *what) { return call(what->number); }
NOINLINE static void test(long n) {
  struct command what = {NR_getpid, (int)n, {0}};
  set(&what);
  go(&what);
}
#elif WAY == 1  // By another pointer to the same.
NOINLINE static long go(struct command *p, struct command *q) {
  p->number = NR_getpid;
  q->number = NR_getuid;
  return call(p->number);
}
NOINLINE static void test(long n) {
  struct command what = {(int)n, 0, {0}};
  go(&what, &what);
}
#elif WAY == 2  // By a function that knows the address without being given it.
static struct command all;
NOINLINE static void set(void) {
  all.number = NR_getuid;
  __asm__ volatile("" ::: "memory");
}
NOINLINE static long go(struct command *p) {
  p->number = NR_getpid;
  set();
  return call(p->number);
}
NOINLINE static void test(long n) {
  SPEND(n);
  go(&all);
}
#elif WAY == 3  // By its owner, when others have the address already.
static struct command *volatile handed;
NOINLINE static void go(void) { call(handed->number); }
NOINLINE static void test(long n) {
  struct command what = {NR_getpid, (int)n, {0}};
  handed = &what;
  SPEND(&what);
  what.number = NR_getuid;
  __asm__ volatile("" ::: "memory");
  go();
}
#elif WAY == 4  // A pointer that is set by way of the structure that it is in.
struct state {
  long more;
  struct command *what;
};
static struct state state;
static struct command one = {NR_getpid, 0, {0}};
NOINLINE static void init(struct state *s) {
  s->what = &one;
  __asm__ volatile("" ::: "memory");
}
NOINLINE static void go(void) {
  if (state.what) call(state.what->number);
}
NOINLINE static void test(long n) {
  SPEND(n);
  init(&state);
  go();
}
#elif WAY == 5  // On the stack, by a pointer.
NOINLINE static void test(long n) {
  volatile int number[2];
  volatile int *p = &number[0];
  __asm__ volatile("" : "+r"(p) : "r"(n));
  number[0] = NR_getpid;
  *p = NR_getuid;
  call(number[0]);
}
#elif WAY == 6  // With a frame pointer.
NOINLINE static void test(long n) {
  volatile int number = NR_getpid;
  volatile int *p = &number;
  __asm__ volatile("" : "+r"(p));
  char *more = __builtin_alloca(n * 16);
  SPEND(more);
  *p = NR_getuid;
  call(number);
}
#elif WAY == 7  // By an index.
NOINLINE static void test(long n) {
  volatile int number[4];
  number[1] = NR_getpid;
  number[n] = NR_getuid;
  call(number[1]);
}
#endif
void begin(long *stack) __asm__("begin");
void begin(long *stack) {
  test(stack[0]);
  leave();
}
START(begin);
