#include "policy/landlock_writer.h"

#include <string_view>
#include <vector>

#include "base/text.h"
#include "policy/yaml_text.h"

namespace sandbox::policy {
namespace {

std::string flow_words(const std::vector<PlacedText>& words) {
  return "[" + join(words, ", ", [](const PlacedText& word) { return yaml_scalar(word.text); }) + "]";
}

std::string flow_ports(const std::vector<PortNumber>& ports) {
  return "[" + join(ports, ", ", [](const PortNumber& port) { return std::to_string(port.port); }) + "]";
}

std::string rule_text(const FileRule& rule) {
  std::string text = "  - access: " + flow_words(rule.access) + "\n    paths:\n";
  for (const PlacedText& path : rule.paths) text += "    - " + yaml_scalar(path.text) + "\n";
  if (rule.optional) text += "    optional: true\n";
  return text;
}

std::string ports_text(std::string_view key, const PortLists& lists) {
  std::vector<std::string> parts;
  if (lists.connect) parts.push_back("connect: " + flow_ports(*lists.connect));
  if (lists.bind) parts.push_back("bind: " + flow_ports(*lists.bind));
  return "  " + std::string(key) + ": {" + join(parts) + "}\n";
}

}  // namespace

std::string write_landlock(const LandlockSection& section) {
  std::string text = "landlock:\n";
  if (section.files) {
    text += section.files->empty() ? "  files: []\n" : "  files:\n";
    for (const FileRule& rule : *section.files) text += rule_text(rule);
  }
  if (section.tcp) text += ports_text("tcp", *section.tcp);
  if (section.udp) text += ports_text("udp", *section.udp);
  if (!section.scope.empty()) text += "  scope: " + flow_words(section.scope) + "\n";
  if (section.best_effort) text += "  best_effort: true\n";
  return text;
}

}  // namespace sandbox::policy
