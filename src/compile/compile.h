// From rule sets to one filter program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "base/result.h"
#include "bpf/validate.h"
#include "compile/effort.h"
#include "compile/token.h"
#include "resolve/rule_set.h"

namespace sandbox::compile {

/// What a policy was compiled to. The program is complete but for the token: at the sites stand zeros, which the code
/// that installs it replaces by random words.
struct Filter {
  bpf::ValidatedProgram program;
  std::vector<TokenSite> token_sites;  ///< Empty when every call that the launcher needs is allowed anyhow.
  size_t ranges = 0;                   ///< How many stretches of numbers the ABIs were cut into.
};

/// The most clauses of several policies that are looked at, each as often as it meets another verdict of the policies
/// before. They may all come to answers that are there already, so it is not the program's size that ends this.
inline constexpr size_t kMaxCombinations = 2'000'000;

struct CompileError {
  size_t instructions = 0;                   ///< How many instructions the program would need.
  bool gave_up = false;                      ///< That is not known: more than kMaxCombinations were tried.
  std::optional<resolve::Origin> costliest;  ///< A clause of the group that needs the most of them.
  size_t costliest_instructions = 0;         ///< What that group needs.
};

struct CompileOptions {
  /// The ABI of a launcher that will exec a program under the filter: its execve, and write and exit_group for
  /// reporting a failed execve, get through with the token where the policy would not allow them. None: no token, no
  /// way around.
  std::optional<arch::Abi> launcher = {};
  Effort effort = Effort::kQuick;
};

/// Compiles policies, at least one, to one filter: for each, its rule sets, one for each ABI that it covers. A call
/// gets the most restrictive verdict of all; on equal actions the later policy's data. An ABI that not every policy
/// covers kills the process.
Result<Filter, CompileError> compile(std::span<const resolve::PolicyRules> policies,
                                     const CompileOptions& options = {});

/// A filter of a program that was put together of valid ones. The error: it has become too long.
Result<Filter, CompileError> joined_filter(bpf::Program program, std::vector<TokenSite> sites, size_t ranges);

/// The program with the token in place: a call that shows it is notified, and needs a listener that lets it continue.
/// The constants that change are operands of XOR, so it is as valid as before.
bpf::Program with_token(const Filter& filter, const Token& token);

/// The same where there is no listener: a call that shows the token is allowed, as often as it is made. Precondition:
/// the filter has no notifications of its own (compile/notify.h).
bpf::Program with_lasting_token(const Filter& filter, const Token& token);

/// The filter with a token that allows, as with_lasting_token() has it: for one to which notifications are added
/// afterwards (compile/notify.h). The same precondition.
Filter with_allowing_token(const Filter& filter);

/// The program with token checks that fail for any call: what the filter answers to all that do not know the
/// token. Its size, and what it costs, stay the same.
bpf::ValidatedProgram without_token(const Filter& filter);

}  // namespace sandbox::compile
