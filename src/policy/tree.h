// A document as a tree in which everything has a place, whichever parser has read it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/source_text.h"

namespace sandbox::policy {

struct TreeEntry;

struct TreeNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping, kAlias };

  Kind kind = Kind::kNull;
  SourceRange range;      ///< A scalar as written, quotes included; of a collection only its first character.
  std::string text;       ///< A scalar's value.
  bool plain = false;     ///< A scalar without quotes: only such a one can be a truth value, or a number of JSON.
  bool tagged = false;    ///< YAML: an explicit tag (`!!str`) stands before it.
  bool anchored = false;  ///< YAML: an anchor (`&name`) stands before it.
  bool complete = true;   ///< False when a syntax error cut this collection short.

  std::vector<TreeNode> items;     ///< Of a sequence.
  std::vector<TreeEntry> entries;  ///< Of a mapping, in order, duplicates included.
};

struct TreeEntry {
  TreeNode key;
  TreeNode value;
};

}  // namespace sandbox::policy
