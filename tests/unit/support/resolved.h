// A whole policy from its text to its rules, and what these say of calls by name.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "bpf/program.h"
#include "resolve/evaluate.h"
#include "resolve/resolve.h"
#include "resolve/rule_set.h"
#include "support/policy_text.h"

namespace sandbox::testing {

using Arguments = std::array<uint64_t, bpf::kArgumentCount>;

/// A text that can be read without any problem. What the resolver finds is in `problems`.
struct ResolvedText {
  explicit ResolvedText(std::string yaml, const policy::Environment& environment = {}) : text(std::move(yaml)) {
    const auto policy = text.read(environment);
    EXPECT_EQ(text.problems(), "");
    if (policy) rules = resolve::resolve(*policy, environment.native, text.diagnostics());
    problems = text.problems();
  }

  [[nodiscard]] std::vector<arch::Abi> abis() const {
    std::vector<arch::Abi> listed;
    for (const resolve::RuleSet& set : rules) listed.push_back(set.abi);
    return listed;
  }

  /// The clauses of a call; empty when no group names it, or the policy does not cover the ABI.
  [[nodiscard]] std::vector<resolve::Clause> clauses(arch::Abi abi, std::string_view name) const {
    for (const resolve::RuleSet& set : rules) {
      for (const resolve::CallRules& call : set.calls) {
        if (set.abi == abi && call.number == arch::number_of(abi, name))
          return {call.clauses.begin(), call.clauses.end()};
      }
    }
    return {};
  }

  /// The only condition of the first clause of a call.
  [[nodiscard]] resolve::Condition condition(arch::Abi abi, std::string_view name) const {
    const auto found = clauses(abi, name);
    EXPECT_FALSE(found.empty()) << name;
    if (found.empty()) return {};
    EXPECT_EQ(found[0].conditions.size(), 1U);
    return found[0].conditions.empty() ? resolve::Condition{} : found[0].conditions[0];
  }

  [[nodiscard]] resolve::Verdict judge(arch::Abi abi, uint32_t number, const Arguments& arguments = {}) const {
    return resolve::evaluate(rules, {number, arch::info(abi).audit_arch, arguments, 0}).verdict;
  }
  [[nodiscard]] resolve::Verdict judge(arch::Abi abi, std::string_view name, const Arguments& arguments = {}) const {
    return judge(abi, arch::number_of(abi, name).value(), arguments);
  }

  PolicyText text;
  resolve::PolicyRules rules;
  std::string problems;
};

}  // namespace sandbox::testing
