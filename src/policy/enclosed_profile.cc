#include "policy/enclosed_profile.h"

#include <algorithm>
#include <string_view>

#include "base/edit_distance.h"
#include "base/text.h"
#include "policy/mapping_reader.h"
#include "policy/scalar.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;
using Profiles = std::vector<const TreeNode*>;

constexpr std::string_view kProfileKind = "SeccompProfile";

bool same_key(std::string_view a, std::string_view b) {
  return a == b;
}

/// The entry of that key, the first if there are several; null where there is none.
template <typename Same>
const TreeEntry* find_entry(const TreeNode& mapping, std::string_view key, const Same& same) {
  const auto found = std::ranges::find_if(mapping.entries, [&](const TreeEntry& entry) {
    return entry.key.kind == Kind::kScalar && same(entry.key.text, key);
  });
  return found == mapping.entries.end() ? nullptr : &*found;
}

/// The same; a second one is an error, and so is what is not written out.
template <typename Same>
const TreeEntry* only_entry(const TreeNode& mapping, std::string_view key, const Same& same, Diagnostics& diagnostics) {
  const TreeEntry* first = find_entry(mapping, key, same);
  if (first == nullptr) return nullptr;
  for (const TreeEntry& entry : mapping.entries) {
    if (&entry == first || entry.key.kind != Kind::kScalar || !same(entry.key.text, key)) continue;
    diagnostics.error(entry.key.range, "key " + in_quotes(entry.key.text) + " is given twice; first on line " +
                                           std::to_string(diagnostics.source().locate(first->key.range.offset).line));
    return nullptr;
  }
  return expect_literal(first->value, in_quotes(key), diagnostics) ? first : nullptr;
}

bool has_mapping(const TreeEntry* entry) {
  return entry != nullptr && entry->value.kind == Kind::kMapping;
}

/// `metadata.name`; empty where there is none.
std::string_view name_of(const TreeNode& profile) {
  const TreeEntry* metadata = find_entry(profile, "metadata", same_key);
  const TreeEntry* name = metadata == nullptr ? nullptr : find_entry(metadata->value, "name", same_key);
  return name == nullptr ? std::string_view() : std::string_view(name->value.text);
}

void collect(const TreeNode& document, bool in_list, Profiles& profiles) {
  if (!is_resource(document)) return;
  const std::string kind = kind_of(document);
  if (kind == kProfileKind) {
    profiles.push_back(&document);
  } else if (!in_list && (kind == "List" || kind == "SeccompProfileList")) {
    const TreeEntry* items = find_entry(document, "items", same_key);
    if (items == nullptr) return;
    for (const TreeNode& item : items->value.items) collect(item, true, profiles);
  }
}

/// "'a', 'b' and 'c'".
std::string names_of(const Profiles& profiles) {
  constexpr size_t kMaxShown = 20;
  std::vector<std::string> names;
  for (const TreeNode* profile : profiles) {
    if (names.size() == kMaxShown) {
      names.push_back(std::to_string(profiles.size() - kMaxShown) + " more");
      break;
    }
    const std::string_view name = name_of(*profile);
    names.push_back(name.empty() ? "one without a name" : in_quotes(name, 60));
  }
  return join_with_and(names);
}

/// The resource of that name, or the only one.
const TreeNode* choose(const Profiles& profiles, const std::string& name, Diagnostics& diagnostics) {
  if (name.empty()) {
    if (profiles.size() == 1) return profiles.front();
    diagnostics.error(profiles[1]->range, std::to_string(profiles.size()) + " SeccompProfiles here: " +
                                              names_of(profiles) + "; name one of them as FILE#NAME");
    return nullptr;
  }
  const TreeNode* found = nullptr;
  for (const TreeNode* profile : profiles) {
    if (name_of(*profile) != name) continue;
    if (found != nullptr) {
      diagnostics.error(profile->range, "a second SeccompProfile called " + in_quotes(name, 60) +
                                            "; the first is on line " +
                                            std::to_string(diagnostics.source().locate(found->range.offset).line));
      return nullptr;
    }
    found = profile;
  }
  if (found == nullptr) {
    diagnostics.error(profiles.front()->range, "no SeccompProfile here is called " + in_quotes(name, 60) + "; there " +
                                                   (profiles.size() == 1 ? "is " : "are ") + names_of(profiles));
  }
  return found;
}

}  // namespace

bool is_bundle(const TreeNode& document) {
  return find_entry(document, "ociVersion", equal_ignoring_case) != nullptr;
}

const TreeNode* profile_in_bundle(const TreeNode& document, Diagnostics& diagnostics) {
  const TreeEntry* linux_part = only_entry(document, "linux", equal_ignoring_case, diagnostics);
  const TreeEntry* profile =
      has_mapping(linux_part) ? only_entry(linux_part->value, "seccomp", equal_ignoring_case, diagnostics) : nullptr;
  if (has_mapping(profile)) return &profile->value;
  if (profile != nullptr && profile->value.kind != Kind::kNull) {
    diagnostics.error(profile->value.range, "'seccomp' must be a mapping, found " + describe(profile->value));
  } else if (document.complete && !diagnostics.has_errors()) {
    diagnostics.error(find_entry(document, "ociVersion", equal_ignoring_case)->key.range,
                      "a bundle's configuration without a profile: it has no 'seccomp' below 'linux', so its container "
                      "runs without a filter");
  }
  return nullptr;
}

bool is_resource(const TreeNode& document) {
  return document.kind == Kind::kMapping && find_entry(document, "kind", same_key) != nullptr &&
         find_entry(document, "apiVersion", same_key) != nullptr;
}

std::string kind_of(const TreeNode& document) {
  const TreeEntry* kind = find_entry(document, "kind", same_key);
  return std::string(kind == nullptr ? std::string_view() : kind->value.text);
}

Profiles seccomp_profiles(const std::vector<TreeNode>& documents) {
  Profiles profiles;
  for (const TreeNode& document : documents) collect(document, false, profiles);
  return profiles;
}

const TreeNode* profile_of_name(const Profiles& profiles, const std::string& name, Diagnostics& diagnostics) {
  const TreeNode* resource = choose(profiles, name, diagnostics);
  if (resource == nullptr) return nullptr;
  for (const std::string_view key : {"kind", "apiVersion", "metadata"}) {
    only_entry(*resource, key, same_key, diagnostics);
  }
  const TreeEntry* spec = only_entry(*resource, "spec", same_key, diagnostics);
  if (has_mapping(spec)) return &spec->value;
  if (spec != nullptr && spec->value.kind != Kind::kNull) {
    diagnostics.error(spec->value.range, "'spec' must be a mapping, found " + describe(spec->value));
  } else if (resource->complete && !diagnostics.has_errors()) {
    diagnostics.error(resource->range, "'spec' is missing in the SeccompProfile: the profile stands there");
  }
  return nullptr;
}

}  // namespace sandbox::policy
