// What `diff` prints: differences put together by the ABIs that they are about and the answers that differ.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "bpf/diff.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// How the second answer is, beside the first.
enum class Direction : uint8_t {
  kLooser,    ///< It allows what the first denies, or denies with an action that is less restrictive.
  kStricter,  ///< The other way round.
  kOther,     ///< Both allow (allow and log), or both have the same action with other data.
};

Direction direction_of(const bpf::Difference& difference);

/// "looser", "stricter", "other".
std::string_view word_of(Direction direction);

/// Calls that get the same two answers, regardless of their arguments.
struct AnswerGroup {
  std::string heading;
  Cell left;
  Cell right;
  Direction direction = Direction::kOther;
  std::vector<std::string> names;
  uint64_t nameless = 0;  ///< Numbers that no call has.
};

/// A call of which some arguments matter.
struct ConditionalDifference {
  std::string heading;
  std::vector<Cell> cells;
};

/// What there is to print, by the ABIs that it is about.
struct DifferenceLists {
  std::vector<std::string> headings;
  std::vector<AnswerGroup> groups;
  std::vector<ConditionalDifference> conditional;
};

/// The names of the ABI's calls among the numbers, by number.
std::vector<std::string> names_in(bpf::Interval numbers, arch::Abi abi);

/// "openat"; "openat, close (257 to 258)"; "every call"; "12 calls from read (0) to brk (12)".
std::string calls_text(bpf::Interval numbers, std::optional<arch::Abi> abi);

/// The ABIs of a set of calls by name; empty: they are no ABI's that is known, or too many.
std::vector<std::string> abis_of(const bpf::CallSet& calls, const std::vector<arch::Abi>& named);

/// The same as a heading: "x86_64, x32", "other ABIs".
std::string heading_of(const bpf::CallSet& calls, const std::vector<arch::Abi>& named);

/// `named`: the ABIs that either side speaks about. `machine`: the one in whose names is told what no ABI's is.
DifferenceLists lists_of(std::span<const bpf::Difference> differences, const std::vector<arch::Abi>& named,
                         arch::Abi machine);

/// Only what concerns one ABI.
void restrict_to(arch::Abi abi, bpf::Comparison& result);

}  // namespace sandbox::tool
