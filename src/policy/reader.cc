#include "policy/reader.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/edit_distance.h"
#include "policy/beats_reader.h"
#include "policy/json_tree.h"
#include "policy/mapping_reader.h"
#include "policy/oci_reader.h"
#include "policy/text_check.h"
#include "policy/yaml_tree.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

bool has_key(const TreeNode& document, bool (&is_key)(const TreeNode&)) {
  return std::ranges::any_of(document.entries, [&](const auto& entry) { return is_key(entry.key); });
}

/// The document's tree. Container profiles are JSON and are read as such. A Beats section may be written in YAML's flow
/// style, of which JSON is a part: it is read as YAML is.
std::optional<TreeNode> parse(const std::shared_ptr<const SourceText>& source, Diagnostics& diagnostics) {
  if (!looks_like_json(source->text())) return parse_yaml(diagnostics);
  Diagnostics json_problems(source);
  JsonDocument json = parse_json(json_problems);
  const bool profile = has_key(json.root, is_oci_key);
  if (profile && json.valid) return std::move(json.root);
  if (json.valid) return parse_yaml(diagnostics);

  Diagnostics yaml_problems(source);
  const std::optional<TreeNode> yaml = parse_yaml(yaml_problems);
  const bool section = yaml && has_key(*yaml, is_beats_key);
  const bool meant_as_profile =
      (yaml && has_key(*yaml, is_oci_key)) || source->text().find("SCMP_") != std::string::npos;
  if (profile || (meant_as_profile && !section)) return parse_json(diagnostics).root;
  return parse_yaml(diagnostics);
}

/// What `name` was meant to be if it is nearly "seccomp" or "seccomp.…".
std::optional<std::string> nearly_section(std::string_view name) {
  constexpr std::array<std::string_view, 1> kSection = {"seccomp"};
  const size_t dot = std::min(name.find('.'), name.size());
  if (name.substr(0, dot) == kSection[0] || !nearest_name(name.substr(0, dot), kSection)) return std::nullopt;
  return std::string(kSection[0]) + std::string(name.substr(dot));
}

/// Keys on the top level with which a part of the section would go unread. False if there is one.
bool check_top_level(const TreeNode& document, Diagnostics& diagnostics) {
  // No Beat has these on the top level: they have slipped out of the section.
  constexpr std::array<std::string_view, 13> kInner = {
      "default_action", "default_errno", "syscalls", "names", "names_with_args", "arguments", "argument",
      "position",       "operation",     "value",    "mask",  "errno",           "action"};
  const bool section = std::any_of(document.entries.begin(), document.entries.end(), [](const auto& entry) {
    return is_beats_key(entry.key) && entry.value.kind != Kind::kNull;
  });
  bool good = true;
  const bool profile = has_key(document, is_oci_key);
  for (const auto& [key, value] : document.entries) {
    if (profile && is_comment_key(key.text)) continue;
    if (key.kind == Kind::kAlias) {
      diagnostics.error(key.range, "an alias cannot be a key on the top level; write the key out");
      good = false;
    } else if (const auto meant = nearly_section(key.text)) {
      diagnostics.error(key.range, "unknown key " + in_quotes(key.text) + "; did you mean " + in_quotes(*meant) + "?");
      good = false;
    } else if (section && std::find(kInner.begin(), kInner.end(), key.text) != kInner.end()) {
      diagnostics.error(
          key.range, "key " + in_quotes(key.text) + " stands outside the 'seccomp' section; is its indentation wrong?");
      good = false;
    }
  }
  return good;
}

/// A document with none of the keys that would say what it is: the error tries to say what was meant.
void report_unrecognised(const TreeNode& document, Diagnostics& diagnostics) {
  const auto runtime = std::find_if(document.entries.begin(), document.entries.end(),
                                    [](const auto& entry) { return entry.key.text == "ociVersion"; });
  if (runtime != document.entries.end()) {
    diagnostics.error(runtime->key.range,
                      "a container runtime's configuration; its profile is the value of 'seccomp' below 'linux'");
    return;
  }
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
  std::string message = "no policy here: expected the key 'seccomp' (or 'defaultAction') on the top level";
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

}  // namespace

std::optional<Policy> read_policy(std::shared_ptr<const SourceText> source, const Environment& environment,
                                  Diagnostics& diagnostics) {
  if (!check_text(diagnostics)) return std::nullopt;
  const std::optional<TreeNode> document = parse(source, diagnostics);
  if (!document) {
    if (!diagnostics.has_errors()) diagnostics.error("is empty: expected a policy with the key 'seccomp'");
    return std::nullopt;
  }
  if (document->kind != TreeNode::Kind::kMapping) {
    if (document->complete) {
      diagnostics.error(document->range,
                        "no policy here: expected a mapping with the key 'seccomp', found " + describe(*document));
    }
    return std::nullopt;
  }

  const bool beats = has_key(*document, is_beats_key);
  const bool oci = has_key(*document, is_oci_key);
  if (beats && oci) {
    diagnostics.error(document->range, "both a 'seccomp' and a 'defaultAction' key; a file is one policy or the other");
    return std::nullopt;
  }
  if (!check_top_level(*document, diagnostics)) return std::nullopt;
  if (!beats && !oci) {
    report_unrecognised(*document, diagnostics);
    return std::nullopt;
  }
  Policy policy = oci ? read_oci(*document, environment, diagnostics) : read_beats(*document, diagnostics);
  policy.source = std::move(source);
  return policy;
}

}  // namespace sandbox::policy
