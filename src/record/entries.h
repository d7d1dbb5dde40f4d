// The entries of a recorded policy's group: from what was seen, out of an earlier text, and as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "base/source_text.h"
#include "policy/beats_writer.h"
#include "policy/policy.h"
#include "record/recording.h"

namespace sandbox::record {

/// A name, whole or under conditions, with the comment behind it.
struct RecordedName {
  std::string name;
  std::vector<policy::Condition> conditions;
  uint64_t count = 0;  ///< How often it was called; 0: not known, or not notified.
  std::string remark;  ///< Behind the count.
  bool needed = true;  ///< False: the earlier policy allows all that was seen of it. Only for entries from a recording.
};

using RecordedNames = std::vector<RecordedName>;

/// What was seen, for a policy that covers `abis`: an entry for each call that has a name, or for each of its values.
/// `newest` is the recorded kernel's version: of a call that it lacks the entry says so.
RecordedNames entries_of(const Recording& recording, std::span<const arch::Abi> abis,
                         const std::optional<arch::KernelVersion>& newest);

/// Conditions for calls with none of these bits in an argument; the bits are names of constants, joined by '|'.
std::vector<policy::Condition> no_bits_of(uint8_t argument, std::string_view bits);

/// The calls without a name, in words: "number 600 of x86_64". Those through an ABI that no table knows, too.
std::vector<std::string> nameless_calls(const Recording& recording);

/// A group's entries in their order, with the comments on their lines.
RecordedNames entries_of(const policy::Group& group, const SourceText& source);

/// Adds to entries what a further recording has: counts are summed; what is not there is added if it is needed. A call
/// that is to be allowed whole takes the place of its entries with conditions. Sorted by name. Returns how many were
/// added.
size_t merge(RecordedNames& entries, const RecordedNames& further);

/// The group of these entries, and the comments on them.
policy::Group group_of(const RecordedNames& entries);
policy::GroupComments comments_of(const RecordedNames& entries);

}  // namespace sandbox::record
