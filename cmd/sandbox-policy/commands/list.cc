// list: tables of the names that policies are written with.
#include <algorithm>
#include <array>
#include <optional>

#include "arch/abi.h"
#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/constants.h"
#include "arch/landlock.h"
#include "arch/syscalls.h"
#include "base/edit_distance.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/text_check.h"
#include "profiles/by_name.h"
#include "profiles/description.h"
#include "resolve/landlock/path_sets.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/json.h"

namespace sandbox::tool {
namespace {

/// A table: rows for people, objects for programs. Columns have the names of their members.
class Table {
 public:
  Table(std::string topic, std::vector<std::string> columns) : topic_(std::move(topic)), columns_(std::move(columns)) {}

  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

  void print(bool json, Output& out) const {
    if (!json) {
      out.table(rows_, 0);
      return;
    }
    Json document;
    document.open_object().key(topic_).open_array();
    for (const auto& row : rows_) {
      document.open_object();
      for (size_t i = 0; i < row.size(); ++i) document.member(columns_[i], std::string_view(row[i].text));
      document.close_object();
    }
    out.add(document.close_array().close_object().text());
  }

 private:
  std::string topic_;
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

void list_calls(const Options& options, Output& out) {
  const arch::Abi abi = options.arch.value_or(options.machine);
  std::vector<std::pair<uint32_t, std::string_view>> calls;
  for (const std::string_view name : arch::names_on(abi)) calls.emplace_back(*arch::number_of(abi, name), name);
  std::sort(calls.begin(), calls.end());
  Table table("syscalls", {"number", "name", "since"});
  for (const auto& [number, name] : calls) {
    const auto since = arch::introduced(abi, name);
    const bool ancient = !since || (since->major <= 2 && since->minor <= 6);
    table.add({{std::to_string(number)},
               {std::string(name), Colour::kBold},
               {ancient ? "" : "Linux " + arch::to_string(*since), Colour::kDim}});
  }
  table.print(options.json, out);
}

void list_sets(const Options& options, Output& out) {
  const arch::Abi abi = options.arch.value_or(options.machine);
  Json json;
  json.open_object().key("sets").open_array();
  for (const std::string_view set : arch::set_names()) {
    std::vector<std::string> members;
    const auto written = arch::written_members_of_set(set);
    for (const std::string_view member : *written) {
      if (member.starts_with('@') || arch::number_of(abi, member)) members.emplace_back(member);
    }
    if (!options.json) {
      out.words({std::string(set), Colour::kBold}, 18, members);
      continue;
    }
    json.open_object().member("name", set).key("members").open_array();
    for (const std::string& member : members) json.value(std::string_view(member));
    json.close_array().close_object();
  }
  if (options.json) out.add(json.close_array().close_object().text());
}

std::string access_of(const resolve::PathSet::Member& member) {
  // The words' rights for directories go without saying where a file is meant.
  arch::FileRights rights = member.rights | member.on_devices;
  for (const arch::AccessWord& word : arch::access_words()) {
    const arch::FileRights own = word.rights & arch::file_right::kOfFiles;
    if (own != 0 && (rights & own) == own) rights |= word.rights;
  }
  return arch::describe_access(rights);
}

void list_paths(const Options& options, Output& out) {
  Json json;
  json.open_object().key("paths").open_array();
  for (const resolve::PathSet& set : resolve::path_sets()) {
    if (options.json) {
      json.open_object().member("name", set.name).member("meaning", set.meaning);
      if (!set.warning.empty()) json.member("warning", set.warning);
      json.key("members").open_array();
      for (const auto& member : set.members) {
        json.open_object().member("path", member.path);
        json.member("access", std::string_view(access_of(member))).close_object();
      }
      json.close_array().close_object();
      continue;
    }
    out.line(out.paint(Colour::kBold, set.name) + "  " + std::string(set.meaning));
    std::vector<std::pair<std::string, std::vector<std::string>>> groups;
    for (const auto& member : set.members) {
      const std::string access = access_of(member);
      const auto same = std::ranges::find(groups, access, [](const auto& group) { return group.first; });
      auto& group = same != groups.end() ? *same : groups.emplace_back(access, std::vector<std::string>());
      group.second.emplace_back(member.path);
    }
    for (const auto& [access, paths] : groups) out.words("  " + access, 24, paths);
    if (!set.warning.empty()) out.text({"  beware", Colour::kYellow}, 24, set.warning);
  }
  if (options.json) out.add(json.close_array().close_object().text());
}

void list_actions(const Options& options, Output& out) {
  // In the kernel's order: of several policies the first of these wins.
  constexpr std::array<std::string_view, policy::kActionNames.size()> kMeanings = {
      "the process ends as if by SIGSYS",
      "the thread ends as if by SIGSYS",
      "the thread gets SIGSYS, which it may handle",
      "the call is not made and fails with 'errno' (default EPERM)",
      "a tracer decides; without one the call fails with ENOSYS",
      "the call is made, and logged",
      "the call is made",
  };
  Table table("actions", {"name", "meaning"});
  for (size_t i = 0; i < kMeanings.size(); ++i) {
    table.add({{std::string(policy::kActionNames.at(i)), colour_of(static_cast<policy::Action>(i))},
               std::string(kMeanings.at(i))});
  }
  table.print(options.json, out);
}

void list_architectures(const Options& options, Output& out) {
  Table table("architectures", {"name", "audit_arch", "bits", "byte_order", "first_number", "aliases"});
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    std::vector<std::string_view> others;
    for (const std::string_view name : arch::accepted_abi_names()) {
      if (name != abi.name && arch::find_abi(name) == abi.abi) others.push_back(name);
    }
    const std::string aliases = join(others, " ");
    table.add({{std::string(abi.name), abi.abi == options.machine ? Colour::kBold : Colour::kNone},
               hex(abi.audit_arch, 8),
               std::to_string(abi.register_bits) + (options.json ? "" : "-bit"),
               std::string(abi.endian == bpf::Endian::kLittle ? "little" : "big") + (options.json ? "" : "-endian"),
               (options.json ? "" : "from ") + std::to_string(abi.first_number),
               {options.json || aliases.empty() ? aliases : "also " + aliases, Colour::kDim}});
  }
  table.print(options.json, out);
}

/// "not usable" where another user could have written the text: it is not even read.
std::string summary_of(const profiles::Found& found, const profiles::Places& places) {
  if (found.built_in != nullptr) return printable(profiles::describe(found.built_in->text).summary);
  if (profiles::why_unusable(found, places)) return "not usable (sandbox-run --list-profiles prints why)";
  const auto contents = read_file(found.path, policy::kMaxPolicyBytes);
  return contents ? printable(profiles::describe(contents->bytes).summary) : "";
}

void list_profiles(const Options& options, Output& out) {
  Table table("profiles", {"name", "from", "summary"});
  const profiles::Places places = profiles::own_places();
  for (const profiles::Listed& listed : profiles::list_all(places)) {
    const profiles::Profile* built_in = listed.found.built_in;
    const std::string summary = summary_of(listed.found, places);
    table.add({{listed.name, Colour::kBold},
               (built_in != nullptr ? "built in" : printable_path(listed.found.path)) +
                   (listed.hidden ? ", but the one above comes first" : ""),
               summary});
  }
  table.print(options.json, out);
}

void list_constants(const Options& options, Output& out) {
  const arch::Abi abi = options.arch.value_or(options.machine);
  Table table("constants", {"name", "value"});
  for (const std::string_view name : arch::constant_names()) {
    if (const auto value = arch::constant(abi, name)) {
      table.add({{std::string(name), Colour::kBold}, hex(*value)});
    }
  }
  table.print(options.json, out);
}

struct Topic {
  std::string_view name;
  void (*print)(const Options& options, Output& out);
};

constexpr Topic kTopics[] = {{"syscalls", list_calls},    {"sets", list_sets},
                             {"actions", list_actions},   {"architectures", list_architectures},
                             {"profiles", list_profiles}, {"constants", list_constants},
                             {"paths", list_paths}};
static_assert(std::ranges::equal(kTopics, kTableNames, {}, &Topic::name));

}  // namespace

int list(const Options& options, const Log& log, Output& out) {
  const std::string_view wanted = options.arguments.front();
  std::vector<std::string_view> names;
  for (const Topic& topic : kTopics) {
    if (topic.name == wanted) {
      topic.print(options, out);
      return kExitGood;
    }
    names.push_back(topic.name);
  }
  const auto nearest = nearest_name(wanted, names);
  log.error("list: there is no table " + in_quotes(wanted) +
            (nearest ? "; did you mean " + in_quotes(*nearest) + "?"
                     : "; there are syscalls, sets, actions, architectures, profiles, constants and paths"));
  return kExitFailed;
}

}  // namespace sandbox::tool
