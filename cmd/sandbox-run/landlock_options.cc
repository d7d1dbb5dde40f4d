#include "sandbox-run/landlock_options.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "base/text.h"

namespace sandbox::launcher {
namespace {

constexpr std::string_view kNoPort = "none";

/// The parts of a list, without the blanks around them.
std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    std::string_view part = list.substr(begin, end - begin);
    part.remove_prefix(std::min(part.find_first_not_of(" \t"), part.size()));
    parts.push_back(part.substr(0, part.find_last_not_of(" \t") + 1));
    begin = end + 1;
  }
  return parts;
}

std::optional<uint16_t> read_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  if (error != std::errc() || end != text.end()) return std::nullopt;
  return port;
}

/// Collects the section, and writes its text.
class Writer {
 public:
  void paths(std::string_view option, const std::vector<std::string>& paths,
             std::initializer_list<const char*> access) {
    for (const std::string& path : paths) {
      const SourceRange range = write(option, path);
      add_rule(access, {{path, range}}, range);
    }
  }

  /// What comes with the options about files, at the place of the first of them.
  void sets() {
    const SourceRange first = {0, static_cast<uint32_t>(std::min(text_.find(' '), text_.size()))};
    add_rule({"read", "execute"}, {{"@system", first}}, first);
    add_rule({"read", "write"}, {{"@devices", first}}, first);
    add_rule({"read"}, {{"@proc", first}}, first);
  }

  void ports(std::string_view option, const std::vector<std::string>& lists,
             std::optional<std::vector<policy::PortNumber>> policy::PortLists::*kind,
             std::optional<policy::PortLists>& protocol) {
    for (const std::string& list : lists) {
      const SourceRange range = write(option, list);
      if (!protocol) protocol.emplace().range = range;
      auto& numbers = (*protocol).*kind;
      if (!numbers) numbers.emplace();
      for (const std::string_view part : parts_of(list)) {
        if (const auto port = read_port(part)) numbers->push_back({*port, range});
      }
    }
  }

  policy::LandlockSection section;

  std::string take_text() { return std::move(text_); }

 private:
  SourceRange write(std::string_view option, const std::string& value) {
    if (!text_.empty()) text_ += ' ';
    text_ += std::string(option) + ' ';
    const auto offset = static_cast<uint32_t>(text_.size());
    text_ += printable_path(value);
    return {offset, static_cast<uint32_t>(text_.size()) - offset};
  }

  void add_rule(std::initializer_list<const char*> access, std::vector<policy::PlacedText> paths, SourceRange range) {
    policy::FileRule rule;
    for (const char* word : access) rule.access.push_back({word, range});
    rule.paths = std::move(paths);
    rule.range = range;
    if (!section.files) section.files.emplace();
    section.files->push_back(std::move(rule));
  }

  std::string text_;
};

}  // namespace

std::optional<std::string> port_list_error(std::string_view list) {
  if (list == kNoPort) return std::nullopt;
  for (const std::string_view part : parts_of(list)) {
    if (!read_port(part)) return "takes ports, such as 80,443 (0 to 65535), or none; found " + in_quotes(part);
  }
  return std::nullopt;
}

std::optional<policy::Policy> landlock_options(const Options& options) {
  if (!options.restricts_files() && !options.restricts_ports()) return std::nullopt;
  Writer writer;
  writer.paths("--ro", options.ro, {"read"});
  writer.paths("--rox", options.rox, {"read", "execute"});
  writer.paths("--rw", options.rw, {"read", "write"});
  writer.paths("--rwx", options.rwx, {"read", "write", "execute"});
  if (options.restricts_files() && !options.bare) writer.sets();
  using policy::PortLists;
  writer.ports("--connect-tcp", options.connect_tcp, &PortLists::connect, writer.section.tcp);
  writer.ports("--bind-tcp", options.bind_tcp, &PortLists::bind, writer.section.tcp);
  writer.ports("--connect-udp", options.connect_udp, &PortLists::connect, writer.section.udp);
  writer.ports("--bind-udp", options.bind_udp, &PortLists::bind, writer.section.udp);

  policy::Policy policy;
  policy.source = std::make_shared<const SourceText>(kLandlockOptions, writer.take_text());
  policy.has_filter = false;
  writer.section.range = {0, static_cast<uint32_t>(policy.source->text().size())};
  writer.section.files_range = writer.section.range;
  writer.section.best_effort = options.best_effort;
  policy.landlock = std::move(writer.section);
  return policy;
}

}  // namespace sandbox::launcher
