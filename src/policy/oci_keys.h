// The keys of a mapping in a container profile, as Go's JSON has them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/mapping_reader.h"

namespace sandbox::policy {

/// Go takes an empty string and an empty list for one that is not there.
inline bool is_empty(const TreeNode& node) {
  if (node.kind == TreeNode::Kind::kScalar) return !node.plain && node.text.empty();
  return node.kind == TreeNode::Kind::kSequence && node.items.empty() && node.complete;
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
    return value == nullptr || is_empty(*value) ? nullptr : value;
  }

  /// The same where null stands for what is not there.
  [[nodiscard]] const TreeNode* find_unless_null(std::string_view key) const {
    const TreeNode* value = find(key);
    return value == nullptr || value->kind == TreeNode::Kind::kNull ? nullptr : value;
  }

  /// Whether saying that a key is missing would help; also of one that is empty.
  [[nodiscard]] bool lacks(std::string_view key) const {
    const TreeNode* value = MappingReader::find(key);
    return value != nullptr ? is_empty(*value) : MappingReader::lacks(key);
  }

  [[nodiscard]] bool has(std::string_view key) const { return MappingReader::find(key) != nullptr; }
};

}  // namespace sandbox::policy
