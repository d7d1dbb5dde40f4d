// A section of a policy: a key of the document's top level, with a mapping below it or with dotted keys.
#pragma once

#include <span>
#include <string_view>

#include "base/diagnostic.h"
#include "policy/mapping_reader.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Whether a key of the document's top level belongs to the section of this name: NAME or NAME.….
bool is_section_key(const TreeNode& key, std::string_view section);

/// Where a section stands, and whether it could be read as one.
struct SectionPlace {
  SourceRange range;     ///< Of the first of its keys on the top level.
  bool complete = true;  ///< Nothing of it was cut off or not understood, so that something may be said to be missing.
};

/// Hands the keys of a section to `keys`, both those below its key and the dotted ones. `known` are the names that it
/// may have: one that stands on the top level, where the section is empty, is a slip of the indentation.
SectionPlace collect_section(const TreeNode& document, std::string_view section,
                             std::span<const std::string_view> known, MappingReader& keys, Diagnostics& diagnostics);

/// Whether the node is a mapping; else an error "`what` must be a mapping".
bool expect_mapping(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

/// Whether the value of `key` is a list; else an error that it must be a list of `many`.
bool expect_list(const TreeNode& node, std::string_view key, std::string_view many, Diagnostics& diagnostics);

/// The same for a list that must not be empty.
bool expect_entries(const TreeNode& node, std::string_view key, std::string_view one, std::string_view many,
                    Diagnostics& diagnostics);

}  // namespace sandbox::policy
