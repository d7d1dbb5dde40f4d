// Leaves the code that it is linked with: libraries, users, programs, code of its own.
#include <dlfcn.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
  void *library = dlopen("libscan_plugin.so", RTLD_NOW);
  void *named = dlsym(library, argv[argc - 1]);
  void *code = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct passwd *user = getpwnam("root");
  printf("%p %p %p\n", named, code, (void *)user);
  if (argc > 1) execv(argv[1], argv);
  return 0;
}
