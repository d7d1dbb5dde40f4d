#include "policy/mapping_reader.h"

#include <algorithm>

#include "policy/scalar.h"

namespace sandbox::policy {

const MappingReader::Entry* MappingReader::entry(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

bool is_comment_key(std::string_view key) {
  return key.starts_with('_') || key.starts_with('$') || key.starts_with("//") || equal_ignoring_case(key, "comment") ||
         equal_ignoring_case(key, "description");
}

void MappingReader::add(const TreeNode& key, std::string_view name, const TreeNode& value) {
  if (rules_ == KeyRules::kContainerRuntimes && is_comment_key(name)) return;
  if (!is_literal(key)) {
    expect_literal(key, "the key " + in_quotes(key.text), diagnostics_);
    obscure_ = true;
    return;
  }
  if (name == "<<") {
    obscure_ = true;
    diagnostics_.error(key.range, "merge keys ('<<') are not taken in " + place_ + "; write the keys out");
    return;
  }
  auto known = std::ranges::find(keys_, name);
  if (known == keys_.end() && rules_ != KeyRules::kExact) {
    known = std::ranges::find_if(keys_, [&](std::string_view k) { return equal_ignoring_case(k, name); });
  }
  if (known == keys_.end()) {
    report_unknown(key, name);
    return;
  }
  if (const Entry* first = entry(*known)) {
    const uint32_t line = diagnostics_.source().locate(first->key->range.offset).line;
    diagnostics_.error(key.range, "key " + in_quotes(name) + " is given twice in " + place_ + "; first on line " +
                                      std::to_string(line));
    return;
  }
  entries_.push_back({*known, &key, &value});
}

void MappingReader::add_all(const TreeNode& mapping) {
  entries_.reserve(entries_.size() + mapping.entries.size());
  for (const auto& [key, value] : mapping.entries) {
    if (key.kind != TreeNode::Kind::kScalar) {
      obscure_ = true;
      diagnostics_.error(key.range, "expected a key in " + place_ + ", found " + describe(key));
      continue;
    }
    add(key, key.text, value);
  }
}

void MappingReader::report_unknown(const TreeNode& key, std::string_view name) {
  if (std::find(inner_.begin(), inner_.end(), name) != inner_.end()) {
    diagnostics_.error(key.range, "key " + in_quotes(name) + " belongs in " + inner_place_ + ", found in " + place_ +
                                      "; is its indentation wrong?");
    return;
  }
  std::string message = "unknown key " + in_quotes(name.empty() ? key.text : name) + " in " + place_;
  const auto alias =
      std::find_if(aliases_.begin(), aliases_.end(), [&](const KeyAlias& a) { return a.written == name; });
  const auto meant = alias != aliases_.end() ? std::optional(alias->meant) : diagnostics_.nearest(place_, name, keys_);
  if (meant) {
    suggested_.push_back(*meant);
    message += "; did you mean " + in_quotes(*meant) + "?";
  } else {
    message += "; expected " + enumerate(keys_);
  }
  diagnostics_.error(key.range, std::move(message));
}

bool MappingReader::lacks(std::string_view key) const {
  return !obscure_ && entry(key) == nullptr && std::find(suggested_.begin(), suggested_.end(), key) == suggested_.end();
}

const TreeNode* MappingReader::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : found->value;
}

const TreeNode* MappingReader::find_key(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : found->key;
}

std::string describe(const TreeNode& node) {
  switch (node.kind) {
    case TreeNode::Kind::kNull:
      return "nothing";
    case TreeNode::Kind::kScalar:
      return in_quotes(node.text, 40);
    case TreeNode::Kind::kSequence:
      return "a list";
    case TreeNode::Kind::kMapping:
      return "a mapping";
    case TreeNode::Kind::kAlias:
      return "an alias";
  }
  return "something else";
}

std::string enumerate(std::span<const std::string_view> names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace sandbox::policy
