// The formats that policies are written in: the one table of them, and how each is recognised.
#pragma once

#include <span>
#include <string_view>

#include "policy/policy.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// A format of documents in YAML or JSON, which a key on the top level tells.
struct DocumentFormat {
  Format format;
  std::string_view key;                     ///< The key, for messages.
  bool (*is_it)(const TreeNode& document);  ///< Of a mapping.
  bool json;                                ///< What begins as JSON does is read as JSON, and not as YAML.
};

/// All of them. A systemd unit is the one format that is neither YAML nor JSON (looks_like_unit).
std::span<const DocumentFormat> document_formats();

/// The format of a document, by name: "a container profile".
std::string_view describe(Format format);

}  // namespace sandbox::policy
