/* landlock_floor FILTER READ_EXECUTE READ READ_WRITE PROGRAM [ARGUMENT]...: the least that a launcher with rules for
   files can do: the paths opened, a Landlock ruleset, a ready-made filter, execve(2).

   The three lists are of paths with ':' between them, each with its rights; all other file accesses that the kernel's
   Landlock knows are denied. A path that is missing is an error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "raw_filter.h"

extern char** environ;

/* As in include/uapi/linux/landlock.h, which Debian 12 has for ABI 2 only. */
struct ruleset_attributes {
  uint64_t files;
  uint64_t ports;
  uint64_t scopes;
};
struct path_rule {
  uint64_t rights;
  int32_t path;
} __attribute__((packed));

enum { VERSION = 1, PATH_BENEATH = 1 };
enum {
  EXECUTE = 1 << 0,
  WRITE_FILE = 1 << 1,
  READ_FILE = 1 << 2,
  READ_DIRECTORY = 1 << 3,
  ALL_OF_ABI_1 = (1 << 13) - 1,
  REFER = 1 << 13,
  TRUNCATE = 1 << 14,
  IOCTL = 1 << 15,
  OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL,
};

static struct raw_filter filter;

/* The rights over files that the running kernel knows; 0: none. */
static uint64_t known_rights(void) {
  const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
  if (abi < 1) return 0;
  return ALL_OF_ABI_1 | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0) | (abi >= 5 ? IOCTL : 0);
}

/* Adds a rule for each of the paths. 0, or -1 after a message. */
static int add_rules(int ruleset, char* paths, uint64_t rights) {
  for (char* path = strtok(paths, ":"); path != NULL; path = strtok(NULL, ":")) {
    struct path_rule rule = {rights, open(path, O_PATH | O_CLOEXEC)};
    struct stat info;
    if (rule.path < 0 || fstat(rule.path, &info) != 0) {
      perror(path);
      return -1;
    }
    if (!S_ISDIR(info.st_mode)) rule.rights &= OF_FILES;
    if (syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0) != 0) {
      perror(path);
      return -1;
    }
    close(rule.path);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 6) {
    fputs("usage: landlock_floor FILTER READ_EXECUTE READ READ_WRITE PROGRAM [ARGUMENT]...\n", stderr);
    return 125;
  }
  if (read_raw_filter(argv[1], &filter) != 0) {
    fprintf(stderr, "landlock_floor: %s: not a filter\n", argv[1]);
    return 125;
  }
  const uint64_t known = known_rights();
  const struct ruleset_attributes attributes = {known, 0, 0};
  const uint64_t read_rights = READ_FILE | READ_DIRECTORY;
  const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.files, 0);
  if (ruleset < 0) {
    perror("landlock_create_ruleset");
    return 125;
  }
  if (add_rules(ruleset, argv[2], read_rights | EXECUTE) != 0 || add_rules(ruleset, argv[3], read_rights) != 0 ||
      add_rules(ruleset, argv[4], known & ~(uint64_t)EXECUTE) != 0) {
    return 125;
  }
  if (set_no_new_privs() != 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0 ||
      load_raw_filter(&filter) != 0) {
    perror("landlock_floor");
    return 125;
  }
  execve(argv[5], argv + 5, environ);
  perror(argv[5]);
  return 126;
}
