// A launcher on libseccomp that does no more than it must: no files, no options, the rules are compiled in.
//
//   libseccomp_launcher POLICY OPTIMIZE PROGRAM [ARGUMENT]...
//   libseccomp_launcher POLICY OPTIMIZE --export >FILE     the filter instead of a launch
//
// POLICY is a letter, OPTIMIZE libseccomp's SCMP_FLTATR_CTL_OPTIMIZE: 1 sorts by priority, 2 builds a binary tree.
// libseccomp compares all 64 bits of an argument, sandbox-run those that the kernel reads.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char** environ;

struct rule {
  const char* name;
  uint32_t action;
  unsigned count;
  struct scmp_arg_cmp comparisons[6];
};

struct policy {
  char letter;
  uint32_t default_action;
  const struct rule* rules;
  size_t count;
};

#include "libseccomp_rules.inc"

// Exit statuses as sandbox-run's; 3 is for a policy that libseccomp has no words for.
enum { kFailed = 125, kCannotExecute = 126, kCannotExpress = 3 };

static void fail(const char* what, int error, int status) {
  fprintf(stderr, "libseccomp_launcher: %s: %s\n", what, strerror(error < 0 ? -error : error));
  exit(status);
}

static const struct policy* find_policy(const char* letter) {
  for (size_t i = 0; i < sizeof kPolicies / sizeof kPolicies[0]; ++i) {
    if (kPolicies[i].letter == letter[0] && letter[1] == '\0') return &kPolicies[i];
  }
  fail(letter, ENOENT, kFailed);
  return NULL;
}

static scmp_filter_ctx rules_of(const struct policy* policy, uint32_t optimize) {
  const scmp_filter_ctx context = seccomp_init(policy->default_action);
  if (context == NULL) fail("seccomp_init", ENOMEM, kFailed);
  int error = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, optimize);
  if (error != 0) fail("SCMP_FLTATR_CTL_OPTIMIZE", error, kFailed);
  for (size_t i = 0; i < policy->count; ++i) {
    const struct rule* rule = &policy->rules[i];
    const int number = seccomp_syscall_resolve_name(rule->name);
    if (number == __NR_SCMP_ERROR) fail(rule->name, ENOSYS, kFailed);
    error = seccomp_rule_add_array(context, rule->action, number, rule->count, rule->comparisons);
    if (error != 0) fail(rule->name, error, error == -EINVAL ? kCannotExpress : kFailed);
  }
  return context;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("usage: libseccomp_launcher POLICY OPTIMIZE PROGRAM [ARGUMENT]...\n", stderr);
    return kFailed;
  }
  const scmp_filter_ctx context = rules_of(find_policy(argv[1]), (uint32_t)strtoul(argv[2], NULL, 10));
  if (strcmp(argv[3], "--export") == 0) {
    const int error = seccomp_export_bpf(context, STDOUT_FILENO);
    if (error != 0) fail("seccomp_export_bpf", error, kFailed);
    return 0;
  }
  const int error = seccomp_load(context);  // Sets no_new_privs as well.
  if (error != 0) fail("seccomp_load", error, kFailed);
  execve(argv[3], argv + 3, environ);
  fail(argv[3], errno, kCannotExecute);
}
