#include "report/tally.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "report/line.h"

namespace sandbox::report {
namespace {

constexpr size_t kMaxNames = 3;         // Names of processes in a line of the summary.
constexpr size_t kMaxNameLength = 100;  // In bytes.
constexpr size_t kMaxRuleLength = 600;

size_t hash_of(uint32_t arch, uint32_t number, uint32_t action, uint64_t rule, std::string_view process) {
  uint64_t hash = std::hash<std::string_view>{}(process);
  for (const uint64_t part : {uint64_t{arch}, uint64_t{number}, uint64_t{action}, rule}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
  }
  return static_cast<size_t>(hash);
}

std::string times(uint64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

/// "curl, git, sh and 2 more". A process can give itself the empty name, and the name of one that is gone is unknown.
std::string processes_text(const Total& total) {
  const std::vector<std::string>& names = total.processes;
  if (names.empty()) return total.other_processes ? "other processes" : "";
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxNames && (total.other_processes || names.size() > kMaxNames + 1)) {
      const std::string more = std::to_string(names.size() - i) + " more";
      return text + (total.other_processes ? ", " + more + " and others" : " and " + more);
    }
    if (i > 0) text += ", ";
    text += names[i].empty() ? "(no name)" : printable(names[i], kMaxNameLength);
  }
  return text + (total.other_processes ? " and others" : "");
}

std::string origin_text(const Total& total) {
  if (total.rule.empty()) return total.rule_kind.empty() ? "" : "  by " + printable(total.rule_kind, kMaxRuleLength);
  return "  by " + printable(total.rule, kMaxRuleLength);
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

bool has_name(const DenialKey& key) {
  const auto abi = arch::abi_of(key.arch, key.number);
  return abi && arch::name_of(*abi, key.number);
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

/// Makes one for a key that has none yet. Null if none is left for it.
Tally::Count* Tally::place_for(const DenialKey& key) {
  const bool named = has_name(key);
  const size_t place = counts_.size() + others_.size();
  OwnKey own = {key.arch, key.number, key.action, key.rule, std::string(key.process)};
  const bool room = counts_.size() < kMaxKeys && (named || nameless_ < kMaxNameless);
  if (!room && !named) return nullptr;
  if (!room) own.process.clear();
  Counts& counts = room ? counts_ : others_;
  if (!room && others_.size() >= kMaxNamesOfCalls && !others_.contains(own)) return nullptr;
  const auto [at, fresh] = counts.try_emplace(std::move(own));
  if (fresh) at->second.place = place;
  if (!named) ++nameless_;
  return &at->second;
}

Tally::Count* Tally::find(const DenialKey& key) {
  if (const auto at = counts_.find(key); at != counts_.end()) return &at->second;
  DenialKey other = key;
  other.process = {};
  const auto at = others_.find(other);
  return at == others_.end() ? nullptr : &at->second;
}

bool Tally::wants_details(const DenialKey& key) {
  ++count_;
  const auto at = counts_.find(key);
  Count* count = at == counts_.end() ? place_for(key) : &at->second;
  if (count == nullptr) {
    ++uncounted_;
    return false;
  }
  ++count->count;
  return !count->silent;
}

Tally::Show Tally::note(const DenialKey& key, std::string_view text, const std::string& rule,
                        const std::string& rule_kind) {
  Count* count = find(key);
  if (count == nullptr || count->silent) return Show::kNo;
  count->rule = rule;
  count->rule_kind = rule_kind;
  // One line for each new name would be a line for each denial.
  const bool shown = !ended_ && counts_.contains(key);
  Show answer = shown ? show(*count, text) : Show::kNo;
  if (answer != Show::kNo) {
    ended_ = lines_left_ == 0;
    if (ended_) answer = Show::kNoMore;
    if (!ended_) --lines_left_;
  }
  if (!shown || answer == Show::kMoreOfIt || ended_) {
    count->silent = true;
    count->shown.clear();
  }
  return answer;
}

Tally::Show Tally::show(Count& count, std::string_view text) {
  const bool repeated = std::find(count.shown.begin(), count.shown.end(), text) != count.shown.end();
  if (repeated) return ++count.repeats < kMaxRepeats ? Show::kNo : Show::kMoreOfIt;
  if (count.shown.size() >= kMaxShown) return Show::kMoreOfIt;
  count.shown.emplace_back(text);
  return Show::kYes;
}

std::vector<Total> Tally::totals() const {
  struct Placed {
    size_t place = SIZE_MAX;
    Total total;
  };
  // The rule's number may be another for another process; what people see of it is its text.
  std::map<std::tuple<uint32_t, uint32_t, uint32_t, std::string>, Placed> merged;
  const auto add = [&](const OwnKey& key, const Count& count) -> Total& {
    auto& [place, total] = merged[{key.arch, key.number, key.action, count.rule}];
    place = std::min(place, count.place);
    total.arch = key.arch;
    total.number = key.number;
    total.action = key.action;
    total.rule = count.rule;
    total.rule_kind = count.rule_kind;
    total.count += count.count;
    return total;
  };
  for (const auto& [key, count] : counts_) add(key, count).processes.push_back(key.process);
  for (const auto& [key, count] : others_) add(key, count).other_processes = true;
  std::vector<Placed> placed;
  placed.reserve(merged.size());
  for (auto& [key, one] : merged) placed.push_back(std::move(one));
  std::ranges::sort(placed, {}, [](const Placed& one) { return std::pair(~one.total.count, one.place); });
  std::vector<Total> totals;
  for (auto& [place, total] : placed) {
    std::sort(total.processes.begin(), total.processes.end());
    total.processes.erase(std::unique(total.processes.begin(), total.processes.end()), total.processes.end());
    totals.push_back(std::move(total));
  }
  return totals;
}

std::string more_of_it_text(const DenialKey& key) {
  const std::string name = printable(key.process, kMaxNameLength);
  return "further denials of " + call_text(key.arch, key.number) + (name.empty() ? "" : " in " + name) +
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
                    "  [" + processes_text(total) + "]" + origin_text(total)});
  }
  if (tally.uncounted() > 0) rows.push_back({std::to_string(tally.uncounted()), "other calls", "", ""});
  const bool one = calls.size() == 1 && tally.uncounted() == 0;
  std::string text =
      (tally.uncounted() > 0 ? "more than " : "") + std::to_string(calls.size()) + (one ? " call" : " calls");
  text += outcome == Outcome::kAllowed && !all_logged ? " would have been" : one ? " was" : " were";
  text += all_logged ? " logged " : any_logged ? " denied or logged " : " denied ";
  return text + times(tally.count()) + ":\n" + aligned(rows);
}

}  // namespace sandbox::report
