#include "report/tally.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/diagnostic.h"
#include "report/line.h"

namespace sandbox::report {
namespace {

constexpr size_t kMostNames = 3;      // Of processes, in a line of the summary.
constexpr size_t kLongestName = 100;  // In bytes.
constexpr size_t kLongestRule = 600;

size_t hash_of(uint32_t arch, uint32_t number, uint32_t action, uint64_t rule, std::string_view process) {
  size_t hash = std::hash<std::string_view>{}(process);
  for (const uint64_t part : {uint64_t{arch}, uint64_t{number}, uint64_t{action}, rule}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
  }
  return hash;
}

std::string times(uint64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == kMostNames && names.size() > kMostNames + 1) {
      return text + " and " + std::to_string(names.size() - i) + " more";
    }
    text += (i == 0 ? "" : ", ") + printable(names[i], kLongestName);
  }
  return text;
}

std::string origin_text(const Total& total) {
  if (total.rule.empty()) return total.rule_kind.empty() ? "" : "  by " + printable(total.rule_kind, kLongestRule);
  return "  by " + printable(total.rule, kLongestRule);
}

using Row = std::array<std::string, 4>;  // Count, call, fate, the rest.

std::string aligned(const std::vector<Row>& rows) {
  std::array<size_t, 3> widths = {};
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    text += "  " + std::string(widths[0] - row[0].size(), ' ') + row[0];
    for (size_t i = 1; i < widths.size(); ++i) text += "  " + row[i] + std::string(widths[i] - row[i].size(), ' ');
    text += row[3];
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace

size_t Tally::Hash::operator()(const DenialKey& key) const {
  return hash_of(key.arch, key.number, key.action, key.rule, key.process);
}

size_t Tally::Hash::operator()(const OwnKey& key) const {
  return hash_of(key.arch, key.number, key.action, key.rule, key.process);
}

bool Tally::Equal::operator()(const OwnKey& a, const DenialKey& b) const {
  return a.arch == b.arch && a.number == b.number && a.action == b.action && a.rule == b.rule && a.process == b.process;
}

bool Tally::wants_details(const DenialKey& key) {
  ++count_;
  auto at = counts_.find(key);
  if (at == counts_.end()) {
    // A hostile program has 2^32 numbers, and any name.
    if (counts_.size() >= kMostKeys) {
      ++uncounted_;
      return false;
    }
    OwnKey own = {key.arch, key.number, key.action, key.rule, std::string(key.process)};
    at = counts_.try_emplace(std::move(own)).first;
  }
  ++at->second.count;
  return !at->second.silent;
}

Tally::Show Tally::note(const DenialKey& key, std::string_view text, const std::string& rule,
                        const std::string& rule_kind) {
  const auto at = counts_.find(key);
  if (at == counts_.end() || at->second.silent) return Show::kNo;
  Count& count = at->second;
  count.rule = rule;
  count.rule_kind = rule_kind;
  const bool repeated = std::find(count.shown.begin(), count.shown.end(), text) != count.shown.end();
  if (repeated && ++count.repeats < kMostRepeats) return Show::kNo;
  if (!repeated && count.shown.size() < kMostShown) {
    count.shown.emplace_back(text);
    return Show::kYes;
  }
  count.silent = true;
  count.shown.clear();
  return Show::kMoreOfIt;
}

std::vector<Total> Tally::totals() const {
  // The rule's number may be another for another process; what people see of it is its text.
  std::map<std::tuple<uint32_t, uint32_t, uint32_t, std::string>, Total> merged;
  for (const auto& [key, count] : counts_) {
    Total& total = merged[{key.arch, key.number, key.action, count.rule}];
    total.arch = key.arch;
    total.number = key.number;
    total.action = key.action;
    total.rule = count.rule;
    total.rule_kind = count.rule_kind;
    total.processes.push_back(key.process);
    total.count += count.count;
  }
  std::vector<Total> totals;
  for (auto& [key, total] : merged) {
    std::sort(total.processes.begin(), total.processes.end());
    total.processes.erase(std::unique(total.processes.begin(), total.processes.end()), total.processes.end());
    totals.push_back(std::move(total));
  }
  std::stable_sort(totals.begin(), totals.end(), [](const Total& a, const Total& b) { return a.count > b.count; });
  return totals;
}

std::string more_of_it_text(const DenialKey& key) {
  return "further denials of " + call_text(key.arch, key.number) + " in " + printable(key.process, kLongestName) +
         " are counted, not shown";
}

std::string summary_text(const Tally& tally, Outcome outcome) {
  if (tally.count() == 0) return "";
  std::set<std::pair<uint32_t, uint32_t>> calls;
  std::vector<Row> rows;
  bool all_logged = tally.uncounted() == 0;
  bool any_logged = false;
  for (const Total& total : tally.totals()) {
    const bool logged = (total.action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG;
    all_logged = all_logged && logged;
    any_logged = any_logged || logged;
    calls.emplace(total.arch, total.number);
    rows.push_back({std::to_string(total.count), call_text(total.arch, total.number),
                    logged ? "logged" : fate_text(total.arch, total.number, total.action),
                    "  [" + names_text(total.processes) + "]" + origin_text(total)});
  }
  if (tally.uncounted() > 0) rows.push_back({std::to_string(tally.uncounted()), "other calls", "", ""});
  const bool one = calls.size() == 1 && tally.uncounted() == 0;
  std::string text =
      (tally.uncounted() > 0 ? "more than " : "") + std::to_string(calls.size()) + (one ? " call" : " calls");
  text += outcome == Outcome::kLetThrough && !all_logged ? " would have been" : one ? " was" : " were";
  text += all_logged ? " logged " : any_logged ? " denied or logged " : " denied ";
  return text + times(tally.count()) + ":\n" + aligned(rows);
}

}  // namespace sandbox::report
