#include "resolve/convert/systemd_drop_in.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/errno_names.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/systemd_words.h"
#include "resolve/verdict_text.h"

namespace sandbox::resolve {
namespace {

using policy::Action;

constexpr Verdict kAllowed = {Action::kAllow, 0};
constexpr Verdict kKilled = {Action::kKillProcess, 0};
/// What libseccomp 2.5.4 knows; a systemd that is built with it passes over names of later calls.
constexpr arch::KernelVersion kKnownToAll = {5, 17};
/// From this version on, an allow list answers ENOSYS to calls that systemd itself does not know (systemd.exec(5)).
constexpr unsigned kVersionOfEnosys = 255;
/// systemd asks libseccomp for the numbers of names. What 252 knows was seen with Debian 12's, whose libseccomp has the
/// calls up to Linux 6.7 (systemd-analyze verify says "Failed to parse system call, ignoring" of others). 262 has them
/// all in a list of its own (@known in src/shared/seccomp-util.c). Of those between nothing is claimed.
constexpr unsigned kSurveyedVersion = 252;
constexpr arch::KernelVersion kKnownToSurveyed = {6, 7};
constexpr unsigned kVersionOfSets = 262;  ///< Whose sets call_sets has.

/// Where the file belongs.
std::string systemd_place(const std::string& name) {
  const std::string unit = name + ".service";
  return "# Place: /etc/systemd/system/" + unit + ".d/sandbox.conf, where " + unit +
         " is the service's unit. Then: systemctl daemon-reload\n";
}

class DropIn {
 public:
  DropIn(const Conversion& conversion, std::string name, const SystemdOptions& options)
      : conversion_(conversion), name_(std::move(name)), options_(options) {}

  std::optional<std::string> write();

 private:
  void collect();
  void collect_call(const std::string& name);
  void collect_multiplexer(const std::string& name);
  bool settle_default();
  void settle_calls();
  void settle_allow_list();
  [[nodiscard]] SourceRange place_of(const std::string& name) const;
  [[nodiscard]] std::string subject_of(const std::string& name) const;
  std::optional<Verdict> sayable(Verdict verdict, SourceRange range, const std::string& subject);
  [[nodiscard]] Verdict verdict_of_call(const std::string& name) const;
  /// Sets of the policy all of whose members `wanted` holds for; these members are then `covered`.
  template <typename Wanted>
  std::vector<std::string> whole_sets(const Wanted& wanted, std::set<std::string>& covered) const;
  void write_allow_list();
  void write_deny_list();
  void write_log_list();
  [[nodiscard]] bool is_known(const std::string& name) const;
  void leave_out_unknown();
  void write_words(const std::string& key, const std::string& prefix, const std::vector<std::string>& words);
  [[nodiscard]] std::string text_of(Verdict verdict) const;
  [[nodiscard]] arch::Abi abi() const { return conversion_.rules.front().abi; }

  const Conversion& conversion_;
  std::string name_;  ///< Of the service.
  const SystemdOptions& options_;
  std::vector<std::string> unknown_;  ///< What this systemd does not know, and that would be written otherwise.
  ArgumentSets sets_;
  Verdict default_;                          ///< Of calls that nothing names.
  std::map<std::string, Verdict> verdicts_;  ///< Of every call of the ABIs.
  bool failed_ = false;
  std::string out_;
};

SourceRange DropIn::place_of(const std::string& name) const {
  for (const RuleSet& rules : conversion_.rules) {
    const auto number = arch::number_of(rules.abi, name);
    if (!number) continue;
    for (const Clause& clause : clauses_of(rules, *number)) {
      if (clause.origin) return clause.origin->range;
    }
  }
  return conversion_.policy.default_range;
}

/// What a message about the call is about: no group may name it.
std::string DropIn::subject_of(const std::string& name) const {
  const bool unnamed = place_of(name).offset == conversion_.policy.default_range.offset;
  if (unnamed && conversion_.policy.kernel) return "'kernel'";
  const bool above = std::ranges::any_of(conversion_.rules, [&](const RuleSet& rules) {
    const auto number = arch::number_of(rules.abi, name);
    return number && fallback_of(rules, *number).source == VerdictSource::kAboveNamed;
  });
  if (unnamed && above) return "ENOSYS above the largest number that the profile names";
  return "the rule for " + in_quotes(std::string_view(name));
}

/// One verdict for a call, on all ABIs and with all arguments.
void DropIn::collect_call(const std::string& name) {
  Verdict strictest = kAllowed;
  std::optional<Verdict> only;
  bool conditional = false;
  bool different = false;
  for (const RuleSet& rules : conversion_.rules) {
    const auto number = arch::number_of(rules.abi, name);
    if (!number) continue;
    const VerdictSets verdict_sets = decide(sets_, rules, *number);
    conditional = conditional || verdict_sets.size() > 1;
    for (const VerdictSet& verdict_set : verdict_sets) {
      strictest = more_restrictive(strictest, verdict_set.verdict);
      different = different || (only && *only != verdict_set.verdict);
      only = verdict_set.verdict;
    }
  }
  verdicts_[name] = strictest;
  if (!conditional && !different) return;
  const std::string reason =
      conditional ? "a call is filtered regardless of its arguments" : "it differs from ABI to ABI";
  if (!conversion_.reject(place_of(name), subject_of(name), reason,
                          verdict_text(strictest, abi()) + " in every case")) {
    failed_ = true;
  }
}

/// systemd's rules for calls also hold for the multiplexer, so that it needs none of its own.
void DropIn::collect_multiplexer(const std::string& name) {
  std::vector<NamedVerdict> named;
  for (const auto& [call, verdict] : verdicts_) {
    if (verdict != default_) named.push_back({call, verdict});
  }
  for (const RuleSet& rules : conversion_.rules) {
    const auto number = arch::number_of(rules.abi, name);
    if (!number) continue;
    const VerdictSets wanted = decide(sets_, rules, *number);
    const VerdictSets said = decide(sets_, clauses_behind(name, rules.abi, named), default_);
    const auto same = [&](const VerdictSet& verdict_set) {
      return set_of(wanted, verdict_set.verdict) == verdict_set.set;
    };
    if (!std::all_of(said.begin(), said.end(), same)) return collect_call(name);
  }
  verdicts_[name] = default_;
}

void DropIn::collect() {
  std::set<std::string> multiplexers;
  for (const RuleSet& rules : conversion_.rules) {
    for (const std::string_view name : arch::names_on(rules.abi)) {
      if (!arch::calls_behind(name).empty()) {
        multiplexers.emplace(name);
      } else if (!verdicts_.contains(std::string(name))) {
        collect_call(std::string(name));
      }
    }
  }
  for (const std::string& name : multiplexers) collect_multiplexer(name);
}

Verdict DropIn::verdict_of_call(const std::string& name) const {
  const auto known = verdicts_.find(name);
  return known == verdicts_.end() ? default_ : known->second;
}

/// The verdict as systemd has it, or the next stricter one.
std::optional<Verdict> DropIn::sayable(Verdict verdict, SourceRange range, const std::string& subject) {
  switch (verdict.action) {
    case Action::kKillThread:
    case Action::kTrap:
      if (conversion_.reject(range, subject, "it knows no " + std::string(policy::name_of(verdict.action)),
                             "kill_process")) {
        return kKilled;
      }
      return std::nullopt;
    case Action::kTrace: {
      const Verdict as_without_tracer = {Action::kErrno, arch::errno_number(abi(), "ENOSYS").value_or(ENOSYS)};
      if (conversion_.reject(range, subject, "it knows no trace", "errno ENOSYS")) return as_without_tracer;
      return std::nullopt;
    }
    case Action::kErrno:
      if (verdict.data != 0) return verdict;
      if (conversion_.reject(range, subject, "it knows no errno 0", "errno EPERM"))
        return Verdict{Action::kErrno, EPERM};
      return std::nullopt;
    default:
      return verdict;
  }
}

/// With `kernel:` the rules' default is ENOSYS for what no table knows. systemd says that itself in an allow list; in a
/// deny list it lets such calls through.
bool DropIn::settle_default() {
  const policy::Policy& policy = conversion_.policy;
  const SourceRange range = policy.default_range;
  default_ = conversion_.rules.front().default_verdict;
  if (policy.kernel) {
    const policy::ErrnoValue& error = policy.default_error;
    default_ = {policy.default_action, 0};
    if (policy.default_action == Action::kErrno) {
      default_.data = error.name.empty() ? error.number : arch::errno_number(abi(), error.name).value_or(EPERM);
    }
    if (policy::is_allowed(default_.action)) {
      conversion_.reject_always(range, "'kernel'",
                                "in a list of denied calls, those that systemd does not know are allowed");
      return false;
    }
  }
  const auto said = sayable(default_, range, "the default action");
  if (said) default_ = *said;
  return said.has_value();
}

/// An allow list has one answer for all that it does not list: the strictest of the policy's.
void DropIn::settle_allow_list() {
  const Verdict wanted = default_;
  for (const auto& [name, verdict] : verdicts_) {
    if (!policy::is_allowed(verdict.action) && verdict.action < default_.action) default_ = verdict;
  }
  std::set<Verdict> told;
  for (auto& [name, verdict] : verdicts_) {
    if (policy::is_allowed(verdict.action)) continue;
    if (verdict != wanted && told.insert(verdict).second) {
      failed_ = !conversion_.reject(place_of(name), subject_of(name),
                                    "an allow list has one answer for all calls that it does not list, and this "
                                    "policy has " +
                                        verdict_text(verdict, abi()) + " and " + verdict_text(wanted, abi()),
                                    "all get " + verdict_text(default_, abi())) ||
                failed_;
    }
    verdict = default_;
  }
}

void DropIn::settle_calls() {
  for (auto& [name, verdict] : verdicts_) {
    const auto said = sayable(verdict, place_of(name), subject_of(name));
    failed_ = failed_ || !said;
    if (said) verdict = *said;
  }
  if (!policy::is_allowed(verdict_of_call("execve").action)) {
    conversion_.reject_always(place_of("execve"), subject_of("execve"),
                              "systemd itself starts the service under the filter");
    failed_ = true;
  }
}

bool DropIn::is_known(const std::string& name) const {
  if (!options_.version || *options_.version > kSurveyedVersion) return true;
  const auto since = arch::first_introduced(name);
  return since && *since <= kKnownToSurveyed;
}

/// Names that it does not know get what calls without a name get.
void DropIn::leave_out_unknown() {
  const bool by_default = policy::is_allowed(default_.action);
  for (auto& [name, verdict] : verdicts_) {
    if (is_known(name) || policy::is_allowed(verdict.action) == by_default) continue;
    unknown_.push_back(name);
    verdict = default_;
  }
}

template <typename Wanted>
std::vector<std::string> DropIn::whole_sets(const Wanted& wanted, std::set<std::string>& covered) const {
  std::vector<std::string> sets;
  for (const policy::Group& group : conversion_.policy.groups) {
    for (const policy::Name& name : group.names) {
      // An older systemd has smaller sets.
      const bool same_sets = !options_.version || *options_.version >= kVersionOfSets;
      const bool has_sets = conversion_.policy.format == policy::Format::kBeats;
      const auto members = has_sets && same_sets ? arch::members_of_set(name.text) : std::nullopt;
      if (!members || std::find(sets.begin(), sets.end(), name.text) != sets.end()) continue;
      const bool whole = std::all_of(members->begin(), members->end(), [&](std::string_view member) {
        return !verdicts_.contains(std::string(member)) || wanted(verdicts_.at(std::string(member)));
      });
      if (!whole) continue;
      sets.push_back(name.text);
      for (const std::string_view member : *members) covered.emplace(member);
    }
  }
  return sets;
}

/// The words on lines of at most 120 columns. systemd joins the lines of one key.
void DropIn::write_words(const std::string& key, const std::string& prefix, const std::vector<std::string>& words) {
  constexpr size_t kColumns = 120;
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty() && line.size() + 1 + word.size() > kColumns) {
      out_ += line + "\n";
      line.clear();
    }
    if (line.empty()) {
      line += key;
      line += '=';
      line += prefix;
    } else {
      line += ' ';
    }
    line += word;
  }
  if (!line.empty()) out_ += line + "\n";
}

std::string DropIn::text_of(Verdict verdict) const {
  return verdict.action == Action::kErrno ? arch::errno_name(abi(), verdict.data) : "kill";
}

void DropIn::write_allow_list() {
  std::set<std::string> covered;
  std::vector<std::string> words =
      whole_sets([](Verdict verdict) { return policy::is_allowed(verdict.action); }, covered);
  std::vector<std::string> removed;
  const auto by_default = arch::members_of_set("@default").value();
  for (const auto& [name, verdict] : verdicts_) {
    const bool implied = std::binary_search(by_default.begin(), by_default.end(), name);
    if (policy::is_allowed(verdict.action) && !covered.contains(name)) words.push_back(name);
    if (!policy::is_allowed(verdict.action) && implied && is_known(name)) removed.push_back(name);
  }
  write_words("SystemCallFilter", "", words);
  if (!removed.empty()) out_ += "# An allow list always contains @default; of it this policy denies:\n";
  write_words("SystemCallFilter", "~", removed);
  if (default_.action == Action::kErrno) {
    out_ += "SystemCallErrorNumber=" + text_of(default_) + "\n";
  } else {
    const std::string from = options_.version ? "" : " from version " + std::to_string(kVersionOfEnosys) + " on";
    out_ += "# Without SystemCallErrorNumber= a call that is not listed kills";
    if (!options_.version || *options_.version >= kVersionOfEnosys) {
      out_ += "; one that systemd does not know gets ENOSYS" + from;
    }
    out_ += ".\n";
  }
}

void DropIn::write_deny_list() {
  std::map<Verdict, std::vector<std::string>> by_verdict;
  for (const auto& [name, verdict] : verdicts_) {
    if (!policy::is_allowed(verdict.action)) by_verdict[verdict].push_back(name);
  }
  std::string later;
  for (const auto& [verdict, names] : by_verdict) {
    const Verdict wanted = verdict;
    std::set<std::string> covered;
    std::vector<std::string> words = whole_sets([&](Verdict member) { return member == wanted; }, covered);
    for (const std::string& name : names) {
      const auto since = arch::first_introduced(name);
      if (!since || *since > kKnownToAll) later += " " + name;
      if (!covered.contains(name)) words.push_back(name);
    }
    for (std::string& word : words) word += ":" + text_of(verdict);
    write_words("SystemCallFilter", "~", words);
  }
  const bool certain =
      options_.version && (*options_.version <= kSurveyedVersion || *options_.version >= kVersionOfSets);
  if (!later.empty() && !certain) out_ += "# Only denied where systemd knows them:" + later + "\n";
}

void DropIn::write_log_list() {
  const bool all = default_.action == Action::kLog;
  std::vector<std::string> words;
  for (const auto& [name, verdict] : verdicts_) {
    if (all ? verdict.action == Action::kAllow : verdict.action == Action::kLog) words.push_back(name);
  }
  if (all && words.empty()) {
    // systemd logs nothing for a list without names. A denied call can be named: it is not logged in any case.
    const auto denied = std::ranges::find_if(
        verdicts_, [&](const auto& item) { return policy::is_denied(item.second.action) && is_known(item.first); });
    if (denied == verdicts_.end()) {
      conversion_.reject_always(conversion_.policy.default_range, "the default action 'log'",
                                "an inverted SystemCallLog= must leave out at least one call");
      failed_ = true;
      return;
    }
    words.push_back(denied->first);
  }
  write_words("SystemCallLog", all ? "~" : "", words);
}

std::optional<std::string> DropIn::write() {
  if (!settle_default()) return std::nullopt;
  collect();
  if (failed_) return std::nullopt;
  settle_calls();
  const bool allow_list = !policy::is_allowed(default_.action);
  if (allow_list) settle_allow_list();
  if (sets_.gave_up()) {
    conversion_.reject_always(conversion_.policy.default_range, "the policy", "its conditions are too involved");
    failed_ = true;
  }
  if (failed_) return std::nullopt;
  if (conversion_.policy.flags.log) {
    conversion_.diagnostics.warning(
        conversion_.policy.default_range,
        "systemd does not ask the kernel to log what is denied; the flag 'log' is left out");
  }
  leave_out_unknown();
  out_ = systemd_place(name_);
  if (!unknown_.empty()) {
    out_ += "# Left out, as systemd " + std::to_string(*options_.version) + " does not know them, and so " +
            (allow_list ? "denied" : "not denied") + ":\n";
    out_ += "# " + join(unknown_, " ") + "\n";
  }
  out_ += "[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=" +
          join(conversion_.rules, " ", [](const RuleSet& rules) { return policy::systemd_name(rules.abi); }) + "\n";
  if (allow_list) {
    write_allow_list();
  } else {
    write_deny_list();
  }
  write_log_list();
  if (failed_) return std::nullopt;
  return out_;
}

}  // namespace

std::string launcher_drop_in(const std::string& name, const SystemdOptions& options) {
  return systemd_place(name) +
         "# systemd cannot hold this policy, so sandbox-run starts the service. In place of PROGRAM ARGUMENTS put the\n"
         "# command of the unit's own ExecStart=" +
         (options.policy_has_no_file ? ", and in place of POLICY the policy's file" : "") +
         ".\n"
         "[Service]\n"
         "ExecStart=\n"
         "ExecStart=/usr/bin/sandbox-run " +
         options.launcher_options + " -- PROGRAM ARGUMENTS\n";
}

std::string to_systemd(const Conversion& conversion, const std::string& name, const SystemdOptions& options) {
  Diagnostics found(conversion.policy.source);
  const Conversion trial = {conversion.policy, conversion.environment, conversion.rules,
                            conversion.format, conversion.lossy,       found};
  auto text = DropIn(trial, name, options).write();
  for (const Diagnostic& finding : found.all()) {  // What it cannot hold, sandbox-run does: no error.
    conversion.diagnostics.warning(finding.range.value_or(conversion.policy.default_range), finding.message);
  }
  if (text) return std::move(*text);
  conversion.diagnostics.warning(  // Without a place, so that it stands above the reasons.
      "systemd cannot hold this policy; with the drop-in sandbox-run starts the service under it");
  return launcher_drop_in(name, options);
}

}  // namespace sandbox::resolve
