// The keys of one mapping, checked: known, given once, plain text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/yaml_tree.h"

namespace sandbox::policy {

/// A key that people write for another one.
struct KeyAlias {
  std::string_view written;
  std::string_view meant;
};

/// Collects the entries of one mapping, or of several that stand for one (dotted keys), and gives them out by key.
class MappingReader {
 public:
  /// `place` completes "in ..." in messages: "a group", "the seccomp section". `inner` are keys of what stands one
  /// level below, in `inner_place`: one of them here is a slip of the indentation.
  MappingReader(Diagnostics& diagnostics, std::string place, std::span<const std::string_view> keys,
                std::span<const KeyAlias> aliases = {}, std::span<const std::string_view> inner = {},
                std::string inner_place = {})
      : diagnostics_(diagnostics),
        place_(std::move(place)),
        keys_(keys),
        aliases_(aliases),
        inner_(inner),
        inner_place_(std::move(inner_place)) {}

  /// Takes one entry; an unknown, repeated or strange key is an error. `name` is the key without any dotted prefix.
  void add(const YamlNode& key, std::string_view name, const YamlNode& value);

  /// Takes every entry of a mapping.
  void add_all(const YamlNode& mapping);

  /// The value of a key; null when it was not given.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;

  /// Whether saying that a key is missing would help: not when an unknown key was taken for it, or when a merge key or
  /// an alias may hide it.
  [[nodiscard]] bool lacks(std::string_view key) const;

  /// The key's own node; null when it was not given.
  [[nodiscard]] const YamlNode* find_key(std::string_view key) const;

 private:
  struct Entry {
    std::string_view name;
    const YamlNode* key;
    const YamlNode* value;
  };

  [[nodiscard]] const Entry* entry(std::string_view name) const;
  void report_unknown(const YamlNode& key, std::string_view name);

  Diagnostics& diagnostics_;
  std::string place_;
  std::span<const std::string_view> keys_;
  std::span<const KeyAlias> aliases_;
  std::span<const std::string_view> inner_;
  std::string inner_place_;
  std::vector<Entry> entries_;
  std::vector<std::string_view> suggested_;  ///< Keys that an unknown one was taken for.
  bool obscure_ = false;                     ///< A merge key, or a key that cannot be read.
};

/// What a node is, for "expected ..., found ...": "a list", "the text 'on'", "nothing".
std::string describe(const YamlNode& node);

/// "a", "a or b", "a, b or c".
std::string enumerate(std::span<const std::string_view> names);

}  // namespace sandbox::policy
