#include "policy/formats.h"

#include <algorithm>

#include "policy/beats_reader.h"
#include "policy/enclosed_profile.h"
#include "policy/landlock_reader.h"
#include "policy/oci_reader.h"

namespace sandbox::policy {
namespace {

bool has_key(const TreeNode& document, bool (&is_key)(const TreeNode&)) {
  return std::ranges::any_of(document.entries, [&](const auto& entry) { return is_key(entry.key); });
}

bool is_beats_document(const TreeNode& document) {
  return has_key(document, is_beats_key) || has_key(document, is_landlock_key);
}

bool is_seccomp_profile(const TreeNode& document) {
  if (!is_resource(document)) return false;
  const std::string kind = kind_of(document);
  return kind == "SeccompProfile" || kind == "SeccompProfileList" || kind == "List";
}

constexpr DocumentFormat kDocumentFormats[] = {
    {Format::kBeats, "seccomp", is_beats_document, false},
    {Format::kOci, "defaultAction", [](const TreeNode& document) { return has_key(document, is_oci_key); }, true},
    {Format::kBundle, "ociVersion", is_bundle, true},
    {Format::kSeccompProfile, "kind", is_seccomp_profile, true},
};

}  // namespace

std::span<const DocumentFormat> document_formats() {
  return kDocumentFormats;
}

std::string_view describe(Format format) {
  switch (format) {
    case Format::kBeats:
      return "a policy";
    case Format::kOci:
      return "a container profile";
    case Format::kBundle:
      return "the container profile of a bundle";
    case Format::kSeccompProfile:
      return "a SeccompProfile";
    case Format::kSystemd:
      return "a systemd unit";
  }
  return "a policy";
}

}  // namespace sandbox::policy
