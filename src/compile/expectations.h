// Whether a policy does what is expected of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "base/diagnostic.h"
#include "base/result.h"
#include "bpf/program.h"
#include "compile/compile.h"
#include "policy/expectations.h"
#include "resolve/rule_set.h"

namespace sandbox::compile {

/// One expectation, and what came. Each member of a set is one.
struct JudgedExpectation {
  SourceRange range;     ///< Of the expectation, in its own text.
  arch::Abi abi;         ///< Through which the call comes.
  bpf::SystemCall call;  ///< As the filter sees it.
  resolve::Verdict expected;
  resolve::Verdict evaluated;               ///< What the evaluator says.
  resolve::Verdict compiled;                ///< What the compiled program says.
  const resolve::Clause* clause = nullptr;  ///< That decides, owned by the rules; null when no group does.
  bool depends_on_arguments = false;  ///< It should get this for all arguments, and may get something else for some.
  std::string above_named;  ///< Where nothing decides but that the number is above all that a profile names: says so.

  [[nodiscard]] bool passed() const { return evaluated == expected && compiled == expected && !depends_on_arguments; }
};

/// The most calls that the expectations of one file may come to: a set is one for each of its members.
inline constexpr size_t kMaxJudgedCalls = 100'000;

/// Judges every expectation by the evaluator and by the program that the rules are compiled to, without a way around it
/// for a launcher. Names that the expectation's ABI lacks, and values that do not fit its registers, are errors in
/// `diagnostics` (which belongs to the expectations' text), and such expectations are left out; so is all from the one
/// on that comes to more than kMaxJudgedCalls. `rules` are those of the enabled policies that apply together, read for
/// `expectations.abi` or, without one, for `native`.
Result<std::vector<JudgedExpectation>, CompileError> judge_expectations(const policy::Expectations& expectations,
                                                                        std::span<const resolve::PolicyRules> rules,
                                                                        arch::Abi native, Diagnostics& diagnostics);

/// What is to be said of one that failed: "expected errno EPERM, found allow (no-network.yml:9)"; `policies` are the
/// texts of the policies, in one of which the deciding line stands.
std::string failure_text(const JudgedExpectation& judged, std::span<const SourceText* const> policies);

}  // namespace sandbox::compile
