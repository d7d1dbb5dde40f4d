#include "policy/mapping_reader.h"

#include <algorithm>

#include "base/edit_distance.h"

namespace sandbox::policy {

const MappingReader::Entry* MappingReader::entry(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

void MappingReader::add(const YamlNode& key, std::string_view name, const YamlNode& value) {
  if (name == "<<") {
    diagnostics_.error(key.range, "merge keys ('<<') are not taken in " + place_ + "; write the keys out");
    return;
  }
  const auto known = std::find(keys_.begin(), keys_.end(), name);
  if (known == keys_.end()) {
    report_unknown(key, name);
    return;
  }
  if (const Entry* first = entry(name)) {
    const uint32_t line = diagnostics_.source().locate(first->key->range.offset).line;
    diagnostics_.error(
        key.range, "key " + quoted(name) + " is given twice in " + place_ + "; first on line " + std::to_string(line));
    return;
  }
  entries_.push_back({*known, &key, &value});
}

void MappingReader::add_all(const YamlNode& mapping) {
  for (const auto& [key, value] : mapping.entries) {
    if (key.kind != YamlNode::Kind::kScalar) {
      diagnostics_.error(key.range, "expected a key in " + place_ + ", found " + describe(key));
      continue;
    }
    add(key, key.text, value);
  }
}

void MappingReader::report_unknown(const YamlNode& key, std::string_view name) {
  std::string message = "unknown key " + quoted(name) + " in " + place_;
  const auto alias =
      std::find_if(aliases_.begin(), aliases_.end(), [&](const KeyAlias& a) { return a.written == name; });
  if (alias != aliases_.end()) {
    message += "; did you mean " + quoted(alias->meant) + "?";
  } else if (const auto nearest = nearest_name(name, keys_)) {
    message += "; did you mean " + quoted(*nearest) + "?";
  } else {
    message += "; expected " + enumerate(keys_);
  }
  diagnostics_.error(key.range, std::move(message));
}

const YamlNode* MappingReader::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : found->value;
}

const YamlNode* MappingReader::find_key(std::string_view key) const {
  const Entry* found = entry(key);
  return found == nullptr ? nullptr : found->key;
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return quoted(node.text, 40);
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kAlias:
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
