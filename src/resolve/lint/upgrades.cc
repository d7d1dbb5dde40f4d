// Lists that were right for the C library and the Go of their day: what programs call now in place of what is allowed.
//
// A new C library makes a newer call where the old one made another, and a list that allows the older one alone then
// denies it. Programs that get errno ENOSYS mostly take the older call; with EPERM or a kill they end. An entry of
// replacements.inc applies if a call that it replaces is allowed and the newer one falls to the default action.
//
// At their start programs make some calls that they did not make before. These count where a list is good enough for a
// start of old: sandbox-run(1) starts the target with the filter installed, and so do container runtimes. A program
// that installs its own filter has its start behind it (LintOptions::self_installed), unless the list allows it to
// execute others, which start under the filter.
//
// All that is found on an ABI goes into two warnings: what to allow, and what to answer with ENOSYS.
#include <algorithm>
#include <string>
#include <vector>

#include "arch/abi_set.h"
#include "arch/call_versions.h"
#include "base/text.h"
#include "resolve/lint/parts.h"
#include "resolve/verdict_text.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using arch::AbiSet;
using arch::every_abi;
using arch::KernelVersion;

enum class Caller : uint8_t { kLibc, kPrograms, kGo };
enum class When : uint8_t { kAnytime, kStart };
enum class Without : uint8_t { kFails, kTakesElder, kGoesOn };

struct Replacement {
  std::string_view newer;
  std::string_view elders;
  AbiSet abis;
  Caller caller;
  When when;
  Without without;
  std::string_view since;  ///< For those who read the table.
};

/// A C library's time_t has 32 bits here, or had until lately.
constexpr AbiSet k32BitTimes = AbiSet{Abi::kX86, Abi::kArm, Abi::kParisc, Abi::kPpc, Abi::kS390} | arch::kMipsO32;
constexpr AbiSet k64BitTimes = every_abi() - k32BitTimes - arch::kEveryMips;
constexpr AbiSet k64BitX86 = {Abi::kX86_64};

constexpr Replacement kReplacements[] = {
#define CALL(newer, elders, abis, caller, when, without, since) \
  {newer, elders, abis, Caller::caller, When::when, Without::without, since},
#include "resolve/lint/replacements.inc"
#undef CALL
};

/// What ld.so and libc have always called at a start; alternatives are joined by '|'.
constexpr std::string_view kLibcStart = "brk mmap|mmap2 mprotect munmap open|openat read close";
/// What Go's runtime calls before main() and for its first socket or pipe, and hardly another program as a whole.
constexpr std::string_view kGoStart = "mmap|mmap2 clone futex rt_sigaction sigaltstack sched_getaffinity epoll_ctl";

class UpgradeCheck {
 public:
  UpgradeCheck(const policy::Policy& policy, const RuleSet& rules, const LintOptions& options)
      : policy_(policy), rules_(rules) {
    const bool executes = passes("execve") || passes("execveat");
    const bool starts = !options.self_installed || executes;
    libc_starts_ = starts && pass_all(kLibcStart);
    is_go_ = pass_all(kGoStart);
    go_starts_ = starts && is_go_;
    go_alone_ = is_go_ && !executes;
  }

  void look_at_all() {
    for (const Replacement& call : kReplacements) look_at(call);
  }

  void add_to(UpgradeCalls& calls) const {
    add_names(to_allow_, calls.to_allow);
    add_names(to_hide_, calls.to_hide);
  }

  void report(Findings& findings) {
    std::ranges::stable_sort(to_allow_, {}, &Item::caller);
    std::ranges::stable_sort(to_hide_, {}, &Item::caller);
    say(to_allow_, "newer-call-denied", findings);
    say(to_hide_, "newer-call-not-enosys", findings);
  }

 private:
  /// Newer calls that are made in the same way in place of the same ones.
  struct Item {
    Caller caller;
    std::vector<std::string_view> newer;
    std::vector<std::string_view> elders;  ///< None: made at the start.
  };

  static void add_names(const std::vector<Item>& items, std::vector<std::string_view>& names) {
    for (const Item& item : items) {
      for (const std::string_view name : item.newer) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      }
    }
  }

  [[nodiscard]] bool passes(std::string_view name) const {
    const auto answers = answers_of(rules_, name);
    return answers && answers->passes;
  }
  [[nodiscard]] bool pass_all(std::string_view words) const;
  void look_at(const Replacement& call);
  void note(std::vector<Item>& items, const Replacement& call, const std::vector<std::string_view>& elders);
  [[nodiscard]] bool is_noted(std::string_view newer) const;
  void say(const std::vector<Item>& items, std::string_view id, Findings& findings) const;
  [[nodiscard]] std::string hidden_by_kernel() const;

  const policy::Policy& policy_;
  const RuleSet& rules_;
  bool libc_starts_ = false;
  bool is_go_ = false;
  bool go_starts_ = false;
  bool go_alone_ = false;  ///< For a program in Go that executes no others.
  std::vector<Item> to_allow_;
  std::vector<Item> to_hide_;
};

bool UpgradeCheck::pass_all(std::string_view words) const {
  for (std::string_view word : split_words(words)) {
    bool any = false;
    while (!word.empty()) {
      const size_t end = std::min(word.find('|'), word.size());
      any = any || passes(word.substr(0, end));
      word.remove_prefix(std::min(end + 1, word.size()));
    }
    if (!any) return false;
  }
  return true;
}

/// Every kernel in use has the call, so a program may well expect it.
bool is_old(Abi abi, std::string_view name) {
  const auto introduced = arch::introduced(abi, name);
  return introduced && *introduced < KernelVersion{4, 0};
}

void UpgradeCheck::look_at(const Replacement& call) {
  if (!call.abis.contains(rules_.abi)) return;
  const auto answers = answers_of(rules_, call.newer);
  // What a group denies is denied on purpose, and ENOSYS is what sends programs to the older call.
  if (!answers || !answers->denied() || answers->denial != nullptr) return;
  if (is_no_such_call(answers->denied_with, rules_.abi) || is_noted(call.newer)) return;
  if (call.without == Without::kGoesOn && answers->denied_with.action == policy::Action::kErrno) return;
  const bool go = call.caller == Caller::kGo;
  if (call.when == When::kStart && !(go ? go_starts_ : libc_starts_)) return;
  if (go && !is_go_) return;
  if (call.caller == Caller::kPrograms && go_alone_) return;
  std::vector<std::string_view> elders;
  for (const std::string_view elder : split_words(call.elders)) {
    if (passes(elder)) elders.push_back(elder);
  }
  if (elders.empty() && !call.elders.empty()) return;
  const bool allow = call.without == Without::kFails || is_old(rules_.abi, call.newer);
  note(allow ? to_allow_ : to_hide_, call, elders);
}

void UpgradeCheck::note(std::vector<Item>& items, const Replacement& call,
                        const std::vector<std::string_view>& elders) {
  const auto same = std::ranges::find_if(
      items, [&](const Item& item) { return item.caller == call.caller && item.elders == elders; });
  if (same != items.end()) {
    same->newer.push_back(call.newer);
  } else {
    items.push_back({call.caller, {call.newer}, elders});
  }
}

bool UpgradeCheck::is_noted(std::string_view newer) const {
  const auto names = [&](const Item& item) { return std::ranges::find(item.newer, newer) != item.newer.end(); };
  return std::ranges::any_of(to_allow_, names) || std::ranges::any_of(to_hide_, names);
}

/// "; or set 'kernel: "4.17"'": the last release before all of the calls to hide. Empty where the key cannot be set.
std::string UpgradeCheck::hidden_by_kernel() const {
  if (policy_.format != policy::Format::kBeats || policy_.kernel) return "";
  KernelVersion oldest = {UINT16_MAX, 0};
  for (const Item& item : to_hide_) {
    for (const std::string_view name : item.newer) {
      oldest = std::min(oldest, arch::introduced(rules_.abi, name).value_or(oldest));
    }
  }
  if (oldest.minor == 0) {  // The last of 4.x and 5.x; later series end like these.
    oldest = {static_cast<uint16_t>(oldest.major - 1), static_cast<uint16_t>(oldest.major == 5 ? 20 : 19)};
  } else {
    --oldest.minor;
  }
  return ", or set 'kernel: \"" + arch::to_string(oldest) + "\"'";
}

void UpgradeCheck::say(const std::vector<Item>& items, std::string_view id, Findings& findings) const {
  if (items.empty()) return;
  size_t count = 0;
  Caller caller = Caller::kLibc;
  std::string text;
  for (const Item& item : items) {
    text += text.empty() ? "" : "; ";
    if (item.caller != caller || count == 0) {
      text += item.caller == Caller::kGo     ? "Go's runtime now calls "
              : item.caller == Caller::kLibc ? "libc now calls "
                                             : "programs now call ";
    }
    text += quoted_list(item.newer) +
            (item.elders.empty() ? " at the start of a program" : " for " + quoted_list(item.elders));
    caller = item.caller;
    count += item.newer.size();
  }
  const auto answers = answers_of(rules_, items.front().newer.front());
  const std::string them = count == 1 ? "it" : "them";
  text += "; the default action denies " + them + " (" + verdict_text(answers->denied_with, rules_.abi) + "): ";
  text += &items == &to_hide_ ? "answer " + them + " with errno ENOSYS" + hidden_by_kernel() : "allow " + them;
  findings.add(id, rules_.abi, policy_.default_range, std::move(text));
}

}  // namespace

void check_upgrades(const policy::Policy& policy, const RuleSet& rules, const LintOptions& options,
                    Findings& findings) {
  if (!policy::is_denied(rules.default_verdict.action)) return;
  UpgradeCheck check(policy, rules, options);
  check.look_at_all();
  check.report(findings);
}

UpgradeCalls upgrade_calls(const policy::Policy& policy, const PolicyRules& rules) {
  UpgradeCalls calls;
  for (const RuleSet& set : rules) {
    if (!policy::is_denied(set.default_verdict.action)) continue;
    UpgradeCheck check(policy, set, {});
    check.look_at_all();
    check.add_to(calls);
  }
  return calls;
}

}  // namespace sandbox::resolve
