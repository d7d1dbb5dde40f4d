#include "resolve/landlock/evaluate.h"

namespace sandbox::resolve {

arch::FileRights allowed_rights(const PlacedRuleset& layer, const Ancestry& ancestry) {
  arch::FileRights rights = ~layer.handled_files;
  for (const FileId& file : ancestry) {
    if (const auto rule = layer.files.find(file); rule != layer.files.end()) rights |= rule->second;
  }
  return rights;
}

std::optional<AccessDenial> judge_access(std::span<const PlacedRuleset> layers, const Ancestry& ancestry,
                                         arch::FileRights wanted) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const arch::FileRights missing = wanted & ~allowed_rights(layers[i], ancestry);
    if (missing != 0) return AccessDenial{i, missing};
  }
  return std::nullopt;
}

std::optional<AccessDenial> judge_port(std::span<const PlacedRuleset> layers, uint16_t port, arch::PortRights wanted) {
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto rule = layers[i].ports.find(port);
    const arch::PortRights given = rule == layers[i].ports.end() ? 0 : rule->second;
    const arch::PortRights missing = wanted & layers[i].handled_ports & ~given;
    if (missing != 0) return AccessDenial{i, missing};
  }
  return std::nullopt;
}

}  // namespace sandbox::resolve
