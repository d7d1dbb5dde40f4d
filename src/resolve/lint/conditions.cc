// Conditions that see less of an argument than they seem to.
#include <algorithm>
#include <set>

#include "arch/argument_layout.h"
#include "arch/argument_widths.h"
#include "arch/constants.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "resolve/evaluate.h"
#include "resolve/lint/parts.h"
#include "resolve/values.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using policy::Operation;

/// An argument that is made of bits, any number of which may be set at once.
struct FlagWord {
  std::string_view call;
  uint8_t argument;
  std::string_view field = {};  ///< The mask of those bits that are one value among the flags.
};

constexpr FlagWord kFlagWords[] = {
    {"accept4", 3},
    {"chmod", 1},
    {"clone", 0},
    {"close_range", 2},
    {"dup3", 2},
    {"epoll_create1", 0},
    {"eventfd2", 1},
    {"execveat", 4},
    {"faccessat2", 3},
    {"fanotify_init", 0},
    {"fanotify_mark", 1},
    {"fchmod", 1},
    {"fchmodat", 2},
    {"fchmodat2", 2},
    {"fchownat", 4},
    {"finit_module", 2},
    {"inotify_add_watch", 2},
    {"inotify_init1", 0},
    {"kexec_file_load", 4},
    {"linkat", 4},
    {"memfd_create", 1},
    {"mknod", 1, "S_IFMT"},
    {"mknodat", 2, "S_IFMT"},
    {"mlockall", 0},
    {"mmap", 2},
    {"mmap", 3},
    {"mmap2", 2},
    {"mmap2", 3},
    {"mount", 3},
    {"move_mount", 4},
    {"mprotect", 2},
    {"mremap", 3},
    {"open", 1, "O_ACCMODE"},
    {"open_by_handle_at", 2, "O_ACCMODE"},
    {"open_tree", 2},
    {"openat", 2, "O_ACCMODE"},
    {"perf_event_open", 4},
    {"personality", 0},
    {"pipe2", 1},
    {"pkey_mprotect", 2},
    {"recvfrom", 3},
    {"recvmmsg", 3},
    {"recvmsg", 2},
    {"renameat2", 4},
    {"sendmmsg", 3},
    {"sendmsg", 2},
    {"sendto", 3},
    {"setns", 1},
    {"shmat", 2},
    {"signalfd4", 3},
    {"timerfd_create", 1},
    {"umount2", 1},
    {"unshare", 0},
    {"userfaultfd", 0},
};

/// SOCK_CLOEXEC and SOCK_NONBLOCK are not in the low four bits (SOCK_TYPE_MASK in include/linux/net.h).
constexpr uint64_t kSocketTypeMask = 0xf;

const FlagWord* flag_word(Abi abi, std::string_view call, unsigned argument) {
  if (call == "clone") argument = arch::argument_meaning(abi, call, argument);
  const auto* const found = std::ranges::find_if(
      kFlagWords, [&](const FlagWord& word) { return word.call == call && word.argument == argument; });
  return found == std::end(kFlagWords) ? nullptr : found;
}

bool is_socket_type(std::string_view call, unsigned argument) {
  return argument == 1 && (call == "socket" || call == "socketpair");
}

/// A written condition on one call.
struct Written {
  std::string_view call;
  const policy::Condition& condition;
  uint64_t value;
  const Clause& clause;
  std::span<const Clause> clauses;  ///< All of the call.
};

std::string subject(const Written& written) {
  return "argument " + std::to_string(written.condition.argument) + " of " + in_quotes(written.call);
}

/// Whether a call that the clause does not match may come to the other answer, which makes the condition matter.
bool matters(const Written& written, Verdict by_default) {
  const bool passes = policy::is_allowed(written.clause.verdict.action);
  for (const Clause& later : written.clauses) {
    if (&later <= &written.clause) continue;
    if (policy::is_allowed(later.verdict.action) != passes) return true;
    if (later.conditions.empty()) return false;
  }
  return policy::is_allowed(by_default.action) != passes;
}

/// The address itself means something to the caller alone; but whether there is one, a filter can see.
void check_pointer(const Written& written, Abi abi, Findings& findings) {
  const auto arguments = arch::arguments_of(abi, written.call);
  const unsigned index = written.condition.argument;
  if (!arguments || index >= arguments->size() || !(*arguments)[index].pointer) return;
  const Operation operation = written.condition.operation;
  const bool asks_for_null =
      written.value == 0 && (operation == Operation::kEqual || operation == Operation::kNotEqual);
  if (asks_for_null) return;
  findings.add("pointer-compared", abi, written.condition.range,
               subject(written) + " is a pointer: the filter compares the address, and never sees what stands there");
}

/// A rule against single flags that further flags make pass: an Equal that denies, a NotEqual that allows.
void check_flags(const Written& written, const RuleSet& rules, Findings& findings) {
  const Operation operation = written.condition.operation;
  const bool denies = policy::is_denied(written.clause.verdict.action) && operation == Operation::kEqual;
  const bool allows = policy::is_allowed(written.clause.verdict.action) && operation == Operation::kNotEqual;
  if (!denies && !allows) return;
  const bool socket_type = is_socket_type(written.call, written.condition.argument);
  const FlagWord* word = flag_word(rules.abi, written.call, written.condition.argument);
  const auto arguments = arch::arguments_of(rules.abi, written.call);
  const unsigned index = written.condition.argument;
  const bool pointer = arguments && index < arguments->size() && (*arguments)[index].pointer;
  if ((word == nullptr && !socket_type) || pointer || written.value == 0) return;
  if (!matters(written, rules.default_verdict)) return;
  const std::string name(policy::name_of(operation));
  const std::string hole = denies ? " no longer matches" : " still matches";
  if (socket_type) {
    findings.add("flags-compared-whole", rules.abi, written.condition.range,
                 subject(written) + " also holds SOCK_CLOEXEC and SOCK_NONBLOCK, with which " + name + hole +
                     "; use MaskedEqual with mask 0xf");
    return;
  }
  // A value within the field of an access mode or a file type has no bit that could be tested alone.
  const auto field = word->field.empty() ? std::nullopt : arch::constant(rules.abi, word->field);
  const bool in_field = field && (written.value & ~*field) == 0;
  const std::string meant = in_field ? "MaskedEqual with mask " + std::string(word->field)
                            : denies ? "BitsSet"
                                     : "BitsNotSet";
  findings.add("flags-compared-whole", rules.abi, written.condition.range,
               subject(written) + " is a word of flags: once another flag is set, " + name + hole + "; use " + meant);
}

/// Nearly all programs ask for sockets with SOCK_CLOEXEC or SOCK_NONBLOCK.
void check_socket_type(const Written& written, const RuleSet& rules, Findings& findings) {
  if (!is_socket_type(written.call, written.condition.argument)) return;
  const bool allows =
      policy::is_allowed(written.clause.verdict.action) && written.condition.operation == Operation::kEqual;
  const bool denies =
      policy::is_denied(written.clause.verdict.action) && written.condition.operation == Operation::kNotEqual;
  if ((!allows && !denies) || !matters(written, rules.default_verdict)) return;
  for (const Clause& clause : written.clauses) {
    for (const Condition& other : clause.conditions) {
      const bool knows_flags = other.operation == Operation::kMaskedEqual || (other.value & ~kSocketTypeMask) != 0;
      if (other.argument == 1 && knows_flags) return;
    }
  }
  findings.add("exact-socket-type", rules.abi, written.condition.range,
               subject(written) +
                   " also holds SOCK_CLOEXEC and SOCK_NONBLOCK, with which most programs call it: they are denied; "
                   "use MaskedEqual with mask 0xf");
}

/// A file type or an access mode never comes alone: mknod's mode has permissions, open's flags O_CLOEXEC.
void check_mode(const Written& written, const RuleSet& rules, Findings& findings) {
  const FlagWord* word = flag_word(rules.abi, written.call, written.condition.argument);
  const auto field = word == nullptr || word->field.empty() ? std::nullopt : arch::constant(rules.abi, word->field);
  if (!field || (written.value & ~*field) != 0) return;
  const bool allows =
      policy::is_allowed(written.clause.verdict.action) && written.condition.operation == Operation::kEqual;
  const bool denies =
      policy::is_denied(written.clause.verdict.action) && written.condition.operation == Operation::kNotEqual;
  if ((!allows && !denies) || !matters(written, rules.default_verdict)) return;
  findings.add("exact-mode", rules.abi, written.condition.range,
               subject(written) +
                   " is compared whole, and holds other bits with nearly every call: such calls are "
                   "denied; use MaskedEqual with mask " +
                   std::string(word->field));
}

/// What a multiplexer gets for one selector.
Judgement judge(const RuleSet& rules, const arch::Multiplexed& multiplexed) {
  const PolicyRules alone = {rules};
  bpf::SystemCall call;
  call.arch = arch::info(rules.abi).audit_arch;
  call.number = *arch::number_of(rules.abi, multiplexed.multiplexer);
  call.args[0] = multiplexed.selector;
  Judgement judgement = evaluate(alone, call);
  judgement.clause = nullptr;  // It was a copy's.
  return judgement;
}

/// resolve() warns of a conditional deny that socketcall or ipc leaves open; a conditional allow is as open when the
/// multiplexer is allowed by name.
void check_multiplexed(const Written& written, const SourceRange& name, const RuleSet& rules, Findings& findings) {
  const std::vector<arch::Multiplexed> all = arch::multiplexed(rules.abi, written.call);
  if (all.empty() || !policy::is_allowed(written.clause.verdict.action) || !matters(written, rules.default_verdict))
    return;
  for (const arch::Multiplexed& multiplexed : all) {
    if (!policy::is_allowed(judge(rules, multiplexed).verdict.action)) continue;
    findings.add("multiplexer-open", rules.abi, name,
                 "the conditions on " + in_quotes(written.call) + " do not hold for " +
                     in_quotes(multiplexed.multiplexer) +
                     ", which is allowed and makes the same call with its arguments in memory; deny " +
                     in_quotes(multiplexed.multiplexer) + ", if no program needs it");
  }
}

/// The clause that was made of an entry; null if it made none here.
const Clause* find_clause(std::span<const Clause> clauses, const policy::Name& name) {
  const auto clause = std::ranges::find_if(
      clauses, [&](const Clause& c) { return is_written(c) && c.origin->range.offset == name.range.offset; });
  return clause == clauses.end() ? nullptr : &*clause;
}

}  // namespace

/// On 32-bit x86 glibc and Go make their sockets through socketcall alone (strace -n of glibc 2.36: number 102 for
/// each; Go: src/syscall/asm_linux_386.s): what is allowed to the calls of their own, by conditions say, is of no use
/// to them.
void check_socketcall(const RuleSet& rules, Findings& findings) {
  if (rules.abi != Abi::kX86) return;
  const auto socket = answers_of(rules, "socket");
  if (!socket || !socket->passes || socket->permission == nullptr) return;
  for (const arch::Multiplexed& multiplexed : arch::multiplexed(rules.abi, "socket")) {
    const Judgement judgement = judge(rules, multiplexed);
    // What a group denies is denied on purpose.
    if (policy::is_allowed(judgement.verdict.action) || judgement.source == VerdictSource::kGroup) return;
  }
  findings.add(
      "no-socketcall", rules.abi, socket->permission->origin->range,
      "'socket' is allowed, but not 'socketcall', by which the 32-bit programs of glibc and Go make their sockets; "
      "allow it, where no argument can be looked at, or deny it by its name");
}

void check_conditions(const policy::Policy& policy, const RuleSet& rules, Findings& findings) {
  for (const policy::Group& group : policy.groups) {
    for (const policy::ConditionalName& entry : group.names_with_args) {
      // A condition on a set would be said of each of its calls; sets hardly have arguments in common.
      const auto number = arch::number_of(rules.abi, entry.name.text);
      if (!number) continue;
      std::span<const Clause> clauses = clauses_of(rules, *number);
      const Clause* clause = find_clause(clauses, entry.name);
      if (clause == nullptr) continue;
      for (const policy::Condition& condition : entry.conditions) {
        const uint8_t width = arch::argument_width(rules.abi, entry.name.text, condition.argument);
        const uint64_t value = resolve_value(condition.value, rules.abi, width).value;
        const Written written = {entry.name.text, condition, value, *clause, clauses};
        check_pointer(written, rules.abi, findings);
        check_flags(written, rules, findings);
        check_socket_type(written, rules, findings);
        check_mode(written, rules, findings);
      }
    }
  }
}

void check_multiplexers(const policy::Policy& policy, const RuleSet& rules, Findings& findings) {
  if (!arch::has_multiplexers(rules.abi)) return;
  std::set<std::string_view> seen;  // Reported once for each call.
  for (const policy::Group& group : policy.groups) {
    for (const policy::ConditionalName& entry : group.names_with_args) {
      const auto number = arch::number_of(rules.abi, entry.name.text);
      if (!number || entry.conditions.empty() || !seen.insert(entry.name.text).second) continue;
      std::span<const Clause> clauses = clauses_of(rules, *number);
      const Clause* clause = find_clause(clauses, entry.name);
      if (clause == nullptr) continue;
      const Written written = {entry.name.text, entry.conditions.front(), 0, *clause, clauses};
      check_multiplexed(written, entry.name.range, rules, findings);
    }
  }
}

}  // namespace sandbox::resolve
