// YAML as a tree in which everything has a place, with what yaml-cpp lets pass held against the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace sandbox::policy {

struct YamlEntry;

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping, kAlias };

  Kind kind = Kind::kNull;
  SourceRange range;      ///< A scalar as written, quotes included; of a collection only its first character.
  std::string text;       ///< A scalar's value.
  bool plain = false;     ///< A scalar without quotes: only such a one can be a truth value.
  bool tagged = false;    ///< An explicit tag (`!!str`) stands before it.
  bool anchored = false;  ///< An anchor (`&name`) stands before it.
  bool complete = true;   ///< False when a syntax error cut this collection short.

  std::vector<YamlNode> items;     ///< Of a sequence.
  std::vector<YamlEntry> entries;  ///< Of a mapping, in order, duplicates included.
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// Parses `diagnostics.source()`, which `check_text` has accepted and which must hold exactly one document. Every
/// syntax error is added to `diagnostics`; what was read before it is returned all the same, so that the problems
/// before it can be shown too (`diagnostics` then takes none behind it). Nothing is returned when there is no document
/// at all.
std::optional<YamlNode> parse_yaml(Diagnostics& diagnostics);

}  // namespace sandbox::policy
