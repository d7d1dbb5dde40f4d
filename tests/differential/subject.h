// One policy with everything that was made of it, and what these say about a call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/validate.h"
#include "compile/compile.h"
#include "random.h"
#include "resolve/rule_set.h"

namespace sandbox::differential {

/// Reads and resolves a policy for one ABI. None when it has errors, which are then in `errors`, and when it is for
/// another ABI.
std::optional<resolve::RuleSet> load(const std::string& text, arch::Abi abi, std::string& errors);

/// A policy's rules and the programs that must agree with them.
class Subject {
 public:
  /// None when the policy needs more instructions than a filter may have; fails the test on any other error.
  static std::optional<Subject> make(resolve::RuleSet rules, Random& random);

  /// Compares all accounts of a call: empty, or what differs. The call must not carry the token, unless it is not one
  /// of the launcher's.
  [[nodiscard]] std::string disagreement(const bpf::SystemCall& call) const;

  /// A call of this number with the token in its registers, everything else random.
  [[nodiscard]] bpf::SystemCall token_call(uint32_t number, Random& random) const;

  /// The number of a call that the launcher makes, and the token in its registers: it must be allowed.
  [[nodiscard]] std::string token_refused(uint32_t number, Random& random) const;

  /// The token opens nothing but the launcher's calls, and nothing but the whole token opens these.
  [[nodiscard]] std::string token_misled(Random& random) const;

  /// Every number that the rules allow for any arguments is one that the kernel need not run the filter for.
  [[nodiscard]] std::string not_cached(uint32_t number) const;

  [[nodiscard]] const resolve::PolicyRules& policy() const { return policy_; }
  [[nodiscard]] const resolve::RuleSet& rules() const { return policy_.front(); }
  [[nodiscard]] const bpf::ValidatedProgram& plain() const { return plain_; }
  [[nodiscard]] const bpf::ValidatedProgram& launcher() const { return launcher_; }
  [[nodiscard]] bool judged_by_libseccomp() const { return libseccomp_.has_value(); }
  [[nodiscard]] std::vector<uint32_t> launcher_numbers() const;

 private:
  Subject(resolve::RuleSet rules, bpf::ValidatedProgram plain, bpf::ValidatedProgram launcher, compile::Token token);

  resolve::PolicyRules policy_;  ///< For one ABI.
  bpf::ValidatedProgram plain_;
  bpf::ValidatedProgram launcher_;  ///< With the token in place.
  compile::Token token_;
  std::optional<bpf::ValidatedProgram> libseccomp_;
};

std::string describe(const bpf::SystemCall& call);

}  // namespace sandbox::differential
