// A policy as a `seccomp` section, with its `landlock` section if it has one, and the pieces of one: groups,
// conditions, lists, each in one way wherever they are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "policy/policy.h"

namespace sandbox::policy {

/// YAML in block style, one name a line, in the policy's own order. What the policy says by default is left out, and
/// so are comments. Precondition: it says nothing that only an OCI profile can say (resolve/convert/beats_policy.h).
///
/// Two policies that are written alike mean the same.
std::string write_beats(const Policy& policy);

/// The comments that go with a group. A list that is shorter than the names stands for no comments on the others.
struct GroupComments {
  std::vector<std::string> above;            ///< Whole lines, with their '#'.
  std::vector<std::string> names;            ///< Behind each of `names`, without the '#'; empty for none.
  std::vector<std::string> names_with_args;  ///< Behind the last condition of each of `names_with_args`.
};

/// A group as an entry of a list in block style, each line indented by `indent` spaces.
std::string block_group(const Group& group, size_t indent, const GroupComments& comments = {});

/// How words stand between braces: as YAML has them, or quoted all of them, as JSON needs it.
enum class FlowStyle : uint8_t { kYaml, kJson };

/// The same between braces, in one piece.
std::string flow_group(const Group& group, FlowStyle style = FlowStyle::kYaml);

/// "key: value" between braces. The value is taken as it is.
std::string flow_entry(std::string_view key, std::string_view value, FlowStyle style = FlowStyle::kYaml);

/// "[read, write]".
std::string flow_list(const std::vector<std::string>& words, FlowStyle style = FlowStyle::kYaml);

/// "{argument: 0, operation: Equal, value: AF_UNIX}". Bits, which are masks, what is compared by its bits, and what is
/// put together by '|', are written in hexadecimal; other numbers in decimal, from 4096 on in hexadecimal.
std::string condition_text(const Condition& condition, FlowStyle style = FlowStyle::kYaml);

/// The names of ABIs.
std::vector<std::string> names_of(const std::vector<arch::Abi>& abis);

/// A release as a value of `kernel:`, between quotes: 6.10 is no number.
std::string version_value(arch::KernelVersion version);

}  // namespace sandbox::policy
