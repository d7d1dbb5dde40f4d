#include "policy/section.h"

#include <algorithm>
#include <string>
#include <utility>

#include "policy/scalar.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

/// The section's keys may stand one level too far left.
void explain_empty_section(const TreeNode& document, const TreeNode& key, std::span<const std::string_view> known,
                           Diagnostics& diagnostics) {
  std::string message = "the " + std::string(key.text) + " section must be a mapping, found nothing";
  for (const auto& [other, value] : document.entries) {
    if (std::ranges::find(known, other.text) == known.end()) continue;
    const uint32_t line = diagnostics.source().locate(other.range.offset).line;
    message += "; " + in_quotes(other.text) + " on line " + std::to_string(line) + " needs indentation";
    break;
  }
  diagnostics.error(key.range, std::move(message));
}

/// What stands below the section's own key. False if it could not be understood.
bool take_nested(const TreeNode& document, const TreeNode& key, const TreeNode& value,
                 std::span<const std::string_view> known, MappingReader& keys, Diagnostics& diagnostics) {
  if (value.kind == Kind::kNull && value.complete) {
    explain_empty_section(document, key, known, diagnostics);
    return false;
  }
  if (!expect_literal(key, "the key " + in_quotes(key.text), diagnostics)) return false;
  if (!expect_mapping(value, "the " + std::string(key.text) + " section", diagnostics)) return false;
  keys.add_all(value);
  return value.complete;
}

}  // namespace

bool is_section_key(const TreeNode& key, std::string_view section) {
  return key.kind == Kind::kScalar && key.text.starts_with(section) &&
         (key.text.size() == section.size() || key.text[section.size()] == '.');
}

SectionPlace collect_section(const TreeNode& document, std::string_view section,
                             std::span<const std::string_view> known, MappingReader& keys, Diagnostics& diagnostics) {
  SectionPlace place = {{}, document.complete};
  const TreeNode* nested = nullptr;  // The section's own key; dotted keys may stand beside it.
  for (const auto& [key, value] : document.entries) {
    if (!is_section_key(key, section)) continue;
    if (place.range.length == 0) place.range = key.range;
    if (key.text.size() > section.size()) {
      keys.add(key, std::string_view(key.text).substr(section.size() + 1), value);
      place.complete = place.complete && value.complete;
    } else if (nested != nullptr) {
      const uint32_t line = diagnostics.source().locate(nested->range.offset).line;
      diagnostics.error(key.range,
                        "key " + in_quotes(section) + " is given twice; first on line " + std::to_string(line));
      place.complete = false;
    } else {
      nested = &key;
      const bool understood = take_nested(document, key, value, known, keys, diagnostics);
      place.complete = place.complete && understood;
    }
  }
  return place;
}

bool expect_mapping(const TreeNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (!expect_literal(node, what, diagnostics)) return false;
  if (node.kind == Kind::kMapping) return true;
  if (node.complete) diagnostics.error(node.range, std::string(what) + " must be a mapping, found " + describe(node));
  return false;
}

bool expect_list(const TreeNode& node, std::string_view key, std::string_view many, Diagnostics& diagnostics) {
  if (!expect_literal(node, in_quotes(key), diagnostics)) return false;
  if (node.kind == Kind::kSequence) return true;
  if (node.complete) {
    diagnostics.error(node.range,
                      in_quotes(key) + " must be a list of " + std::string(many) + ", found " + describe(node));
  }
  return false;
}

bool expect_entries(const TreeNode& node, std::string_view key, std::string_view one, std::string_view many,
                    Diagnostics& diagnostics) {
  if (!expect_list(node, key, many, diagnostics)) return false;
  if (!node.items.empty()) return true;
  if (node.complete) {  // Else a syntax error may hide the entries.
    diagnostics.error(node.range, in_quotes(key) + " is an empty list; expected at least one " + std::string(one));
  }
  return false;
}

}  // namespace sandbox::policy
