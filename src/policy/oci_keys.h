// The keys of a mapping in a container profile, as Go's JSON has them: null leaves what is not there, and so do an
// empty string where a string is expected, and an empty list where a list is.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/mapping_reader.h"

namespace sandbox::policy {

/// The keys with strings. The two numbers among them are strings in a SeccompProfile.
inline constexpr std::array<std::string_view, 13> kTextKeys = {
    "defaultAction", "defaultErrno", "defaultErrnoRet", "listenerPath", "listenerMetadata", "baseProfileName", "name",
    "action",        "errno",        "errnoRet",        "op",           "architecture",     "minKernel"};
inline constexpr std::array<std::string_view, 9> kListKeys = {
    "architectures", "archMap", "flags", "syscalls", "names", "args", "caps", "arches", "subArchitectures"};

/// Whether a key's value is an empty one of the kind that Go expects there; of another kind it is an error to Go.
inline bool is_empty(std::string_view key, const TreeNode& node) {
  if (node.kind == TreeNode::Kind::kScalar) {
    return !node.plain && node.text.empty() && std::ranges::find(kTextKeys, key) != kTextKeys.end();
  }
  return node.kind == TreeNode::Kind::kSequence && node.items.empty() && node.complete &&
         std::ranges::find(kListKeys, key) != kListKeys.end();
}

/// The keys of a mapping in a profile.
class OciKeys : public MappingReader {
 public:
  OciKeys(Diagnostics& diagnostics, std::string place, std::span<const std::string_view> keys, const TreeNode& mapping)
      : MappingReader(diagnostics, std::move(place), keys, {}, {}, {}, KeyRules::kContainerRuntimes) {
    add_all(mapping);
  }

  /// The value of a key; null when it was not given, or is empty.
  [[nodiscard]] const TreeNode* find(std::string_view key) const {
    const TreeNode* value = MappingReader::find(key);
    return value == nullptr || is_empty(key, *value) ? nullptr : value;
  }

  /// The same where null stands for what is not there.
  [[nodiscard]] const TreeNode* find_unless_null(std::string_view key) const {
    const TreeNode* value = find(key);
    return value == nullptr || value->kind == TreeNode::Kind::kNull ? nullptr : value;
  }

  /// Whether saying that a key is missing would help; also of one that is empty.
  [[nodiscard]] bool lacks(std::string_view key) const {
    const TreeNode* value = MappingReader::find(key);
    return value != nullptr ? is_empty(key, *value) : MappingReader::lacks(key);
  }

  [[nodiscard]] bool has_empty(std::string_view key) const {
    const TreeNode* value = MappingReader::find(key);
    return value != nullptr && is_empty(key, *value);
  }

  [[nodiscard]] bool has(std::string_view key) const { return MappingReader::find(key) != nullptr; }
};

}  // namespace sandbox::policy
