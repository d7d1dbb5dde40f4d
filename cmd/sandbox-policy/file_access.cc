#include "sandbox-policy/file_access.h"

#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace sandbox::tool {

Step<SectionLayers> SectionLayers::place(std::span<const Input> inputs, std::shared_ptr<kernel::FileTree> tree,
                                         const Log& log) {
  SectionLayers layers;
  layers.tree_ = std::move(tree);
  bool good = true;
  for (const Input& input : inputs) {
    if (!input.section) continue;
    const Section& section = *input.section;
    for (const Diagnostic& problem : section.unusable) {
      log.error(format_diagnostic(*input.policy->source, problem));
      good = false;
    }
    kernel::PlacedSection placed = layers.tree_->place(section.ruleset);
    for (size_t i = 0; i < placed.paths.size(); ++i) {
      layers.at_[placed.paths[i].file.ancestry->front()].emplace_back(layers.sections_.size(), i);
    }
    layers.sections_.push_back(&section);
    layers.rulesets_.push_back(std::move(placed.placed));
    layers.paths_.push_back(std::move(placed.paths));
  }
  if (!good) return Unusable{};
  return layers;
}

Result<kernel::FoundFile, std::string> SectionLayers::find(const std::string& path) {
  auto found = tree_->find(path);
  if (found) return std::move(*found);
  return in_quotes(path, PATH_MAX) + " cannot be looked at: " + strerrordesc_np(found.error());
}

arch::FileRights SectionLayers::allowed(const kernel::FoundFile& file) const {
  arch::FileRights rights = arch::file_right::kAll;
  if (!file.ancestry) return rights;
  for (const resolve::PlacedRuleset& layer : rulesets_) rights &= resolve::allowed_rights(layer, *file.ancestry);
  return rights;
}

std::optional<resolve::AccessDenial> SectionLayers::judge(const kernel::FoundFile& file,
                                                          arch::FileRights wanted) const {
  if (!file.ancestry) return std::nullopt;
  return resolve::judge_access(rulesets_, *file.ancestry, wanted);
}

std::optional<resolve::AccessDenial> SectionLayers::judge(uint16_t port, arch::PortRights wanted) const {
  return resolve::judge_port(rulesets_, port, wanted);
}

std::vector<RuleAbove> SectionLayers::rules_above(const kernel::FoundFile& file) const {
  std::vector<RuleAbove> rules;
  if (!file.ancestry) return rules;
  for (const resolve::FileId& above : *file.ancestry) {
    const auto here = at_.find(above);
    if (here == at_.end()) continue;
    for (const auto& [layer, index] : here->second) {
      const kernel::PlacedPath& path = paths_[layer][index];
      rules.push_back({layer, &sections_[layer]->ruleset.paths[path.rule], &path.file, path.rights});
    }
  }
  return rules;
}

std::string asked_path(std::string_view written, const std::string& folder) {
  const char* home = std::getenv("HOME");
  if (written == "~" && home != nullptr) return home;
  if (written.starts_with("~/") && home != nullptr) return home + std::string(written.substr(1));
  if (written.starts_with('/')) return std::string(written);
  return folder + "/" + std::string(written);
}

std::string describe_rights(const kernel::FoundFile& file, arch::FileRights rights) {
  if (askable(file, arch::file_right::kAll) == arch::file_right::kAll) return arch::describe_access(rights);
  arch::FileRights whole = rights;
  for (const arch::AccessWord& word : arch::access_words()) {
    const arch::FileRights own = word.rights & arch::file_right::kOfFiles;
    if (own != 0 && (rights & own) == own) whole |= word.rights;
  }
  return arch::describe_access(whole);
}

arch::FileRights askable(const kernel::FoundFile& file, arch::FileRights wanted) {
  return file.exists && !S_ISDIR(file.mode) ? wanted & arch::file_right::kOfFiles : wanted;
}

}  // namespace sandbox::tool
