// JSON as a tree. Read by RapidJSON, and not as YAML, which it nearly is: container runtimes read their profiles as
// JSON, which has no anchors, no comments and one way to write a string, and a launch has it in 30 microseconds where
// yaml-cpp takes a millisecond.
//
// Why RapidJSON: Debian has it, and it is headers alone, so that the static launcher can have it (Debian's simdjson
// comes as a shared library only, and asks the processor what it can do before it reads a byte). Its events come in the
// order of the text, so that every key has a place and one that is given twice is seen; numbers stay as they are
// written; and it keeps its state in memory of its own, so that no nesting exhausts the stack.
#pragma once

#include <memory>
#include <string_view>

#include "base/diagnostic.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Whether the text begins as a JSON object does. YAML in flow style does, too.
bool looks_like_json(std::string_view text);

/// What parse_json() has read.
struct JsonDocument {
  std::unique_ptr<TreeMemory> memory;  ///< Of the tree.
  TreeNode root;       ///< Up to the syntax error, if there is one: what it cut short is not `complete`.
  bool valid = false;  ///< The text is one JSON value, as RFC 8259 has it.
};

/// Parses `diagnostics.source()`, which `check_text` has accepted. A syntax error is added to `diagnostics`, which then
/// takes no problems that come from behind it.
JsonDocument parse_json(Diagnostics& diagnostics);

}  // namespace sandbox::policy
