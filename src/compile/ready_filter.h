// Filters that need no compiling any more, from a file or built in, and how they are made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "base/result.h"
#include "compile/compile.h"
#include "compile/raw_filter.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::compile {

/// A filter and what a launcher must know of it.
struct ReadyFilter {
  Filter filter;
  std::vector<arch::Abi> covered;  ///< The ABIs that every policy covers; empty for raw BPF: not known.
  uint32_t flags = 0;              ///< SECCOMP_FILTER_FLAG_*.
  std::string source;              ///< What it was compiled from: printable; empty for raw BPF.
  bool raw = false;
  size_t prefix = 0;  ///< How many instructions were put in front of raw BPF.
};

/// The ABIs that every policy covers, in the order of the first. Precondition: there is a policy.
std::vector<arch::Abi> covered_abis(std::span<const resolve::PolicyRules> policies);

/// The filter of policies, at least one, that apply together: `rules` and `flags` are parallel.
Result<ReadyFilter, CompileError> compile_ready(std::span<const resolve::PolicyRules> rules,
                                                std::span<const policy::Flags> flags, std::string source,
                                                const CompileOptions& options);

/// Why policies could not be compiled, in words: one line, with the place of the group that costs most. `names` is what
/// to call the policies together.
std::string describe(const CompileError& error, std::span<const policy::Policy* const> policies,
                     const std::string& names);

/// What a call gets that no group of the policy matches: "allow", "errno EPERM".
std::string default_in_words(const policy::Policy& policy, arch::Abi native);

/// The largest that a file with a filter can be, of either kind.
size_t max_filter_bytes();

/// The filter in a file, of our own format or raw, to launch: for a launcher of this ABI. Everything is checked: what
/// comes out can be installed, and the launcher can execute a program under it.
Result<ReadyFilter, UnusableFilter> read_filter(std::string_view bytes, arch::Abi launcher);

/// The same to inspect: for whichever machine, raw BPF without anything in front of it, and what a launch would not
/// take may stand in it.
Result<ReadyFilter, UnusableFilter> inspect_filter(std::string_view bytes);

/// Whether the bytes are a filter, of either kind, if they are anything at all: no policy begins like one.
bool looks_like_filter(std::string_view bytes);

/// A filter file of a filter that was compiled for a launcher of this ABI. None when it is one that read_filter would
/// not take.
Result<std::string, UnusableFilter> write_filter(const ReadyFilter& ready, arch::Abi launcher);

}  // namespace sandbox::compile
