// What a policy means on one ABI: numbers instead of names, and for each call the clauses in the order in which they
// are tried. The evaluator and the compiler both start from here.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "base/source_text.h"
#include "bpf/program.h"
#include "policy/policy.h"

namespace sandbox::resolve {

/// What a call gets. `data` is the errno of kErrno and 0 otherwise.
struct Verdict {
  policy::Action action = policy::Action::kKillProcess;
  uint16_t data = 0;
  auto operator<=>(const Verdict&) const = default;  ///< For use as a key; not the order of restrictiveness.
};

/// The SECCOMP_RET_* value of a verdict.
uint32_t seccomp_return(Verdict verdict);

/// The verdict of a SECCOMP_RET_* value, read as the kernel reads it: an action that no policy can ask for (a user
/// notification, say, or an unknown one) counts as the kernel's fallback, kill_process.
Verdict verdict_of(uint32_t seccomp_return);

/// One comparison. `width` is 16, 32 or 64: the low bits of the register that the kernel reads and that are compared.
/// `value` and `mask` may be wider: the comparison then comes out as mathematics has it.
struct Condition {
  uint8_t argument = 0;
  uint8_t width = 64;
  policy::Operation operation = policy::Operation::kEqual;
  uint64_t value = 0;
  uint64_t mask = 0;  ///< With kMaskedEqual only.
  bool operator==(const Condition&) const = default;
};

/// Where a clause is written.
struct Origin {
  uint32_t policy = 0;  ///< The policy's index among those that apply together.
  uint32_t group = 0;   ///< The group's index in it.
  SourceRange range;    ///< The name in the group.
};

/// A verdict for the calls for which every condition holds; without conditions, for all.
struct Clause {
  std::vector<Condition> conditions;
  Verdict verdict;
  std::optional<Origin> origin;  ///< None: resolve() has made it, which repeats the default action beside `kernel:`.
};

/// Clauses in order. Nearly every call has one, which has its place in here; more of them stand together elsewhere.
class Clauses {
 public:
  Clauses() = default;
  Clauses(std::initializer_list<Clause> clauses) {
    for (const Clause& clause : clauses) push_back(clause);
  }

  void push_back(const Clause& clause) { push_back(Clause(clause)); }
  void push_back(Clause&& clause) {
    if (empty()) {
      first_ = std::move(clause);
      has_first_ = true;
      return;
    }
    if (all_.empty()) all_.push_back(std::move(first_));
    all_.push_back(std::move(clause));
  }

  [[nodiscard]] bool empty() const { return !has_first_; }
  [[nodiscard]] size_t size() const { return all_.empty() ? size_t{has_first_} : all_.size(); }
  [[nodiscard]] const Clause* begin() const { return all_.empty() ? &first_ : all_.data(); }
  [[nodiscard]] const Clause* end() const { return begin() + size(); }
  [[nodiscard]] Clause* begin() { return all_.empty() ? &first_ : all_.data(); }
  [[nodiscard]] Clause* end() { return begin() + size(); }
  [[nodiscard]] const Clause& front() const { return *begin(); }
  [[nodiscard]] const Clause& back() const { return *(end() - 1); }
  const Clause& operator[](size_t index) const { return begin()[index]; }

 private:
  Clause first_;  ///< The only one, if there is one.
  bool has_first_ = false;
  std::vector<Clause> all_;  ///< From two on.
};

/// The clauses of one call: the first that matches decides, else the default verdict.
struct CallRules {
  uint32_t number = 0;
  Clauses clauses;
};

/// What gives a call its verdict.
enum class VerdictSource : uint8_t {
  kGroup,       ///< A clause of a group.
  kDefault,     ///< No group matches: the default action.
  kKernel,      ///< No group matches, and the call is newer than `kernel:`.
  kAboveNamed,  ///< A container profile, and a number above the largest that it names.
  kFixed,       ///< Before all rules: a number that the kernel gives to no call.
  kNotCovered,  ///< Before all rules: a call of an ABI that the policy does not cover.
};

struct RuleSet {
  arch::Abi abi = arch::Abi::kX86_64;
  Verdict default_verdict;
  std::vector<CallRules> calls;                            ///< Sorted by number, no number twice.
  VerdictSource default_source = VerdictSource::kDefault;  ///< kKernel: the default verdict is that of `kernel:`.
  /// For a container profile: the largest number that it names, where is_above_named() is answered in its own way.
  std::optional<uint32_t> largest_named = {};
};

/// What a number gets that no clause decides, and why.
struct Fallback {
  Verdict verdict;
  VerdictSource source = VerdictSource::kDefault;
};
Fallback fallback_of(const RuleSet& rules, uint32_t number);

/// Whether runc answers the number with ENOSYS before it looks at any rule, where `largest` is the largest number that
/// the profile names: those above it; on s390 and s390x also 0, which stands for all that the kernel does not know.
bool is_above_named(arch::Abi abi, uint32_t number, uint32_t largest);

/// The clauses of a number; empty for one that the rules do not name.
std::span<const Clause> clauses_of(const RuleSet& rules, uint32_t number);

/// Notes in every clause of a group which of the policies that apply together it comes from.
void set_policy(RuleSet& rules, uint32_t policy);

/// What one policy means: a rule set for each ABI that it covers.
using PolicyRules = std::vector<RuleSet>;

/// The rules for an ABI; null if the policy does not cover it.
const RuleSet* find_rules(const PolicyRules& rules, arch::Abi abi);

/// The rules by which a call is judged; null if the policy does not cover its ABI.
const RuleSet* find_rules(const PolicyRules& rules, const bpf::SystemCall& call);

/// The verdict of two policies together: the more restrictive action; on equal actions the later one's data.
constexpr Verdict more_restrictive(Verdict earlier, Verdict later) {
  return later.action <= earlier.action ? later : earlier;
}

}  // namespace sandbox::resolve
