// The keys of one mapping, checked: known, given once, plain text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// A key that people write for another one.
struct KeyAlias {
  std::string_view written;
  std::string_view meant;
};

/// How keys are compared with those that are known.
enum class KeyRules : uint8_t {
  kExact,
  kContainerRuntimes,  ///< Without case, as Go's JSON does; what is_comment_key() says of is passed over.
};

/// Whether people who write container profiles mean the key as a comment: it begins with '_', '$' or "//", or is
/// "comment" or "description".
bool is_comment_key(std::string_view key);

/// Collects the entries of one mapping, or of several that stand for one (dotted keys), and gives them out by key.
class MappingReader {
 public:
  /// `place` completes "in ..." in messages: "a group", "the seccomp section". `inner` are keys of what stands one
  /// level below, in `inner_place`: one of them here is a slip of the indentation.
  MappingReader(Diagnostics& diagnostics, std::string place, std::span<const std::string_view> keys,
                std::span<const KeyAlias> aliases = {}, std::span<const std::string_view> inner = {},
                std::string inner_place = {}, KeyRules rules = KeyRules::kExact)
      : diagnostics_(diagnostics),
        place_(std::move(place)),
        keys_(keys),
        aliases_(aliases),
        inner_(inner),
        inner_place_(std::move(inner_place)),
        rules_(rules) {}

  /// Takes one entry; an unknown, repeated or strange key is an error. `name` is the key without any dotted prefix.
  void add(const TreeNode& key, std::string_view name, const TreeNode& value);

  /// Takes every entry of a mapping.
  void add_all(const TreeNode& mapping);

  /// The value of a key; null when it was not given.
  [[nodiscard]] const TreeNode* find(std::string_view key) const;

  /// Whether saying that a key is missing would help: not when an unknown key was taken for it, or when a merge key or
  /// an alias may hide it.
  [[nodiscard]] bool lacks(std::string_view key) const;

  /// The key's own node; null when it was not given.
  [[nodiscard]] const TreeNode* find_key(std::string_view key) const;

 private:
  struct Entry {
    std::string_view name;
    const TreeNode* key;
    const TreeNode* value;
  };

  [[nodiscard]] const Entry* entry(std::string_view name) const;
  void report_unknown(const TreeNode& key, std::string_view name);

  Diagnostics& diagnostics_;
  std::string place_;
  std::span<const std::string_view> keys_;
  std::span<const KeyAlias> aliases_;
  std::span<const std::string_view> inner_;
  std::string inner_place_;
  KeyRules rules_;
  std::vector<Entry> entries_;
  std::vector<std::string_view> suggested_;  ///< Keys that an unknown one was taken for.
  bool obscure_ = false;                     ///< A merge key, or a key that cannot be read.
};

/// What a node is, for "expected ..., found ...": "a list", "the text 'on'", "nothing".
std::string describe(const TreeNode& node);

/// "a", "a or b", "a, b or c".
std::string enumerate(std::span<const std::string_view> names);

}  // namespace sandbox::policy
