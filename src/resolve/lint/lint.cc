#include "resolve/lint/lint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "resolve/evaluate.h"
#include "resolve/lint/exceptions.h"
#include "resolve/lint/parts.h"

namespace sandbox::resolve {
namespace {

constexpr std::array<LintKind, 36> kKinds = {{
    {"clone3-breaks-threads", "clone3 is denied, but not with ENOSYS: libc then does not fall back to clone"},
    {"exact-mode", "an access mode or a file type is compared whole, and other bits are part of the argument"},
    {"exact-socket-type", "a socket's type is compared whole, and SOCK_CLOEXEC and SOCK_NONBLOCK are part of it"},
    {"exception-not-needed", "a comment excepts from a warning that there is not"},
    {"flags-compared-whole", "a rule against flags that does not match once another flag is set"},
    {"io-uring-open", "calls are denied that io_uring makes without a system call"},
    {"lacks-exit", "an allow list without exit or exit_group"},
    {"lacks-restart-syscall", "an allow list without restart_syscall"},
    {"lacks-sigreturn", "an allow list without rt_sigreturn or sigreturn"},
    {"landlock-commands-writable", "files can be written from which programs outside of the sandbox take commands"},
    {"landlock-make-unwritten", "a rule lets files be made, and not be written"},
    {"landlock-others-replace", "a rule stands at a path that other users can replace"},
    {"landlock-path-missing", "a rule's path does not exist here, and a launch here fails"},
    {"landlock-path-unusable",
     "a rule's path cannot be used here: by the working directory, HOME, or what the path is"},
    {"landlock-policy-writable", "a rule lets the program change the policy itself"},
    {"landlock-services", "a rule has sockets of services that act for the program"},
    {"landlock-set-opens", "a set of paths has something that is easily overlooked"},
    {"landlock-udp-bind", "UDP ports to send to are listed, and no free port to send from"},
    {"landlock-whole", "a rule has every file of the machine, or of the home directory"},
    {"landlock-write-execute", "what the program can write it can execute, too"},
    {"landlock-write-file", "a rule lets a single file be written, and not be replaced"},
    {"looks-done", "errno 0: a denied call returns 0, as if it had been made"},
    {"multiplexer-open", "conditions on a call that socketcall or ipc makes without them"},
    {"newer-call-denied", "an allow list has calls that C libraries or Go made once, and not those that they make now"},
    {"newer-call-not-enosys", "the same; with errno ENOSYS for the newer calls, the allowed ones are made"},
    {"no-socketcall", "32-bit programs make their sockets through socketcall, which is denied"},
    {"not-enabled", "the policy is switched off"},
    {"opens-processes", "an allow list with ptrace or process_vm_writev, by which other processes are taken over"},
    {"pointer-compared", "a condition on an argument of which the filter sees the address only"},
    {"redundant-name", "an entry that an earlier one decides already, in the same way"},
    {"sibling-open", "a call is denied, but not another one that does the same"},
    {"sibling-unfiltered", "a call has conditions, but not another one that does the same"},
    {"trace-undone", "calls are left to a tracer, and the program may install a listener of its own"},
    {"undeniable-call", "a call is denied that the kernel lets past every filter"},
    {"unknown-name", "a container profile names a call that no ABI has"},
    {"unreachable-name", "an entry that an earlier one decides first, in another way"},
}};
static_assert(std::ranges::is_sorted(kKinds, {}, &LintKind::id));

std::string join_abis(const std::vector<arch::Abi>& abis) {
  return join_with_and(abis, [](arch::Abi abi) { return arch::info(abi).name; });
}

uint64_t maximum_of(const Condition& condition) {
  return UINT64_MAX >> (64U - condition.width);
}

/// The smallest and the largest argument for which a comparison holds; none for the operations on bits, and for a
/// comparison that never holds.
std::optional<std::pair<uint64_t, uint64_t>> interval(const Condition& condition) {
  const uint64_t most = maximum_of(condition);
  switch (condition.operation) {
    case policy::Operation::kEqual:
      return std::pair(condition.value, condition.value);
    case policy::Operation::kGreaterThan:
      return std::pair(condition.value + 1, most);
    case policy::Operation::kGreaterOrEqual:
      return std::pair(condition.value, most);
    case policy::Operation::kLessThan:
      return std::pair(uint64_t{0}, condition.value - 1);
    case policy::Operation::kLessOrEqual:
      return std::pair(uint64_t{0}, std::min(condition.value, most));
    default:
      return std::nullopt;
  }
}

/// What is known of an argument's bits when a condition holds: `value` under `mask`.
struct KnownBits {
  uint64_t mask = 0;
  uint64_t value = 0;
};

KnownBits known_bits(const Condition& condition) {
  switch (condition.operation) {
    case policy::Operation::kEqual:
      return {maximum_of(condition), condition.value};
    case policy::Operation::kBitsNotSet:
      return {condition.value & maximum_of(condition), 0};
    case policy::Operation::kMaskedEqual:
      return {condition.mask & maximum_of(condition), condition.value};
    default:
      return {};
  }
}

bool interval_implies(const Condition& narrow, const Condition& wide) {
  const auto inner = interval(narrow);
  if (!inner) return false;
  if (wide.operation == policy::Operation::kNotEqual) {
    return wide.value < inner->first || wide.value > inner->second;
  }
  const auto outer = interval(wide);
  return outer && outer->first <= inner->first && inner->second <= outer->second;
}

bool bits_imply(const Condition& narrow, const Condition& wide) {
  const KnownBits known = known_bits(narrow);
  const uint64_t value = wide.value & maximum_of(wide);
  switch (wide.operation) {
    case policy::Operation::kBitsSet:
      if (narrow.operation == policy::Operation::kBitsSet) {
        return (narrow.value & maximum_of(narrow) & ~value) == 0;
      }
      return (known.value & known.mask & value) != 0;
    case policy::Operation::kBitsNotSet:
      return (value & ~known.mask) == 0 && (known.value & value) == 0;
    case policy::Operation::kMaskedEqual: {
      const uint64_t mask = wide.mask & maximum_of(wide);
      return (mask & ~known.mask) == 0 && (known.value & mask) == wide.value;
    }
    case policy::Operation::kNotEqual:
      return ((known.value ^ wide.value) & known.mask) != 0;
    default:
      return false;
  }
}

/// Calls that the kernel runs without asking any filter: seccomp_uprobe_exception in kernel/seccomp.c.
void check_undeniable(const policy::Policy& policy, const RuleSet& rules, Findings& findings) {
  if (rules.abi != arch::Abi::kX86_64) return;
  for (const policy::Group& group : policy.groups) {
    if (policy::is_allowed(group.action)) continue;
    for (const policy::Name& name : group.names) {
      if (name.text != "uprobe" && name.text != "uretprobe") continue;
      findings.add("undeniable-call", rules.abi, name.range,
                   in_quotes(std::string_view(name.text)) + " cannot be denied: the kernel lets it past every filter");
    }
  }
}

/// A process that writes to another one's memory needs no calls of its own.
void check_other_processes(const RuleSet& rules, Findings& findings) {
  if (policy::is_allowed(rules.default_verdict.action)) return;
  for (const std::string_view name : {"ptrace", "process_vm_writev"}) {
    const auto answers = answers_of(rules, name);
    if (!answers || !answers->open() || answers->permission == nullptr) continue;
    findings.add("opens-processes", rules.abi, answers->permission->origin->range,
                 in_quotes(name) + " is allowed: with it a program takes over other processes of its user");
  }
}

}  // namespace

void Findings::add(std::string_view id, arch::Abi abi, SourceRange range, std::string message) {
  Finding& finding = findings_[{range.offset, id, std::move(message)}];
  finding.range = range;
  if (std::ranges::find(finding.abis, abi) == finding.abis.end()) finding.abis.push_back(abi);
}

void Findings::report(size_t abis, Diagnostics& diagnostics) const {
  for (const auto& [key, finding] : findings_) {
    const auto& [offset, id, message] = key;
    const bool everywhere = finding.abis.size() == abis;
    diagnostics.warning(finding.range, everywhere ? message : message + " (" + join_abis(finding.abis) + ")", id);
  }
}

Answers answers_of(const RuleSet& rules, uint32_t number) {
  Answers answers;
  const auto note = [&](Verdict verdict) {
    if (policy::is_denied(verdict.action) && !answers.fails) answers.denied_with = verdict;
    answers.passes = answers.passes || policy::is_allowed(verdict.action);
    answers.fails = answers.fails || policy::is_denied(verdict.action);
  };
  std::span<const Clause> clauses = clauses_of(rules, number);
  for (size_t i = 0; i < clauses.size(); ++i) {
    const Clause& clause = clauses[i];
    const auto never = [](const Condition& condition) { return constant_outcome(condition) == false; };
    if (std::ranges::any_of(clause.conditions, never) || decider_of(clauses, i) != nullptr) continue;
    note(clause.verdict);
    if (is_written(clause)) {
      if (answers.denial == nullptr && policy::is_denied(clause.verdict.action)) answers.denial = &clause;
      if (answers.permission == nullptr && policy::is_allowed(clause.verdict.action)) answers.permission = &clause;
      if (answers.condition == nullptr && !clause.conditions.empty()) answers.condition = &clause;
    }
    if (clause.conditions.empty()) return answers;
  }
  const Fallback fallback = fallback_of(rules, number);
  answers.source = fallback.source;
  note(fallback.verdict);
  return answers;
}

std::optional<Answers> answers_of(const RuleSet& rules, std::string_view name) {
  const auto number = arch::number_of(rules.abi, name);
  if (!number) return std::nullopt;
  return answers_of(rules, *number);
}

bool is_no_such_call(Verdict verdict, arch::Abi abi) {
  return verdict.action == policy::Action::kErrno && verdict.data == arch::errno_number(abi, "ENOSYS");
}

std::string quoted_list(const std::vector<std::string_view>& names) {
  return join_with_and(names, [](std::string_view name) { return in_quotes(name); });
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool implies(const Condition& narrow, const Condition& wide) {
  if (constant_outcome(wide) == true || constant_outcome(narrow) == false) return true;
  if (constant_outcome(wide) == false) return false;
  if (narrow.argument != wide.argument || narrow.width != wide.width) return false;
  if (narrow == wide) return true;
  if (constant_outcome(narrow) == true) return false;
  return interval_implies(narrow, wide) || bits_imply(narrow, wide);
}

bool covers(const Clause& earlier, const Clause& later) {
  return std::ranges::all_of(earlier.conditions, [&](const Condition& wide) {
    return constant_outcome(wide) == true ||
           std::ranges::any_of(later.conditions, [&](const Condition& narrow) { return implies(narrow, wide); });
  });
}

const Clause* decider_of(std::span<const Clause> clauses, size_t index) {
  constexpr size_t kMaxCompared = 100;
  for (size_t i = 0; i < index; ++i) {
    if (i >= kMaxCompared && !clauses[i].conditions.empty()) continue;
    if (covers(clauses[i], clauses[index])) return &clauses[i];
  }
  return nullptr;
}

std::span<const LintKind> lint_kinds() {
  return kKinds;
}

namespace {

void find_all(const policy::Policy& policy, const PolicyRules& rules, const LintOptions& options,
              Diagnostics& diagnostics) {
  if (!policy.has_filter) return;
  if (!policy.enabled) {
    diagnostics.warning(policy.enabled_range, "'enabled' is false: this policy denies nothing", "not-enabled");
    return;
  }
  check_names(policy, diagnostics);
  check_errno_zero(policy, diagnostics);
  Findings findings;
  check_reachability(policy, rules, findings);
  for (const RuleSet& set : rules) {
    check_siblings(set, findings);
    check_conditions(policy, set, findings);
    check_multiplexers(policy, set, findings);
    check_socketcall(set, findings);
    check_needed_calls(policy, set, findings);
    check_upgrades(policy, set, options, findings);
    check_trace(policy, set, findings);
    check_undeniable(policy, set, findings);
    check_other_processes(set, findings);
  }
  findings.report(rules.size(), diagnostics);
}

}  // namespace

size_t lint(const policy::Policy& policy, const PolicyRules& rules, Diagnostics& diagnostics,
            const LintOptions& options) {
  Diagnostics found(policy.source);
  find_all(policy, rules, options, found);
  const std::vector<Exception> exceptions = read_exceptions(policy, diagnostics);
  std::vector<bool> used;
  size_t excepted = add_others(found, exceptions, used, diagnostics);
  if (options.further != nullptr) excepted += add_others(*options.further, exceptions, used, diagnostics);
  for (size_t i = 0; i < exceptions.size(); ++i) {
    if (used[i] || options.self_installed) continue;          // What only a start needs may be excepted from.
    if (exceptions[i].id.starts_with("landlock-")) continue;  // Found by the files that there are, here or elsewhere.
    diagnostics.warning(exceptions[i].range, "there is no warning " + in_quotes(exceptions[i].id) + " to except here",
                        "exception-not-needed");
  }
  return excepted;
}

void lint_launch(const policy::Policy& policy, const PolicyRules& rules, std::span<const PolicyRules> all,
                 Diagnostics& diagnostics) {
  Findings findings;
  for (const RuleSet& set : rules) {
    // Whether every policy lets the call pass.
    const auto open = [&](std::string_view name) {
      return std::ranges::all_of(all, [&](const PolicyRules& others) {
        const RuleSet* other = find_rules(others, set.abi);
        const auto answers = other == nullptr ? std::nullopt : answers_of(*other, name);
        return answers && answers->passes;
      });
    };
    if (open("io_uring_setup")) check_io_uring(set, findings);
    if (open("execveat")) check_execveat(set, findings);
    if (open("socketcall") || open("ipc")) check_multiplexers(policy, set, findings);
  }
  Diagnostics found(policy.source);
  findings.report(rules.size(), found);
  if (found.all().empty()) return;
  Diagnostics unused(policy.source);  // A launch says nothing of what is wrong with comments.
  std::vector<bool> used;
  add_others(found, read_exceptions(policy, unused), used, diagnostics);
}

}  // namespace sandbox::resolve
