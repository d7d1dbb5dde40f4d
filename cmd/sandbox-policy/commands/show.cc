// show: what a policy does with every call of an ABI, on one page, and what its filter costs.
#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <set>
#include <string_view>

#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "bpf/walk.h"
#include "policy/formats.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/show_html.h"
#include "sandbox-policy/commands/show_page.h"
#include "sandbox-policy/commands/show_section.h"
#include "sandbox-policy/commands/show_summary.h"
#include "sandbox-policy/condition_text.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/summary.h"

namespace sandbox::tool {
namespace {

constexpr size_t kColumn = 22;        // Where the names begin.
constexpr size_t kMaxByDefault = 40;  // Calls that are listed by name though no policy names them.

/// The verdicts of calls whose arguments do not matter, from open to closed, the default at the end.
struct VerdictGroup {
  Cell verdict;
  bool by_default = false;
  int order = 0;
  std::set<std::string_view> names;
};

/// Behind the calls that get what the default says.
std::string others_text(const Page& page) {
  if (page.rules == nullptr || !page.rules->largest_named) return ", and all other numbers";
  return ", and all other numbers up to the largest one named";
}

void print_group(const VerdictGroup& group, const Page& page, Output& out) {
  const arch::Abi abi = page.abi;
  const Summary summary = summarise(group.names, abi);
  out.line("  " + out.paint(group.verdict.colour, group.verdict.text) + ": " + plural(group.names.size(), "call") +
           (group.by_default ? others_text(page) : ""));
  std::vector<std::string> whole;
  for (const NamedSet& set : summary.sets) {
    if (set.missing.empty()) whole.emplace_back(set.name);
  }
  std::sort(whole.begin(), whole.end());
  if (!whole.empty()) out.words(std::string("    all of"), kColumn, whole);
  for (const NamedSet& set : summary.sets) {
    if (set.missing.empty()) continue;
    std::vector<std::string> words = {"but", "not"};
    words.insert(words.end(), set.missing.begin(), set.missing.end());
    out.words("    " + std::string(set.name), kColumn, words);
  }
  if (summary.rest.empty()) return;
  const size_t column = summary.sets.empty() ? 4 : kColumn;
  const std::string head = summary.sets.empty() ? "" : "    and";
  if (group.by_default && summary.rest.size() > kMaxByDefault) {  // It is what is left; a list would say little.
    out.words(head, column, {std::to_string(summary.rest.size()), "more;", "--all", "lists", "every", "call"});
  } else {
    out.words(head, column, {summary.rest.begin(), summary.rest.end()});
  }
}

// ---- As text ----

void print_conditional(const Page& page, const Input& input, Output& out) {
  std::vector<std::vector<Cell>> rows;
  for (const ListedCall& listed : page.calls) {
    if (!listed.conditional()) continue;
    Cell name = {std::string(listed.name), Colour::kBold};
    if (!listed.by_rules) {
      rows.push_back({name, answers_text(listed, page.abi)});
      continue;
    }
    for (const CaseText& one : cases_text(listed.chain, *input.policy, page.abi)) {
      rows.push_back({name,
                      {resolve::verdict_text(one.verdict, page.abi), colour_of(one.verdict.action)},
                      one.when,
                      {one.origin, Colour::kDim}});
      name.text.clear();
    }
    const resolve::Verdict otherwise = listed.chain.otherwise;
    rows.push_back({"", {resolve::verdict_text(otherwise, page.abi), colour_of(otherwise.action)}, "otherwise"});
  }
  if (rows.empty()) return;
  out.line("");
  out.line("  by arguments");
  out.wrapped_table(rows, 4);
}

std::vector<VerdictGroup> groups_of(const Page& page) {
  std::vector<VerdictGroup> groups;
  for (const ListedCall& listed : page.calls) {
    if (listed.conditional()) continue;
    const std::string text = verdict_of(page, listed);
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const VerdictGroup& g) { return g.verdict.text == text; });
    if (group == groups.end()) {
      const resolve::Verdict verdict = listed.by_rules
                                           ? listed.chain.otherwise
                                           : resolve::verdict_of(listed.returns.empty() ? 0 : listed.returns.front());
      const bool by_default = page.rules != nullptr && verdict == page.rules->default_verdict;
      const int order = (by_default ? 100 : 0) - static_cast<int>(verdict.action);
      groups.push_back({{text, colour_of(verdict.action)}, by_default, order, {}});
      group = std::prev(groups.end());
    }
    group->names.insert(listed.name);
  }
  std::sort(groups.begin(), groups.end(),
            [](const VerdictGroup& a, const VerdictGroup& b) { return a.order < b.order; });
  return groups;
}

void print_page(const Page& page, const Input& input, Output& out) {
  out.line(out.paint(Colour::kBold, std::string(arch::info(page.abi).name)) + ", " + plural(page.calls.size(), "call"));
  print_conditional(page, input, out);
  for (const VerdictGroup& group : groups_of(page)) {
    out.line("");
    print_group(group, page, out);
  }
  if (page.rules == nullptr || !page.rules->largest_named) return;
  out.line("");
  out.text("  errno ENOSYS:", 4, "all numbers above " + resolve::largest_named_text(*page.rules));
}

void print_every_call(const Page& page, const Input& input, Output& out) {
  out.line(out.paint(Colour::kBold, std::string(arch::info(page.abi).name)));
  std::vector<std::vector<Cell>> rows;
  for (const ListedCall& listed : page.calls) {
    std::vector<Cell> row = {std::to_string(listed.number), {std::string(listed.name), Colour::kBold}};
    if (!listed.by_rules) {
      row.emplace_back(answers_text(listed, page.abi));
      rows.push_back(std::move(row));
      continue;
    }
    for (const CaseText& one : cases_text(listed.chain, *input.policy, page.abi)) {
      row.emplace_back(resolve::verdict_text(one.verdict, page.abi), colour_of(one.verdict.action));
      row.emplace_back(one.when);
      row.emplace_back(one.origin, Colour::kDim);
      rows.push_back(row);
      row = {"", ""};
    }
    const resolve::Verdict verdict = listed.chain.otherwise;
    row.emplace_back(resolve::verdict_text(verdict, page.abi), colour_of(verdict.action));
    row.emplace_back(listed.chain.cases.empty() ? "" : "otherwise");
    const bool above = resolve::fallback_of(*page.rules, listed.number).source == resolve::VerdictSource::kAboveNamed;
    row.emplace_back(above ? "above the largest number named" : origin_text(listed.chain.last, *input.policy),
                     Colour::kDim);
    rows.push_back(std::move(row));
  }
  out.table(rows, 2);  // One line each, to be searched, however long it is.
}

// ---- What it costs ----

struct Cost {
  size_t instructions = 0;
  size_t ranges = 0;  ///< 0: not known, of raw BPF.
  bool token = false;
  size_t longest = 0;
  double mean = 0;  ///< Over all calls, with arguments of 0.
  size_t free = 0;
  size_t calls = 0;
};

Cost cost_of(const compile::ReadyFilter& filter, const std::vector<Page>& pages) {
  Cost cost;
  cost.instructions = filter.filter.program.size();
  cost.ranges = filter.filter.ranges;
  cost.token = !filter.filter.token_sites.empty();
  size_t total = 0;
  for (const Page& page : pages) {
    for (const ListedCall& listed : page.calls) {
      ++cost.calls;
      cost.longest = std::max(cost.longest, listed.longest);
      total += listed.steps;
      if (listed.free) ++cost.free;
    }
  }
  if (cost.calls > 0) cost.mean = static_cast<double>(total) / static_cast<double>(cost.calls);
  return cost;
}

std::string one_decimal(double value) {
  std::array<char, 32> buffer = {};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", value);
  return buffer.data();
}

void print_cost(const Cost& cost, Output& out) {
  out.line("filter: " + (cost.ranges == 0 ? "" : plural(cost.ranges, "range") + " of numbers, ") +
           plural(cost.instructions, "instruction") + (cost.token ? ", with an exec token" : ""));
  out.text("a call:", 8,
           "at most " + plural(cost.longest, "instruction") + ", " + one_decimal(cost.mean) + " on average; " +
               std::to_string(cost.free) + " of " + std::to_string(cost.calls) +
               " calls cost nothing, the kernel keeps their answer");
}

void print_outside(const Input& input, Output& out) {
  if (input.kind != Input::Kind::kPolicy) return;
  const auto covers = [&](arch::Abi abi) { return resolve::find_rules(input.rules, abi) != nullptr; };
  out.line(out.paint(Colour::kBold, "any other ABI") + ": " + out.paint(Colour::kRed, "kill_process") +
           (covers(arch::Abi::kX86_64) && !covers(arch::Abi::kX32) ? "; x32: errno ENOSYS" : ""));
}

// ---- As JSON ----

void json_call(const ListedCall& listed, const Page& page, const Input& input, Json& json) {
  json.open_object().member("name", listed.name).member("number", uint64_t{listed.number});
  if (!listed.by_rules) {
    json.key("verdicts").open_array();
    for (const uint32_t value : listed.returns) add_verdict(json, resolve::verdict_of(value), page.abi);
    json.close_array();
    if (listed.more_returns > 0) json.member("more_verdicts", uint64_t{listed.more_returns});
    if (listed.computed) json.member("computed", true);
  } else if (listed.chain.cases.empty()) {
    add_verdict(json.key("verdict"), listed.chain.otherwise, page.abi);
    if (listed.chain.last != nullptr && listed.chain.last->origin) {
      json.member("line", uint64_t{line_of(*listed.chain.last, *input.policy)});
    }
  } else {
    json.key("cases").open_array();
    for (const resolve::Clause* clause : listed.chain.cases) {
      add_verdict(json.open_object().key("verdict"), clause->verdict, page.abi).key("conditions").open_array();
      for (const std::string& text : conditions_text(*clause, &*input.policy, page.abi, listed.number)) {
        json.value(std::string_view(text));
      }
      json.close_array();
      json.member("line", uint64_t{line_of(*clause, *input.policy)}).close_object();
    }
    add_verdict(json.close_array().key("otherwise"), listed.chain.otherwise, page.abi);
  }
  json.close_object();
}

void print_json(const Input& input, const std::vector<Page>& pages, const std::optional<Cost>& cost, Output& out) {
  Json json;
  json.open_object().member("file", std::string_view(input.name)).member("enabled", input.enabled());
  if (cost) {
    json.key("filter").open_object().member("instructions", uint64_t{cost->instructions});
    if (cost->ranges != 0) json.member("ranges", uint64_t{cost->ranges});
    json.member("token", cost->token).member("longest", uint64_t{cost->longest});
    json.key("mean").number(one_decimal(cost->mean));
    json.member("free_calls", uint64_t{cost->free}).member("calls", uint64_t{cost->calls}).close_object();
  }
  json.key("abis").open_array();
  for (const Page& page : pages) {
    json.open_object().member("abi", arch::info(page.abi).name);
    if (page.rules != nullptr) add_verdict(json.key("default"), page.rules->default_verdict, page.abi);
    if (page.rules != nullptr && page.rules->largest_named) {
      json.member("largest_named", uint64_t{*page.rules->largest_named});
    }
    json.key("calls").open_array();
    for (const ListedCall& listed : page.calls) json_call(listed, page, input, json);
    json.close_array().close_object();
  }
  json.close_array();
  if (input.policy && input.policy->landlock) json_section(*input.policy, json);
  out.add(json.close_object().text());
}

std::string subtitle(const Input& input) {
  if (input.kind == Input::Kind::kRawBpf) return "raw BPF";
  if (input.kind == Input::Kind::kFilterFile) return "a filter compiled from " + input.filter->source;
  if (input.profile != nullptr) return std::string(input.profile->summary);
  return std::string(policy::describe(input.policy->format));
}

/// Those that are to be shown.
Step<std::vector<arch::Abi>> chosen_abis(const Input& input, const Options& options, const Log& log) {
  std::vector<arch::Abi> abis = input.abis(options.machine);
  if (!options.arch) return abis;
  if (std::ranges::find(abis, *options.arch) != abis.end()) return std::vector<arch::Abi>{*options.arch};
  log.error(input.name + ": does not cover " + std::string(arch::info(*options.arch).name) + ", only " +
            join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; }));
  return Unusable();
}

/// The policy's text, byte for byte.
int show_source(const std::string& name, const Log& log, Output& out) {
  const auto source = open_source(name, log);
  if (!source) return kExitFailed;
  const std::string& text = (*source)->text();
  if (compile::looks_like_filter(text)) {
    log.error(printable_path(name) + ": is a compiled filter, expected a policy");
    return kExitFailed;
  }
  out.add(text);
  return kExitGood;
}

/// What a program can do, by ABI.
int show_summary(const Input& input, const Options& options, const Log& log, Output& out) {
  const auto program = program_of({&input, 1}, options, log);
  const auto abis = chosen_abis(input, options, log);
  if (!program || !abis) return kExitFailed;
  Json json;
  json.open_object().member("file", std::string_view(input.name)).member("enabled", input.enabled());
  json.key("abis").open_array();
  out.text({input.name + ":", Colour::kBold}, 4, subtitle(input));
  for (const arch::Abi abi : *abis) {
    const auto abilities = abilities_of(input, *program, abi);
    json_abilities(abilities, json.open_object().member("abi", arch::info(abi).name));
    json.close_object();
    out.line("");
    out.line(out.paint(Colour::kBold, std::string(arch::info(abi).name)) + ", a program under it");
    print_abilities(abilities, out);
  }
  if (options.json) {
    out.clear();
    out.add(json.close_array().close_object().text());
    return kExitGood;
  }
  if (input.kind == Input::Kind::kPolicy) out.line("");
  print_outside(input, out);
  return kExitGood;
}

}  // namespace

int show(const Options& options, const Log& log, Output& out) {
  if (options.source) return show_source(options.arguments.front(), log, out);
  const auto input = load(options.arguments.front(), options, log);
  if (!input) return kExitFailed;
  if (options.summary && input->enabled()) return show_summary(*input, options, log, out);
  std::vector<Page> pages;
  std::optional<Cost> cost;
  const auto answers = program_of({&*input, 1}, options, log);
  if (!answers) return kExitFailed;
  if (input->enabled()) {
    const auto filter = filter_of(*input, options, log);
    if (!filter) return kExitFailed;
    const auto abis = chosen_abis(*input, options, log);
    if (!abis) return kExitFailed;
    for (const arch::Abi abi : *abis) pages.push_back(page_of(*input, &*filter, *answers, abi));
    cost = cost_of(*filter, pages);
  }
  if (options.json) {
    print_json(*input, pages, cost, out);
    return kExitGood;
  }
  if (options.html) {
    std::vector<HtmlPart> parts;
    for (const Page& page : pages) parts.push_back({&page, abilities_of(*input, *answers, page.abi)});
    out.add(html_of(*input, subtitle(*input), parts));
    return kExitGood;
  }
  out.text({input->name + ":", Colour::kBold}, 4, subtitle(*input));
  const bool section = input->policy && input->policy->landlock;
  if (!input->enabled()) {
    out.line(std::string(input->why_no_filter()) + ": it filters nothing");
    if (section) print_section(*input->policy, out);
    return kExitGood;
  }
  print_cost(*cost, out);
  for (const Page& page : pages) {
    out.line("");
    options.all ? print_every_call(page, *input, out) : print_page(page, *input, out);
  }
  if (input->kind == Input::Kind::kPolicy) out.line("");
  print_outside(*input, out);
  if (section) print_section(*input->policy, out);
  return kExitGood;
}

}  // namespace sandbox::tool
