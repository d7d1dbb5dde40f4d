#include "sandbox-policy/commands/show_section.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace sandbox::tool {
namespace {

using policy::FileRule;
using policy::LandlockSection;
using policy::PlacedText;
using policy::PortNumber;

std::string texts(const std::vector<PlacedText>& all) {
  return join(all, ", ", [](const PlacedText& one) { return printable_path(one.text); });
}

uint64_t line_at(const policy::Policy& policy, SourceRange range) {
  return policy.source->locate(range.offset).line;
}

void print_files(const policy::Policy& policy, const std::vector<FileRule>& files, Output& out) {
  out.line("");
  out.line(out.paint(Colour::kBold, "files") +
           (files.empty() ? ": every access is denied" : ": every access is denied but for"));
  std::vector<std::vector<Cell>> rows;
  for (const FileRule& rule : files) {
    std::string access = texts(rule.access);
    for (const PlacedText& path : rule.paths) {
      rows.push_back({{access, Colour::kGreen},
                      printable_path(path.text) + (rule.optional ? ", if it exists" : ""),
                      {"line " + std::to_string(line_at(policy, path.range)), Colour::kDim}});
      access.clear();
    }
  }
  out.wrapped_table(rows, 4);
}

void print_list(std::string_view what, const std::optional<std::vector<PortNumber>>& ports, Output& out) {
  if (!ports) return;
  std::vector<std::string> numbers;
  for (const PortNumber& port : *ports) numbers.push_back(std::to_string(port.port));
  if (numbers.empty()) numbers.emplace_back("no port");
  out.words("    " + std::string(what), 16, numbers);
}

void print_ports(std::string_view protocol, const std::optional<policy::PortLists>& lists, Output& out) {
  if (!lists) return;
  out.line("");
  out.line(out.paint(Colour::kBold, protocol) + ": every port is denied but for");
  print_list("connect", lists->connect, out);
  print_list("bind", lists->bind, out);
}

void json_texts(std::string_view key, const std::vector<PlacedText>& all, Json& json) {
  json.key(key).open_array();
  for (const PlacedText& one : all) json.value(std::string_view(one.text));
  json.close_array();
}

void json_list(std::string_view key, const std::optional<std::vector<PortNumber>>& ports, Json& json) {
  if (!ports) return;
  json.key(key).open_array();
  for (const PortNumber& port : *ports) json.value(uint64_t{port.port});
  json.close_array();
}

void json_ports(std::string_view protocol, const std::optional<policy::PortLists>& lists, Json& json) {
  if (!lists) return;
  json.key(protocol).open_object();
  json_list("connect", lists->connect, json);
  json_list("bind", lists->bind, json);
  json.close_object();
}

}  // namespace

void print_section(const policy::Policy& policy, Output& out) {
  const LandlockSection& section = *policy.landlock;
  if (section.files) print_files(policy, *section.files, out);
  print_ports("TCP", section.tcp, out);
  print_ports("UDP", section.udp, out);
  if (section.scope.empty()) return;
  out.line("");
  out.line(out.paint(Colour::kBold, "kept inside") + ": " + texts(section.scope));
}

void json_section(const policy::Policy& policy, Json& json) {
  const LandlockSection& section = *policy.landlock;
  json.key("landlock").open_object();
  if (section.files) {
    json.key("files").open_array();
    for (const FileRule& rule : *section.files) {
      json.open_object().member("line", line_at(policy, rule.range));
      json_texts("access", rule.access, json);
      json_texts("paths", rule.paths, json);
      json.member("optional", rule.optional).close_object();
    }
    json.close_array();
  }
  json_ports("tcp", section.tcp, json);
  json_ports("udp", section.udp, json);
  if (!section.scope.empty()) json_texts("scope", section.scope, json);
  json.member("best_effort", section.best_effort).close_object();
}

}  // namespace sandbox::tool
