// Calls without which any program breaks.
#include <array>

#include "arch/abi_set.h"
#include "arch/syscalls.h"
#include "resolve/lint/parts.h"
#include "resolve/verdict_text.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;

struct NeededCall {
  std::string_view id;
  std::string_view name;
  std::string_view otherwise;  ///< What happens without it.
};

constexpr NeededCall kNeeded[] = {
    {"lacks-exit", "exit", "threads cannot end"},
    {"lacks-exit", "exit_group", "programs cannot end by themselves"},
    {"lacks-sigreturn", "rt_sigreturn", "no signal handler can return"},
    {"lacks-restart-syscall", "restart_syscall",
     "a wait with a time limit (nanosleep, poll, futex) that SIGSTOP and SIGCONT interrupt cannot go on"},
};

constexpr NeededCall kOlderSigreturn = {"lacks-sigreturn", "sigreturn",
                                        "signal handlers that were set without SA_SIGINFO cannot return"};

/// Here a handler without SA_SIGINFO returns by the older call.
constexpr arch::AbiSet kOldSigreturn = {Abi::kX86,  Abi::kArm,    Abi::kS390, Abi::kS390x,
                                        Abi::kMips, Abi::kMipsel, Abi::kPpc};

/// Where a call is denied: the name in a group, or else the default action.
SourceRange place_of(const Answers& answers, const policy::Policy& policy) {
  return answers.denial != nullptr ? answers.denial->origin->range : policy.default_range;
}

void check_needed(const policy::Policy& policy, const RuleSet& rules, const NeededCall& needed, Findings& findings) {
  const auto answers = answers_of(rules, needed.name);
  if (!answers || !answers->denied()) return;
  const uint32_t number = *arch::number_of(rules.abi, needed.name);
  const bool above = answers->source == VerdictSource::kAboveNamed;
  const std::string why = above ? ", " + above_named_text(rules, number) : "";
  findings.add(needed.id, rules.abi, place_of(*answers, policy),
               in_quotes(needed.name) + (answers->denial != nullptr ? " is denied (" : " is not allowed (") +
                   verdict_text(answers->denied_with, rules.abi) + why + "): without it " +
                   std::string(needed.otherwise));
}

/// Since glibc 2.34 threads are made with clone3, and with clone only if that gives ENOSYS.
void check_fallback_to_clone(const policy::Policy& policy, const RuleSet& rules, Findings& findings) {
  const auto older = answers_of(rules, "clone");
  const auto newer = answers_of(rules, "clone3");
  if (!older || !older->passes || !newer || !newer->denied() || is_no_such_call(newer->denied_with, rules.abi)) return;
  findings.add("clone3-breaks-threads", rules.abi, place_of(*newer, policy),
               "'clone3' gets " + verdict_text(newer->denied_with, rules.abi) +
                   ": libc starts threads with it, and with 'clone' only after errno ENOSYS; deny it with ENOSYS");
}

}  // namespace

void check_needed_calls(const policy::Policy& policy, const RuleSet& rules, Findings& findings) {
  for (const NeededCall& needed : kNeeded) check_needed(policy, rules, needed, findings);
  if (kOldSigreturn.contains(rules.abi)) check_needed(policy, rules, kOlderSigreturn, findings);
  check_fallback_to_clone(policy, rules, findings);
}

}  // namespace sandbox::resolve
