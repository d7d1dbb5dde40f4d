#include "policy/reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/edit_distance.h"
#include "policy/beats_reader.h"
#include "policy/enclosed_profile.h"
#include "policy/foreign.h"
#include "policy/formats.h"
#include "policy/json_tree.h"
#include "policy/landlock_reader.h"
#include "policy/mapping_reader.h"
#include "policy/oci_reader.h"
#include "policy/section.h"
#include "policy/text_check.h"
#include "policy/unit_reader.h"
#include "policy/unit_text.h"
#include "policy/yaml_tree.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

bool has_key(const TreeNode& document, bool (&is_key)(const TreeNode&)) {
  return std::ranges::any_of(document.entries, [&](const auto& entry) { return is_key(entry.key); });
}

bool is_read_as_json(const TreeNode& document) {
  return std::ranges::any_of(document_formats(),
                             [&](const DocumentFormat& format) { return format.json && format.is_it(document); });
}

/// The text's documents. Container profiles that begin as JSON does are read as JSON. A Beats section may be written in
/// YAML's flow style, of which JSON is a part: it is read as YAML is.
Tree parse(const std::shared_ptr<const SourceText>& source, Diagnostics& diagnostics) {
  const auto as_json = [&](JsonDocument json) { return Tree{std::move(json.memory), {json.root}}; };
  if (!looks_like_json(source->text())) return parse_yaml_stream(diagnostics, is_resource);
  Diagnostics json_problems(source);
  JsonDocument json = parse_json(json_problems);
  const bool profile = is_read_as_json(json.root);
  if (profile && json.valid) return as_json(std::move(json));
  if (json.valid) return parse_yaml_stream(diagnostics, is_resource);

  Diagnostics yaml_problems(source);
  const Tree yaml = parse_yaml(yaml_problems);
  const TreeNode document = yaml.documents.empty() ? TreeNode{} : yaml.documents.front();
  const bool section = has_key(document, is_beats_key) || has_key(document, is_landlock_key);
  const bool meant_as_profile = is_read_as_json(document) || source->text().find("SCMP_") != std::string::npos;
  if (profile || (meant_as_profile && !section)) return as_json(parse_json(diagnostics));
  return parse_yaml_stream(diagnostics, is_resource);
}

/// What `name` was meant to be if it is nearly "seccomp" or "landlock", or begins so before a '.'.
std::optional<std::string> nearly_section(std::string_view name) {
  constexpr std::array<std::string_view, 2> kSections = {kSectionKey, kLandlockKey};
  const size_t dot = std::min(name.find('.'), name.size());
  const std::string_view written = name.substr(0, dot);
  if (std::ranges::find(kSections, written) != kSections.end()) return std::nullopt;
  const auto nearest = nearest_name(written, kSections);
  if (!nearest) return std::nullopt;
  return std::string(*nearest) + std::string(name.substr(dot));
}

/// Whether the document has a section with something in it.
bool has_section(const TreeNode& document, std::string_view section) {
  return std::ranges::any_of(document.entries, [&](const auto& entry) {
    return is_section_key(entry.key, section) && entry.value.kind != Kind::kNull;
  });
}

/// A section's keys. No Beat has these on the top level: there they have slipped out of the section.
struct InnerKeys {
  std::string_view section;
  std::span<const std::string_view> keys;
};
constexpr std::array<std::string_view, 13> kOfSeccomp = {
    "default_action", "default_errno", "syscalls", "names", "names_with_args", "arguments", "argument",
    "position",       "operation",     "value",    "mask",  "errno",           "action"};
constexpr std::array<std::string_view, 7> kOfLandlock = {"files", "access", "paths",      "tcp",
                                                         "udp",   "scope",  "best_effort"};
constexpr std::array<InnerKeys, 2> kInnerKeys = {{{kSectionKey, kOfSeccomp}, {kLandlockKey, kOfLandlock}}};

/// Keys on the top level with which a part of a section would go unread. False if there is one.
bool check_top_level(const TreeNode& document, Diagnostics& diagnostics) {
  bool good = true;
  const bool profile = has_key(document, is_oci_key);
  std::vector<InnerKeys> sections;
  std::ranges::copy_if(kInnerKeys, std::back_inserter(sections),
                       [&](const InnerKeys& inner) { return has_section(document, inner.section); });
  for (const auto& [key, value] : document.entries) {
    if (profile && is_comment_key(key.text)) continue;
    if (key.kind == Kind::kAlias) {
      diagnostics.error(key.range, "an alias cannot be a key on the top level; write the key out");
      good = false;
      continue;
    }
    if (const auto meant = nearly_section(key.text)) {
      diagnostics.error(key.range, "unknown key " + in_quotes(key.text) + "; did you mean " + in_quotes(*meant) + "?");
      good = false;
      continue;
    }
    for (const InnerKeys& inner : sections) {
      if (std::ranges::find(inner.keys, key.text) == inner.keys.end()) continue;
      diagnostics.error(key.range, "key " + in_quotes(key.text) + " stands outside the " + in_quotes(inner.section) +
                                       " section; is its indentation wrong?");
      good = false;
      break;
    }
  }
  return good;
}

/// A document with none of the keys that would say what it is: the error tries to say what was meant.
void report_unrecognised(const TreeNode& document, Diagnostics& diagnostics) {
  if (diagnostics.source().text().find("\"SCMP_") != std::string::npos) {
    if (!document.complete) return;
    diagnostics.error(document.range,
                      "'defaultAction' is missing in the profile: what a call gets that no rule matches");
    return;
  }
  constexpr std::array<std::string_view, 3> kInner = {"default_action", "syscalls", "enabled"};
  for (const auto& [key, value] : document.entries) {
    if (std::find(kInner.begin(), kInner.end(), key.text) != kInner.end()) {
      diagnostics.error(key.range,
                        "key " + in_quotes(key.text) + " stands outside a 'seccomp' section; put it below 'seccomp:'");
      return;
    }
  }
  if (!document.complete) return;
  std::string message =
      "no policy here: expected the key 'seccomp' or 'landlock' (or 'defaultAction') on the top level";
  for (const auto& [key, value] : document.entries) {
    const bool below = std::any_of(value.entries.begin(), value.entries.end(),
                                   [](const auto& entry) { return is_beats_key(entry.key); });
    if (below || key.text.ends_with(".seccomp")) {
      message += below ? "; it stands below " + in_quotes(key.text) : "; found " + in_quotes(key.text);
      break;
    }
  }
  diagnostics.error(document.range, std::move(message));
}

/// A text in which no format is recognised.
void report_no_policy(const std::vector<TreeNode>& documents, Diagnostics& diagnostics) {
  if (documents.empty()) {
    if (!diagnostics.has_errors()) diagnostics.error("is empty: expected a policy with the key 'seccomp'");
    return;
  }
  const TreeNode& document = documents.front();
  if (document.kind == Kind::kMapping) {
    if (check_top_level(document, diagnostics)) report_unrecognised(document, diagnostics);
  } else if (document.complete) {
    diagnostics.error(document.range,
                      "no policy here: expected a mapping with the key 'seccomp', found " + describe(document));
  }
}

bool is_of_containers(const TreeNode& document) {
  return is_resource(document) || std::ranges::any_of(document_formats(), [&](const DocumentFormat& format) {
           return is_container_profile(format.format) && format.is_it(document);
         });
}

/// A `landlock` section beside a container profile. False if there is one.
bool check_landlock(const std::vector<TreeNode>& documents, Diagnostics& diagnostics) {
  for (const TreeNode& document : documents) {
    if (!is_of_containers(document) || has_key(document, is_beats_key)) continue;
    const auto found = std::ranges::find_if(document.entries, is_landlock_key, &TreeEntry::key);
    if (found == document.entries.end()) continue;
    diagnostics.error(found->key.range,
                      "a container profile has no landlock section; write it into a policy file, and give that with "
                      "another --policy");
    return false;
  }
  return true;
}

/// The one format whose key the first document has. None, and an error, where there are two.
std::optional<Format> format_of(const TreeNode& document, Diagnostics& diagnostics) {
  const DocumentFormat* found = nullptr;
  for (const DocumentFormat& format : document_formats()) {
    if (!format.is_it(document)) continue;
    if (found != nullptr) {
      diagnostics.error(document.range, "both a " + in_quotes(found->key) + " and a " + in_quotes(format.key) +
                                            " key; a file is one policy or the other");
      return std::nullopt;
    }
    found = &format;
  }
  return found == nullptr ? std::nullopt : std::optional(found->format);
}

bool is_recognised(const TreeNode& document) {
  return document.kind == Kind::kMapping &&
         std::ranges::any_of(document_formats(), [&](const DocumentFormat& format) { return format.is_it(document); });
}

/// What else the text may be, for one that is no policy.
std::optional<std::string> foreign(const std::vector<TreeNode>& documents, std::string_view text) {
  const auto as_document = documents.empty() ? std::nullopt : foreign_document(documents.front());
  return as_document ? as_document : foreign_text(text);
}

/// Of several documents each must be a resource; the parser has seen to all but the last.
std::optional<Policy> read_resources(const std::vector<TreeNode>& documents, const std::string& wanted,
                                     const Environment& environment, Diagnostics& diagnostics) {
  const TreeNode& last = documents.back();
  if (!is_resource(last)) {
    if (last.complete) {
      diagnostics.error(last.range,
                        "a document that is no Kubernetes resource behind others that are; expected "
                        "'apiVersion' and 'kind'");
    }
    return std::nullopt;
  }
  const std::vector<const TreeNode*> profiles = seccomp_profiles(documents);
  if (profiles.empty()) {
    if (!diagnostics.has_errors()) {
      diagnostics.error(documents.front().range, "no SeccompProfile among these Kubernetes resources");
    }
    return std::nullopt;
  }
  const TreeNode* profile = profile_of_name(profiles, wanted, diagnostics);
  if (profile == nullptr) return std::nullopt;
  return read_oci(*profile, Format::kSeccompProfile, environment, diagnostics);
}

/// A policy's two sections, of which the document has at least one.
Policy read_sections(const TreeNode& document, Diagnostics& diagnostics) {
  Policy policy;
  if (has_key(document, is_beats_key)) {
    policy = read_beats(document, diagnostics);
  } else {
    policy.has_filter = false;
  }
  if (has_key(document, is_landlock_key)) policy.landlock = read_landlock(document, diagnostics);
  return policy;
}

std::optional<Policy> read_document(const std::vector<TreeNode>& documents, const std::string& wanted,
                                    const Environment& environment, Diagnostics& diagnostics) {
  if (!check_landlock(documents, diagnostics)) return std::nullopt;
  if (documents.size() > 1) return read_resources(documents, wanted, environment, diagnostics);
  const TreeNode& document = documents.front();
  const auto format = format_of(document, diagnostics);
  if (!format) return std::nullopt;
  if (!wanted.empty() && *format != Format::kSeccompProfile) {
    diagnostics.error(document.range, "this is " + std::string(describe(*format)) + "; '#" + printable(wanted, 60) +
                                          "' names a SeccompProfile in a file of Kubernetes resources");
    return std::nullopt;
  }
  switch (*format) {
    case Format::kBundle: {
      const TreeNode* profile = profile_in_bundle(document, diagnostics);
      if (profile == nullptr) return std::nullopt;
      return read_oci(*profile, *format, environment, diagnostics);
    }
    case Format::kOci:
      if (!check_top_level(document, diagnostics)) return std::nullopt;
      return read_oci(document, *format, environment, diagnostics);
    case Format::kSeccompProfile:
      return read_resources(documents, wanted, environment, diagnostics);
    default:
      if (!check_top_level(document, diagnostics)) return std::nullopt;
      return read_sections(document, diagnostics);
  }
}

/// A unit. Podman's quadlets, and the configurations of others, look like one.
std::optional<Policy> read_unit_file(std::string_view text, const std::string& wanted, const Environment& environment,
                                     Diagnostics& diagnostics) {
  const auto other = text.find("SystemCall") == std::string_view::npos ? foreign_text(text) : std::nullopt;
  if (other) {
    diagnostics.error({0, 1}, *other);
    return std::nullopt;
  }
  if (!wanted.empty()) {
    diagnostics.error({0, 1}, "this is " + std::string(describe(Format::kSystemd)) + "; '#" + printable(wanted, 60) +
                                  "' names a SeccompProfile in a file of Kubernetes resources");
    return std::nullopt;
  }
  return read_unit(environment, diagnostics);
}

}  // namespace

std::optional<Policy> read_policy(std::shared_ptr<const SourceText> source, const Environment& environment,
                                  Diagnostics& diagnostics, const std::string& wanted) {
  if (!check_text(diagnostics)) return std::nullopt;
  std::optional<Policy> policy;
  if (looks_like_unit(source->text())) {
    policy = read_unit_file(source->text(), wanted, environment, diagnostics);
  } else {
    Diagnostics problems(source);
    const Tree tree = parse(source, problems);
    const std::vector<TreeNode>& documents = tree.documents;
    if (std::ranges::any_of(documents, is_recognised)) {
      diagnostics = std::move(problems);
      policy = read_document(documents, wanted, environment, diagnostics);
    } else if (const auto other = foreign(documents, source->text())) {
      diagnostics.error({0, 1}, *other);
    } else {
      diagnostics = std::move(problems);
      report_no_policy(documents, diagnostics);
    }
  }
  if (policy) policy->source = std::move(source);
  return policy;
}

}  // namespace sandbox::policy
