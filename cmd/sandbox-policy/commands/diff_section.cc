#include "sandbox-policy/commands/diff_section.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace sandbox::tool {
namespace {

using Rights = std::pair<uint64_t, uint64_t>;  ///< Of the left side and of the right.

Direction direction_of(uint64_t left, uint64_t right) {
  if ((left & ~right) == 0) return Direction::kLooser;
  return (right & ~left) == 0 ? Direction::kStricter : Direction::kOther;
}

std::string describe(const kernel::FoundFile& file, arch::FileRights rights) {
  if (rights == 0) return "nothing";
  return rights == askable(file, arch::file_right::kAll) ? "everything" : describe_rights(file, rights);
}

/// A directory stands right in front of what is in it: "/a", "/a/b", "/a-b".
struct PathOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    const auto key = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
    return std::ranges::lexicographical_compare(a, b, {}, key, key);
  }
};
using Places = std::map<std::string, kernel::FoundFile, PathOrder>;

bool is_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return path != "/";
  return path.starts_with(directory) && path.size() > directory.size() && path[directory.size()] == '/';
}

/// The places of all rules, by their paths, and the root.
Places places_of(SectionLayers& left, const SectionLayers& right) {
  Places places;
  if (auto root = left.find("/")) places.emplace("/", std::move(*root));
  for (const SectionLayers* side : {static_cast<const SectionLayers*>(&left), &right}) {
    for (size_t layer = 0; layer < side->size(); ++layer) {
      for (const kernel::PlacedPath& path : side->paths(layer)) places.emplace(path.file.path, path.file);
    }
  }
  return places;
}

void compare_files(SectionLayers& left, const SectionLayers& right, std::vector<AccessDifference>& differences) {
  struct Place {
    std::string path;
    Rights rights;
  };
  std::vector<Place> above;  // The directories over the one that is looked at, in which a rule stands.
  for (const auto& [path, file] : places_of(left, right)) {
    while (!above.empty() && !is_below(path, above.back().path)) above.pop_back();
    const arch::FileRights asked = askable(file, arch::file_right::kAll);
    const Rights whole = {left.allowed(file), right.allowed(file)};
    const Rights rights = {whole.first & asked, whole.second & asked};
    const Rights inherited =
        above.empty() ? Rights{0, 0} : Rights{above.back().rights.first & asked, above.back().rights.second & asked};
    const bool differ = rights.first != rights.second;
    const bool differ_above = inherited.first != inherited.second;
    if (rights != inherited && (differ || differ_above)) {
      differences.push_back({printable_path(path), describe(file, rights.first), describe(file, rights.second),
                             direction_of(rights.first, rights.second), !differ});
    }
    above.push_back({path, whole});
  }
}

/// Whether the layers all allow it.
bool allows(const SectionLayers& layers, uint16_t port, arch::PortRights right) {
  return !layers.judge(port, right);
}

void compare_ports(const SectionLayers& left, const SectionLayers& right, std::vector<AccessDifference>& differences) {
  std::set<uint16_t> listed;
  for (const SectionLayers* side : {&left, &right}) {
    for (const resolve::PlacedRuleset& layer : side->rulesets()) {
      for (const auto& [port, rights] : layer.ports) listed.insert(port);
    }
  }
  const auto compare = [&](const arch::LandlockBit& right_of, uint16_t port, const std::string& subject) {
    const bool a = allows(left, port, right_of.bit);
    const bool b = allows(right, port, right_of.bit);
    if (a == b) return;
    differences.push_back({std::string(right_of.name) + ", " + subject, a ? "allowed" : "denied",
                           b ? "allowed" : "denied", b ? Direction::kLooser : Direction::kStricter});
  };
  uint16_t unlisted = 1;
  while (listed.contains(unlisted) && unlisted != UINT16_MAX) ++unlisted;
  for (const arch::LandlockBit& one : arch::port_rights()) {
    for (const uint16_t port : listed) compare(one, port, "port " + std::to_string(port));
    if (!listed.contains(unlisted)) compare(one, unlisted, listed.empty() ? "every port" : "every other port");
  }
}

void compare_scopes(const SectionLayers& left, const SectionLayers& right, std::vector<AccessDifference>& differences) {
  const auto scopes_of = [](const SectionLayers& side) {
    arch::Scopes scopes = 0;
    for (const resolve::PlacedRuleset& layer : side.rulesets()) scopes |= layer.scopes;
    return scopes;
  };
  const arch::Scopes a = scopes_of(left);
  const arch::Scopes b = scopes_of(right);
  for (const arch::LandlockBit& scope : arch::scopes()) {
    const bool kept_a = (a & scope.bit) != 0;
    const bool kept_b = (b & scope.bit) != 0;
    if (kept_a == kept_b) continue;
    differences.push_back({std::string(scope.name), kept_a ? "kept inside" : "open", kept_b ? "kept inside" : "open",
                           kept_a ? Direction::kLooser : Direction::kStricter});
  }
}

}  // namespace

std::vector<AccessDifference> compare_sections(SectionLayers& left, SectionLayers& right) {
  std::vector<AccessDifference> differences;
  if (left.empty() && right.empty()) return differences;
  compare_files(left, right, differences);
  compare_ports(left, right, differences);
  compare_scopes(left, right, differences);
  return differences;
}

void print_section_differences(const std::vector<AccessDifference>& differences, Output& out) {
  if (differences.empty()) return;
  out.line("");
  out.line(out.paint(Colour::kBold, "files and ports") +
           ": what the first allows / what the second allows: whether the second is looser or stricter");
  std::vector<std::vector<Cell>> rows;
  for (const AccessDifference& one : differences) {
    rows.push_back({{one.subject, Colour::kBold},
                    one.equal ? one.left : one.left + " / " + one.right,
                    one.equal ? std::string("equal") : std::string(word_of(one.direction))});
  }
  out.table(rows, 2);
}

void json_section_differences(const std::vector<AccessDifference>& differences, Json& json) {
  json.key("accesses").open_array();
  for (const AccessDifference& one : differences) {
    json.open_object().member("subject", std::string_view(one.subject));
    json.member("a", std::string_view(one.left)).member("b", std::string_view(one.right));
    json.member("direction", one.equal ? "equal" : word_of(one.direction)).close_object();
  }
  json.close_array();
}

}  // namespace sandbox::tool
