#include "policy/landlock_reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arch/landlock.h"
#include "base/text.h"
#include "policy/mapping_reader.h"
#include "policy/scalar.h"
#include "policy/section.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;
using Names = std::vector<std::string_view>;

constexpr std::array<std::string_view, 5> kSectionKeys = {"files", "tcp", "udp", "scope", "best_effort"};
constexpr std::array<KeyAlias, 9> kSectionAliases = {{{"file", "files"},
                                                      {"rules", "files"},
                                                      {"fs", "files"},
                                                      {"filesystem", "files"},
                                                      {"scopes", "scope"},
                                                      {"scoped", "scope"},
                                                      {"best-effort", "best_effort"},
                                                      {"bestEffort", "best_effort"},
                                                      {"optional", "best_effort"}}};
constexpr std::array<std::string_view, 2> kOfRules = {"access", "paths"};

constexpr std::array<std::string_view, 3> kRuleKeys = {"access", "paths", "optional"};
constexpr std::array<KeyAlias, 11> kRuleAliases = {{{"path", "paths"},
                                                    {"file", "paths"},
                                                    {"files", "paths"},
                                                    {"names", "paths"},
                                                    {"parent", "paths"},
                                                    {"allow", "access"},
                                                    {"allowed_access", "access"},
                                                    {"rights", "access"},
                                                    {"action", "access"},
                                                    {"missing_ok", "optional"},
                                                    {"best_effort", "optional"}}};

constexpr std::array<std::string_view, 2> kPortKeys = {"connect", "bind"};
constexpr std::array<KeyAlias, 6> kPortAliases = {{{"listen", "bind"},
                                                   {"server", "bind"},
                                                   {"ports", "connect"},
                                                   {"port", "connect"},
                                                   {"client", "connect"},
                                                   {"send", "connect"}}};

/// What people write for words of ours: other programs' words, and the letters of permissions.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kForeignAccess = {
    {{"ro", "[read]"},
     {"r", "[read]"},
     {"readonly", "[read]"},
     {"read_only", "[read]"},
     {"rox", "[read, execute]"},
     {"rx", "[read, execute]"},
     {"rw", "[read, write]"},
     {"readwrite", "[read, write]"},
     {"read_write", "[read, write]"},
     {"rwx", "[read, write, execute]"},
     {"all", "[read, write, execute]"},
     {"w", "[write]"},
     {"x", "[execute]"},
     {"exec", "[execute]"},
     {"list", "[read_dir]"},
     {"create", "[make_reg]"},
     {"delete", "[remove_file]"}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kForeignScopes = {
    {{"abstract_unix_socket", "abstract_unix_sockets"},
     {"abstract", "abstract_unix_sockets"},
     {"unix", "abstract_unix_sockets"},
     {"signal", "signals"}}};

/// The services that people name most.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kServices = {{{"http", "80"},
                                                                                     {"https", "443"},
                                                                                     {"dns", "53"},
                                                                                     {"domain", "53"},
                                                                                     {"ssh", "22"},
                                                                                     {"ntp", "123"},
                                                                                     {"smtp", "25"},
                                                                                     {"postgresql", "5432"}}};

template <typename Pairs>
std::optional<std::string_view> second_of(const Pairs& pairs, std::string_view first) {
  const auto found = std::ranges::find(pairs, first, [](const auto& pair) { return pair.first; });
  return found == std::end(pairs) ? std::nullopt : std::optional(found->second);
}

/// A name of the kernel's headers as it is written here: "LANDLOCK_ACCESS_FS_READ_FILE" is "read_file".
std::string plain_name(std::string_view text, std::span<const std::string_view> prefixes) {
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view prefix : prefixes) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

const Names& access_names() {
  static const Names names = [] {
    Names all;
    for (const arch::AccessWord& word : arch::access_words()) all.push_back(word.name);
    for (const arch::LandlockBit& right : arch::file_rights()) {
      if (std::ranges::find(all, right.name) == all.end()) all.push_back(right.name);
    }
    return all;
  }();
  return names;
}

Names words() {
  Names all;
  for (const arch::AccessWord& word : arch::access_words()) all.push_back(word.name);
  return all;
}

Names scope_names() {
  return arch::names_of(arch::scopes(), arch::scope::kAll);
}

bool is_null_tilde(const TreeNode& node, const SourceText& source) {
  return node.kind == Kind::kNull && source.text().substr(node.range.offset, 1) == "~";
}

class LandlockReader {
 public:
  explicit LandlockReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  LandlockSection read(const TreeNode& document);

 private:
  std::vector<FileRule> read_files(const TreeNode& node);
  FileRule read_rule(const TreeNode& node);
  std::vector<PlacedText> read_access(const TreeNode& node);
  bool check_access(const TreeNode& node);
  std::vector<PlacedText> read_paths(const TreeNode& node);
  bool check_path(const TreeNode& node);
  std::optional<PortLists> read_ports(const TreeNode& node, std::string_view protocol, SourceRange range);
  std::vector<PortNumber> read_port_list(const TreeNode& node, std::string_view key);
  std::optional<uint16_t> read_port(const TreeNode& node, std::string_view key);
  std::vector<PlacedText> read_scopes(const TreeNode& node);
  bool expect_words(const TreeNode& node, std::string_view key, std::string_view one, std::string_view many);

  Diagnostics& diagnostics_;
  size_t paths_ = 0;  ///< How many there have been.
};

/// A list, where people write a single word: that is put into brackets by the message.
bool LandlockReader::expect_words(const TreeNode& node, std::string_view key, std::string_view one,
                                  std::string_view many) {
  if (node.kind == Kind::kScalar && is_literal(node)) {
    diagnostics_.error(node.range, in_quotes(key) + " must be a list of " + std::string(many) + ", found " +
                                       describe(node) + "; write '" + std::string(key) + ": [" +
                                       printable(node.text, 40) + "]'");
    return false;
  }
  return expect_entries(node, key, one, many, diagnostics_);
}

LandlockSection LandlockReader::read(const TreeNode& document) {
  LandlockSection section;
  MappingReader keys(diagnostics_, "the landlock section", kSectionKeys, kSectionAliases, kOfRules,
                     "a rule of 'files'");
  const size_t problems = diagnostics_.all().size();
  const auto [place, complete] = collect_section(document, kLandlockKey, kSectionKeys, keys, diagnostics_);
  const bool good_keys = complete && diagnostics_.all().size() == problems;
  section.range = place;

  if (const TreeNode* node = keys.find("files")) {
    section.files_range = keys.find_key("files")->range;
    section.files = read_files(*node);
  }
  if (const TreeNode* node = keys.find("tcp")) section.tcp = read_ports(*node, "tcp", keys.find_key("tcp")->range);
  if (const TreeNode* node = keys.find("udp")) section.udp = read_ports(*node, "udp", keys.find_key("udp")->range);
  if (const TreeNode* node = keys.find("scope")) section.scope = read_scopes(*node);
  if (const TreeNode* node = keys.find("best_effort")) {
    section.best_effort = read_bool(*node, "'best_effort'", diagnostics_).value_or(false);
  }
  if (good_keys && keys.lacks("files") && keys.lacks("tcp") && keys.lacks("udp") && keys.lacks("scope")) {
    diagnostics_.error(place, "the landlock section restricts nothing: it needs 'files', 'tcp', 'udp' or 'scope'");
  }
  return section;
}

std::vector<FileRule> LandlockReader::read_files(const TreeNode& node) {
  std::vector<FileRule> rules;
  if (node.kind == Kind::kNull && node.complete && is_literal(node)) {
    diagnostics_.error(node.range, "'files' must be a list of rules, found nothing; 'files: []' denies every file");
    return rules;
  }
  if (!expect_list(node, "files", "rules", diagnostics_)) return rules;
  rules.reserve(node.items.size());
  for (const TreeNode& item : node.items) rules.push_back(read_rule(item));
  return rules;
}

FileRule LandlockReader::read_rule(const TreeNode& node) {
  FileRule rule;
  rule.range = node.range;
  if (!expect_mapping(node, "a rule of 'files'", diagnostics_)) return rule;
  MappingReader keys(diagnostics_, "a rule of 'files'", kRuleKeys, kRuleAliases);
  keys.add_all(node);
  if (const TreeNode* value = keys.find("access")) {
    rule.access = read_access(*value);
  } else if (keys.lacks("access") && node.complete) {
    diagnostics_.error(node.range, "'access' is missing in a rule of 'files': what may be done below its paths");
  }
  if (const TreeNode* value = keys.find("paths")) {
    rule.paths = read_paths(*value);
  } else if (keys.lacks("paths") && node.complete) {
    diagnostics_.error(node.range, "'paths' is missing in a rule of 'files': what its access is for");
  }
  if (const TreeNode* value = keys.find("optional")) {
    rule.optional = read_bool(*value, "'optional'", diagnostics_).value_or(false);
  }
  return rule;
}

std::vector<PlacedText> LandlockReader::read_access(const TreeNode& node) {
  std::vector<PlacedText> access;
  if (!expect_words(node, "access", "word", "words")) return access;
  std::set<std::string_view> seen;
  for (const TreeNode& item : node.items) {
    if (!check_access(item)) continue;
    if (seen.insert(item.text).second) {
      access.push_back({std::string(item.text), item.range});
    } else {
      diagnostics_.warning(item.range, "access " + in_quotes(item.text) + " is listed twice");
    }
  }
  return access;
}

bool LandlockReader::check_access(const TreeNode& node) {
  if (!expect_scalar(node, "an entry of 'access'", "a word such as read", diagnostics_)) return false;
  if (arch::find_access(node.text)) return true;
  constexpr std::array<std::string_view, 2> kPrefixes = {"landlock_access_fs_", "access_fs_"};
  const std::string name = plain_name(node.text, kPrefixes);
  std::string message = "unknown access " + in_quotes(node.text);
  if (arch::find_access(name)) {
    message += "; did you mean " + in_quotes(name) + "?";
  } else if (const auto meant = second_of(kForeignAccess, name)) {
    message += "; did you mean '" + std::string(*meant) + "'?";
  } else if (name == "none" || name == "deny") {
    message += "; nothing can be taken from what other rules allow: list what is allowed";
  } else if (const auto nearest = diagnostics_.nearest("access", node.text, access_names())) {
    message += "; did you mean " + in_quotes(*nearest) + "?";
  } else {
    message += "; expected " + enumerate(words()) + ", or a right of Landlock's such as read_file";
  }
  diagnostics_.error(node.range, std::move(message));
  return false;
}

std::vector<PlacedText> LandlockReader::read_paths(const TreeNode& node) {
  std::vector<PlacedText> paths;
  if (!expect_words(node, "paths", "path", "paths")) return paths;
  std::set<std::string_view> seen;
  for (const TreeNode& item : node.items) {
    if (!check_path(item)) continue;
    if (++paths_ > kMaxLandlockPaths) {
      if (paths_ == kMaxLandlockPaths + 1) {
        diagnostics_.error(item.range, "with this path the landlock section has more than " +
                                           std::to_string(kMaxLandlockPaths) +
                                           " paths, the most that it may have; give folders in place of their files");
      }
      break;
    }
    if (seen.insert(item.text).second) {
      paths.push_back({std::string(item.text), item.range});
    } else {
      diagnostics_.warning(item.range, "path " + in_quotes(item.text) + " is listed twice");
    }
  }
  return paths;
}

bool LandlockReader::check_path(const TreeNode& node) {
  if (is_literal(node) && is_null_tilde(node, diagnostics_.source())) {
    diagnostics_.error(node.range, "a plain '~' is nothing in YAML; put it in quotes");
    return false;
  }
  if (!expect_scalar(node, "an entry of 'paths'", "a path", diagnostics_)) return false;
  if (node.text.empty()) {
    diagnostics_.error(node.range, "an entry of 'paths' must be a path, found an empty text");
    return false;
  }
  if (node.text.size() <= kMaxPathBytes) return true;
  diagnostics_.error(node.range, "the path " + in_quotes(node.text, 40) + " has more than " +
                                     std::to_string(kMaxPathBytes) + " bytes, the most that a path may have");
  return false;
}

std::optional<PortLists> LandlockReader::read_ports(const TreeNode& node, std::string_view protocol,
                                                    SourceRange range) {
  const std::string what = in_quotes(protocol);
  if (node.kind == Kind::kSequence && is_literal(node)) {
    diagnostics_.error(node.range, what + " must be a mapping, found a list; write '" + std::string(protocol) +
                                       ": {connect: [...], bind: [...]}'");
    return std::nullopt;
  }
  if (!expect_mapping(node, what, diagnostics_)) return std::nullopt;
  MappingReader keys(diagnostics_, what, kPortKeys, kPortAliases);
  keys.add_all(node);
  PortLists lists;
  lists.range = range;
  if (const TreeNode* value = keys.find("connect")) lists.connect = read_port_list(*value, "connect");
  if (const TreeNode* value = keys.find("bind")) lists.bind = read_port_list(*value, "bind");
  if (keys.lacks("connect") && keys.lacks("bind") && node.complete) {
    diagnostics_.error(node.range, what + " restricts nothing: it needs 'connect' or 'bind', lists of ports");
  }
  return lists;
}

std::vector<PortNumber> LandlockReader::read_port_list(const TreeNode& node, std::string_view key) {
  std::vector<PortNumber> ports;
  if (node.kind == Kind::kNull && node.complete && is_literal(node)) {
    diagnostics_.error(node.range, in_quotes(key) + " must be a list of ports, found nothing; '" + std::string(key) +
                                       ": []' denies every port");
    return ports;
  }
  if (node.kind == Kind::kScalar && is_literal(node)) {
    expect_words(node, key, "port", "ports");
    return ports;
  }
  if (!expect_list(node, key, "ports", diagnostics_)) return ports;
  std::set<uint16_t> seen;
  for (const TreeNode& item : node.items) {
    const auto port = read_port(item, key);
    if (!port) continue;
    if (seen.insert(*port).second) {
      ports.push_back({*port, item.range});
    } else {
      diagnostics_.warning(item.range, "port " + std::to_string(*port) + " is listed twice");
    }
  }
  return ports;
}

/// The kernel lets a program bind to port 0 to get a free one; nothing can be sent to it.
std::optional<uint16_t> LandlockReader::read_port(const TreeNode& node, std::string_view key) {
  const bool zero_is_one = key == "bind";
  const std::string expected = zero_is_one ? "a port from 0 to 65535" : "a port from 1 to 65535";
  const std::string what = "an entry of " + in_quotes(key);
  if (!expect_scalar(node, what, expected, diagnostics_)) return std::nullopt;
  const bool digits = std::ranges::all_of(node.text, [](char c) { return c >= '0' && c <= '9'; });
  if (digits && !node.text.empty() && node.text.size() <= 5 && (node.text == "0" || node.text[0] != '0')) {
    const int port = std::stoi(std::string(node.text));
    if (port <= 65535 && (port != 0 || zero_is_one)) return static_cast<uint16_t>(port);
  }
  std::string message = what + " must be " + expected + ", found " + describe(node);
  const size_t dash = node.text.find_first_of("-:");
  if (const auto number = second_of(kServices, plain_name(node.text, {}))) {
    message += "; did you mean " + std::string(*number) + "?";
  } else if (node.text == "*" || plain_name(node.text, {}) == "any" || plain_name(node.text, {}) == "all") {
    message += "; without " + in_quotes(key) + " every port is allowed";
  } else if (digits && node.text == "0") {
    message += "; nothing can be sent to port 0";
  } else if (dash != std::string::npos && dash > 0) {
    message += "; there are no ranges here: list the ports";
  }
  diagnostics_.error(node.range, std::move(message));
  return std::nullopt;
}

std::vector<PlacedText> LandlockReader::read_scopes(const TreeNode& node) {
  std::vector<PlacedText> scopes;
  if (!expect_words(node, "scope", "word", "words")) return scopes;
  const Names known = scope_names();
  for (const TreeNode& item : node.items) {
    if (!expect_scalar(item, "an entry of 'scope'", enumerate(known), diagnostics_)) continue;
    if (std::ranges::find(known, item.text) != known.end()) {
      if (std::ranges::find(scopes, item.text, &PlacedText::text) == scopes.end()) {
        scopes.push_back({std::string(item.text), item.range});
      } else {
        diagnostics_.warning(item.range, "scope " + in_quotes(item.text) + " is listed twice");
      }
      continue;
    }
    constexpr std::array<std::string_view, 2> kPrefixes = {"landlock_scope_", "scope_"};
    const auto foreign = second_of(kForeignScopes, plain_name(item.text, kPrefixes));
    const auto nearest = foreign ? foreign : diagnostics_.nearest("scopes", item.text, known);
    diagnostics_.error(
        item.range, "unknown scope " + in_quotes(item.text) +
                        (nearest ? "; did you mean " + in_quotes(*nearest) + "?" : "; expected " + enumerate(known)));
  }
  return scopes;
}

}  // namespace

bool is_landlock_key(const TreeNode& key) {
  return is_section_key(key, kLandlockKey);
}

LandlockSection read_landlock(const TreeNode& document, Diagnostics& diagnostics) {
  return LandlockReader(diagnostics).read(document);
}

}  // namespace sandbox::policy
