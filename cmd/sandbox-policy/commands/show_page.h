// show: all calls of an ABI, with what becomes of each and what that costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "bpf/program.h"
#include "compile/ready_filter.h"
#include "resolve/rule_set.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {

/// A call, and what becomes of it.
struct ListedCall {
  std::string_view name;
  uint32_t number = 0;
  bool by_rules = false;  ///< Of a policy: then the chain says it,
  CallChain chain;
  bool computed = false;          ///< What else it can return is not known.
  std::vector<uint32_t> returns;  ///< else what the filter can return, over all arguments; the first of them,
  size_t more_returns = 0;        ///< and how many more.
  size_t longest = 0;             ///< The most instructions, over all arguments.
  size_t steps = 0;               ///< With all arguments 0.
  bool free = false;              ///< The kernel keeps it in its cache, and the filter is not run.

  [[nodiscard]] bool conditional() const { return by_rules ? !chain.cases.empty() : computed || returns.size() != 1; }
};

/// Everything that is shown of one ABI.
struct Page {
  arch::Abi abi = arch::Abi::kX86_64;
  const resolve::RuleSet* rules = nullptr;  ///< Null for filters.
  std::vector<ListedCall> calls;            ///< By number.
};

/// `filter` is what a launch installs; null: costs are left out. `answers` is what is asked for the verdicts.
Page page_of(const Input& input, const compile::ReadyFilter* filter, const bpf::ValidatedProgram& answers,
             arch::Abi abi);

/// "errno EPERM": of a call whose arguments do not matter.
std::string verdict_of(const Page& page, const ListedCall& listed);

/// "allow or errno EPERM": what a filter can answer.
std::string answers_text(const ListedCall& listed, arch::Abi abi);

}  // namespace sandbox::tool
