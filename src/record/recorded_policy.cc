#include "record/recorded_policy.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "arch/call_sets.h"
#include "arch/multiplexers.h"
#include "arch/narrowed_arguments.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/text.h"
#include "policy/beats_writer.h"
#include "policy/edit.h"
#include "policy/formats.h"
#include "record/entries.h"
#include "record/read_back.h"
#include "report/event.h"
#include "resolve/evaluate.h"
#include "resolve/lint/lint.h"
#include "resolve/resolve.h"

namespace sandbox::record {
namespace {

using arch::Abi;
using policy::Action;

constexpr std::string_view kMarker = "# Recorded by sandbox-policy record; behind each call, how often it was made.";
constexpr std::string_view kScanMarker = "# Found by sandbox-policy scan in machine code.";
constexpr std::string_view kEarlierRuns = "# ... and earlier runs";
constexpr const char* kAbsentComment =
    "# C libraries and programs try these first: with ENOSYS they make calls that are allowed above.";
constexpr size_t kMaxComments = 40;  ///< Lines above the group: a few for each run.
constexpr size_t kMaxCommandLength = 200;

std::vector<Abi> abis_of(const policy::Policy& policy, Abi native) {
  std::vector<Abi> abis;
  for (const policy::ListedAbi& listed : policy.architectures) abis.push_back(listed.abi);
  if (abis.empty()) abis.push_back(native);
  return abis;
}

/// Those through which calls came, beside those that are covered already.
std::vector<Abi> covered_abis(const Recording& recording, const Run& run, std::vector<Abi> covered) {
  const auto cover = [&](Abi abi) {
    if (std::ranges::find(covered, abi) == covered.end()) covered.push_back(abi);
  };
  const bool fresh = covered.empty();
  cover(run.started_in);
  for (const RecordedCall& call : recording.calls) cover(call.abi);
  if (fresh) {  // The machine's own first, as one would write it.
    std::ranges::sort(covered, {}, [&](Abi abi) { return std::pair(abi != run.native, abi); });
  }
  return covered;
}

/// Whether a group is there to deny: one with ENOSYS makes calls look absent, which programs do without.
bool denies(const policy::Group& group) {
  const bool absent = group.action == Action::kErrno && group.error.name == "ENOSYS";
  return !policy::is_allowed(group.action) && !absent;
}

std::string action_text(const policy::Group& group) {
  const bool error = group.action == Action::kErrno && !group.error.name.empty();
  return std::string(policy::name_of(group.action)) + (error ? " " + group.error.name : "");
}

bool exists_on(const std::vector<Abi>& abis, const std::string& name) {
  return std::ranges::any_of(
      abis, [&](Abi abi) { return arch::number_of(abi, name) || !arch::multiplexed(abi, name).empty(); });
}

/// Whether a policy, as rules for its ABIs, allows a call regardless of its arguments.
bool allows_whole(const resolve::PolicyRules& rules, const std::string& name) {
  for (const resolve::RuleSet& set : rules) {
    const auto number = arch::number_of(set.abi, name);
    if (!number) continue;
    const bool whole = std::ranges::any_of(resolve::clauses_of(set, *number), [](const resolve::Clause& clause) {
      return clause.conditions.empty() && clause.verdict.action == Action::kAllow;
    });
    if (!whole) return false;
  }
  return true;
}

/// What the policy names without conditions: a set is its name here.
bool names(const policy::Policy& policy, const std::string& text) {
  return std::ranges::any_of(policy.groups, [&](const policy::Group& group) {
    return std::ranges::any_of(group.names, [&](const policy::Name& name) { return name.text == text; });
  });
}

// ---- The entries of the run ----

class Composer {
 public:
  Composer(const Recording& recording, const Run& run, const policy::Policy* earlier)
      : recording_(recording),
        run_(run),
        earlier_(earlier),
        is_recording_(earlier != nullptr && earlier->source->text().find(kMarker) != std::string::npos) {}

  Result<RecordedPolicy, RecordingError> compose(const std::string& name);

 private:
  RecordedNames entries_of_run() const;
  void add_fixed(const std::string& name, const char* remark, RecordedNames& entries) const;
  std::vector<std::string> comments_of_run() const;
  void add_code_comments(std::vector<std::string>& lines) const;
  std::string fresh_text();
  std::optional<std::string> extended_text();
  void hide_clone3(RecordedNames& entries) const;
  void add_upgrades();
  [[nodiscard]] bool hides(const std::string& name) const;
  [[nodiscard]] arch::KernelVersion newest_made() const;
  [[nodiscard]] policy::Group absent_group() const;
  bool replace_own_group(policy::TextEditor& editor, size_t first_absent);
  bool add_group(policy::TextEditor& editor);
  bool add_absent(policy::TextEditor& editor) const;
  size_t take_out_absent(policy::TextEditor& editor) const;
  [[nodiscard]] const resolve::Clause* denying_clause(const std::string& name) const;
  [[nodiscard]] bool is_denied_by_group(const RecordedName& entry) const;
  [[nodiscard]] std::optional<std::string> conflict() const;
  policy::Policy meaning() const;
  [[nodiscard]] resolve::PolicyRules rules_of(const policy::Policy& meaning) const;
  void count_allowed(const resolve::PolicyRules& rules, RecordedPolicy& policy) const;

  const Recording& recording_;
  const Run& run_;
  const policy::Policy* earlier_;
  bool is_recording_;  ///< `earlier_` was written by this program, or a version of it.
  std::vector<Abi> abis_;
  resolve::PolicyRules earlier_rules_;         ///< On all of `abis_`.
  RecordedNames entries_;                      ///< Of the run.
  std::vector<std::string> absent_;            ///< What is to look absent, and does not yet. Sorted.
  std::optional<arch::KernelVersion> kernel_;  ///< Of a new policy: its `kernel:`.
  std::vector<std::string> for_others_;        ///< Names in `entries_` that other C libraries call.
  size_t added_ = 0;
};

/// A name that is allowed whether it was called or not.
void Composer::add_fixed(const std::string& name, const char* remark, RecordedNames& entries) const {
  const bool set = name.starts_with('@');
  if (!set && !exists_on(abis_, name)) return;
  const auto known = std::ranges::find_if(
      entries, [&](const RecordedName& entry) { return entry.name == name && entry.conditions.empty(); });
  if (known != entries.end()) {
    known->remark = remark;
    known->needed = true;
    return;
  }
  const bool allowed = earlier_ != nullptr && (set ? names(*earlier_, name) : allows_whole(earlier_rules_, name));
  entries.push_back({name, {}, 0, remark, !allowed});
}

/// Which argument of clone has the flags, if it is the same one on all ABIs.
std::optional<uint8_t> flags_argument(const std::vector<Abi>& abis) {
  std::optional<uint8_t> common;
  for (const Abi abi : abis) {
    const auto narrowed = arch::narrowed_arguments(abi, "clone");
    if (narrowed.size() != 1 || common.value_or(narrowed.front().argument) != narrowed.front().argument) return {};
    common = narrowed.front().argument;
  }
  return common;
}

/// Whether an earlier policy has a group that gives the call ENOSYS for all arguments.
bool Composer::hides(const std::string& name) const {
  for (const resolve::RuleSet& set : earlier_rules_) {
    const auto number = arch::number_of(set.abi, name);
    if (!number) continue;
    const auto clauses = resolve::clauses_of(set, *number);
    const bool hidden = !clauses.empty() && clauses.front().conditions.empty() && clauses.front().origin &&
                        clauses.front().verdict == resolve::Verdict{Action::kErrno, ENOSYS};
    if (!hidden) return false;
  }
  return !earlier_rules_.empty();
}

/// The flags of clone3 are in memory, where a filter does not see them: clone is allowed in its place, to which C
/// libraries turn after ENOSYS. If arguments are told apart, without new namespaces.
void Composer::hide_clone3(RecordedNames& entries) const {
  constexpr std::string_view kNamespaces =
      "CLONE_NEWCGROUP|CLONE_NEWIPC|CLONE_NEWNET|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWUSER|CLONE_NEWUTS";
  const bool undecided = is_recording_ && std::ranges::all_of(earlier_rules_, [](const resolve::RuleSet& set) {
                           const auto number = arch::number_of(set.abi, "clone3");
                           return !number || resolve::clauses_of(set, *number).empty();
                         });
  if (earlier_ != nullptr && !hides("clone3") && !undecided) return;
  const auto clone3 = std::ranges::find(entries, "clone3", &RecordedName::name);
  if (clone3 == entries.end()) return;
  RecordedName clone = {"clone", {}, clone3->count, "for clone3", true};
  entries.erase(clone3);
  const bool whole = std::ranges::any_of(
      entries, [](const RecordedName& entry) { return entry.name == "clone" && entry.conditions.empty(); });
  if (whole) return;
  const auto flags = flags_argument(abis_);
  if (run_.narrowed && flags) clone.conditions = no_bits_of(*flags, kNamespaces);
  if (clone.conditions.empty()) std::erase_if(entries, [](const RecordedName& entry) { return entry.name == "clone"; });
  clone.needed = earlier_ == nullptr || !allows_whole(earlier_rules_, "clone");
  entries.push_back(std::move(clone));
}

RecordedNames Composer::entries_of_run() const {
  RecordedNames entries = entries_of(recording_, abis_, run_.kernel);
  hide_clone3(entries);
  // `always` may stand in an assumed set, whose members are then not written one by one.
  for (const std::string& name : always_allowed()) add_fixed(name, "always", entries);
  for (const std::string& name : run_.assumed) add_fixed(name, "assumed", entries);
  if (run_.for_systemd) add_fixed("execve", "for systemd", entries);
  return entries;
}

/// The release that brought the newest call that was made. Older kernels than 4.0 are not in use.
arch::KernelVersion Composer::newest_made() const {
  arch::KernelVersion newest = {4, 0};
  for (const RecordedName& entry : entries_) {
    for (const Abi abi : abis_) {
      const auto introduced = arch::introduced(abi, entry.name);
      if (introduced) newest = std::max(newest, *introduced);
    }
  }
  return newest;
}

/// Whether threads and processes are started by clone, and no group says what clone3 gets.
bool clones_only(const resolve::PolicyRules& rules) {
  bool clones = false;
  for (const resolve::RuleSet& set : rules) {
    const auto clone = arch::number_of(set.abi, "clone");
    const auto clone3 = arch::number_of(set.abi, "clone3");
    if (clone3 && !resolve::clauses_of(set, *clone3).empty()) return false;
    clones =
        clones || (clone && clone3 && std::ranges::any_of(resolve::clauses_of(set, *clone), [](const auto& clause) {
                     return policy::is_allowed(clause.verdict.action);
                   }));
  }
  return clones;
}

/// What the C libraries of other releases call: for a new policy, and for one that was recorded.
void Composer::add_upgrades() {
  if (earlier_ == nullptr && run_.kernel && !run_.for_systemd) kernel_ = std::min(*run_.kernel, newest_made());
  const policy::Policy made = meaning();
  const resolve::PolicyRules rules = rules_of(made);
  const resolve::UpgradeCalls calls = resolve::upgrade_calls(made, rules);
  for (const std::string_view name : calls.to_allow) {
    if (denying_clause(std::string(name)) != nullptr) continue;
    entries_.push_back({std::string(name), {}, 0, "for other C libraries", true});
    for_others_.emplace_back(name);
  }
  absent_.assign(calls.to_hide.begin(), calls.to_hide.end());
  const bool clones = std::ranges::find(entries_, "clone", &RecordedName::name) != entries_.end();
  const bool wanted = earlier_ == nullptr ? clones && exists_on(abis_, "clone3") : clones_only(rules);
  if (wanted && std::ranges::find(absent_, "clone3") == absent_.end()) absent_.emplace_back("clone3");
  std::ranges::sort(absent_);
}

policy::Group Composer::absent_group() const {
  policy::Group group;
  group.action = Action::kErrno;
  group.error = {"ENOSYS", 0, {}};
  for (const std::string& name : absent_) group.names.push_back({name, {}});
  return group;
}

/// What the code of the program can call and the run has not, and the other way round.
void Composer::add_code_comments(std::vector<std::string>& lines) const {
  if (!run_.in_code) return;
  constexpr size_t kWidth = 110;
  std::vector<std::string> seen;
  for (const RecordedCall& call : recording_.calls) {
    const auto name = arch::name_of(call.abi, call.number);
    if (name && call.abi == run_.started_in) seen.emplace_back(*name);
  }
  std::ranges::sort(seen);
  using Names = std::vector<std::string>;
  const auto list = [&](const std::string& head, const Names& names, const Names& except) {
    std::string line;
    for (const std::string& name : names) {
      if (std::ranges::binary_search(except, name)) continue;
      if (line.empty()) line = "#   " + head + ":";
      if (line.size() + name.size() > kWidth) {
        lines.push_back(line);
        line = "#    ";
      }
      line += " " + name;
    }
    if (!line.empty()) lines.push_back(line);
  };
  list("not seen, and in the program's code", *run_.in_code, seen);
  list("seen, and not in the program's code", seen, *run_.in_code);
}

std::vector<std::string> Composer::comments_of_run() const {
  const std::string moment = report::timestamp(run_.time).substr(0, 19) + "Z";
  std::string line = "# " + moment + (run_.release.empty() ? "" : ", Linux " + printable(run_.release));
  if (run_.scanned.empty()) line += ", " + plural(run_.processes, "process") + ", " + plural(recording_.seen, "call");
  line += ": " + printable(run_.scanned.empty() ? run_.command : run_.scanned, kMaxCommandLength);
  std::vector<std::string> lines = {line};
  add_code_comments(lines);
  const std::vector<std::string> nameless = nameless_calls(recording_);
  constexpr size_t kFew = 8;
  for (size_t i = 0; i < std::min(nameless.size(), kFew); ++i) {
    lines.push_back("#   not allowed, for there is no name for it: " + nameless[i]);
  }
  if (nameless.size() > kFew) {
    lines.push_back("#   not allowed, for there are no names for them: " + std::to_string(nameless.size() - kFew) +
                    " more");
  }
  return lines;
}

// ---- A new policy ----

policy::GroupComments comments_on(const RecordedNames& entries, std::vector<std::string> runs,
                                  std::string_view marker = kMarker) {
  policy::GroupComments comments = comments_of(entries);
  comments.above = std::move(runs);
  comments.above.insert(comments.above.begin(), std::string(marker));
  return comments;
}

std::string Composer::fresh_text() {
  const bool kills = run_.by_default != Action::kErrno;
  const bool scanned = !run_.scanned.empty();
  std::string text = (scanned ? std::string(kScanBeginning) : std::string(kRecordBeginning)) + ", all else " +
                     std::string(kills              ? "is denied"
                                 : run_.for_systemd ? "gets ENOSYS"
                                                    : "gets EPERM") +
                     ". 'sandbox-policy record --merge' adds what\n"
                     "# further runs call, to this file too.\n"
                     "seccomp:\n"
                     "  default_action: " +
                     std::string(policy::name_of(run_.by_default)) + "\n";
  if (run_.for_systemd) text += "  default_errno: ENOSYS\n";
  if (abis_ != std::vector<Abi>{run_.native}) {
    text += "  " + policy::flow_entry("architectures", policy::flow_list(policy::names_of(abis_))) + "\n";
  }
  if (kernel_) {
    text += "  " + policy::flow_entry("kernel", policy::version_value(*kernel_)) +
            "  # Newer calls than those below get ENOSYS: programs then do without them.\n";
  }
  RecordedNames all;
  added_ = merge(all, entries_);
  text += "  syscalls:\n" +
          policy::block_group(group_of(all), 2, comments_on(all, comments_of_run(), scanned ? kScanMarker : kMarker));
  if (absent_.empty()) return text;
  policy::GroupComments comments;
  comments.above.emplace_back(kAbsentComment);
  return text + policy::block_group(absent_group(), 2, comments);
}

// ---- An earlier policy ----

/// A group that stands in a text exactly as it was written by this program, so that nothing is lost when it is written
/// anew.
struct OwnGroup {
  size_t begin = 0;  ///< Its first comment.
  size_t end = 0;
  std::vector<std::string> comments;  ///< Of the runs, without indentation.
  RecordedNames entries;
};

std::optional<OwnGroup> own_group(const policy::TextEditor& editor, const policy::Group& group, size_t index,
                                  const SourceText& source) {
  const auto lines = editor.lines_of_group(index);
  if (!lines) return std::nullopt;
  const std::string_view text = source.text();
  const std::string marker = std::string(lines->indent, ' ') + std::string(kMarker) + "\n";
  const size_t marked = text.substr(lines->begin, lines->dash - lines->begin).rfind(marker);
  if (marked == std::string_view::npos) return std::nullopt;
  OwnGroup own;
  own.begin = lines->begin + marked;
  for (size_t at = own.begin + marker.size(); at < lines->dash;) {
    const std::string_view line = source.line_at(at);
    own.comments.emplace_back(line.substr(lines->indent));
    at += line.size() + 1;
  }
  own.entries = entries_of(group, source);
  const std::string again = policy::block_group(group_of(own.entries), lines->indent, comments_of(own.entries));
  if (!text.substr(lines->dash).starts_with(again)) return std::nullopt;
  own.end = lines->dash + again.size();
  return own;
}

/// Writes a group of an earlier recording anew, with the run's entries. False if there is none before `first_absent`,
/// the group that has some of them look absent.
bool Composer::replace_own_group(policy::TextEditor& editor, size_t first_absent) {
  for (size_t i = 0; i < std::min(earlier_->groups.size(), first_absent); ++i) {
    auto own = own_group(editor, earlier_->groups[i], i, *earlier_->source);
    if (!own) continue;
    added_ = merge(own->entries, entries_);
    for (std::string& line : comments_of_run()) own->comments.push_back(std::move(line));
    if (own->comments.size() > kMaxComments) {
      own->comments.erase(own->comments.begin(), own->comments.end() - kMaxComments);
      own->comments.insert(own->comments.begin(), std::string(kEarlierRuns));
    }
    return editor.replace_group(i, own->begin, own->end, group_of(own->entries),
                                comments_on(own->entries, std::move(own->comments)));
  }
  return false;
}

/// Puts a group in front of the others. False if the policy is written in a way that is not understood.
bool Composer::add_group(policy::TextEditor& editor) {
  RecordedNames needed;
  added_ = merge(needed, entries_);
  return needed.empty() || editor.add_group(group_of(needed), comments_on(needed, comments_of_run()));
}

/// To a group that has names look absent, or as one of its own.
bool Composer::add_absent(policy::TextEditor& editor) const {
  if (absent_.empty()) return true;
  for (size_t i = 0; i < earlier_->groups.size(); ++i) {
    const policy::Group& group = earlier_->groups[i];
    const bool absent = group.action == Action::kErrno && group.error.name == "ENOSYS";
    if (absent && !group.names.empty() && editor.add_names(i, absent_)) return true;
  }
  policy::GroupComments comments;
  comments.above.emplace_back(kAbsentComment);
  return editor.add_group(absent_group(), comments);
}

/// What is allowed now no longer stands in a group that has it look absent. Returns the first group where some of it
/// had to stay, or SIZE_MAX: what allows it must come before that group.
size_t Composer::take_out_absent(policy::TextEditor& editor) const {
  size_t first_kept = SIZE_MAX;
  RecordedNames needed;
  merge(needed, entries_);
  for (size_t i = 0; i < earlier_->groups.size(); ++i) {
    const policy::Group& group = earlier_->groups[i];
    if (group.action != Action::kErrno || group.error.name != "ENOSYS") continue;
    std::vector<std::string> names;
    for (const policy::Name& name : group.names) {
      const auto is_named = [&](const RecordedName& entry) { return entry.name == name.text; };
      const auto is_whole = [&](const RecordedName& entry) { return is_named(entry) && entry.conditions.empty(); };
      if (std::ranges::any_of(needed, is_whole)) {
        names.push_back(name.text);
      } else if (std::ranges::any_of(needed, is_named)) {
        first_kept = std::min(first_kept, i);  // With other arguments it still looks absent.
      }
    }
    if (!names.empty() && !editor.remove_names(i, names)) first_kept = std::min(first_kept, i);
  }
  return first_kept;
}

/// The clause with which a group of the earlier policy denies a call, maybe for some arguments; null: none does.
const resolve::Clause* Composer::denying_clause(const std::string& name) const {
  for (const resolve::RuleSet& set : earlier_rules_) {
    const auto number = arch::number_of(set.abi, name);
    if (!number) continue;
    for (const resolve::Clause& clause : resolve::clauses_of(set, *number)) {
      if (clause.origin && denies(earlier_->groups[clause.origin->group])) return &clause;
    }
  }
  return nullptr;
}

/// Whether a group denies a call of the run that the entry is for.
bool Composer::is_denied_by_group(const RecordedName& entry) const {
  for (const RecordedCall& call : recording_.calls) {
    if (arch::name_of(call.abi, call.number) != entry.name) continue;
    const auto is_denied = [&](const Values& values) {
      const resolve::Judgement judgement = resolve::evaluate(earlier_rules_, call_with(call, values));
      return judgement.clause != nullptr && judgement.clause->origin &&
             denies(earlier_->groups[judgement.clause->origin->group]);
    };
    if (call.values.empty() && is_denied({})) return true;
    for (const auto& [values, count] : call.values) {
      if (is_denied(values)) return true;
    }
  }
  return false;
}

/// What the run needs is added before all groups: one that denies it would be undone. One line that says which.
std::optional<std::string> Composer::conflict() const {
  std::map<uint32_t, std::vector<std::string>> by_group;
  std::map<uint32_t, SourceRange> places;
  bool for_some = false;
  for (const RecordedName& entry : entries_) {
    const resolve::Clause* clause = entry.needed ? denying_clause(entry.name) : nullptr;
    if (clause == nullptr) continue;
    const bool denied = is_denied_by_group(entry);
    if (!denied && !entry.conditions.empty()) continue;
    for_some = for_some || !denied;
    by_group[clause->origin->group].push_back(entry.name);
    places.try_emplace(clause->origin->group, clause->origin->range);
  }
  if (by_group.empty()) return std::nullopt;
  auto& [index, names] = *by_group.begin();
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const std::string message = "the run calls " +
                              join_with_and(names, [](const std::string& n) { return in_quotes(n); }) +
                              ", which this group denies" + (for_some ? " for some arguments" : "") + " ('" +
                              action_text(earlier_->groups[index]) + "'): take " + (names.size() == 1 ? "it" : "them") +
                              " out of the group to have " + (names.size() == 1 ? "it" : "them") + " added" +
                              (for_some ? ", or record with --args" : "");
  return format_diagnostic(*earlier_->source, {Severity::kError, places.at(index), message});
}

std::optional<std::string> Composer::extended_text() {
  policy::TextEditor editor(*earlier_);
  const size_t first_absent = take_out_absent(editor);
  if (!add_absent(editor)) return std::nullopt;
  if (!replace_own_group(editor, first_absent) && !add_group(editor)) return std::nullopt;
  if (!editor.cover(abis_, run_.native)) return std::nullopt;
  return editor.text();
}

/// The union, as a policy that was never text: its groups in the order in which they decide, without places.
policy::Policy Composer::meaning() const {
  policy::Policy meaning;
  if (earlier_ != nullptr) {
    meaning = *earlier_;
  } else {
    meaning.default_action = run_.by_default;
    if (run_.for_systemd) meaning.default_error.name = "ENOSYS";
    meaning.kernel = kernel_;
  }
  meaning.architectures.clear();
  for (const Abi abi : abis_) meaning.architectures.push_back({abi, {}});
  RecordedNames needed;
  merge(needed, entries_);
  // In front: what is called is allowed, even if an earlier policy has it look absent.
  if (!needed.empty()) meaning.groups.insert(meaning.groups.begin(), group_of(needed));
  if (!absent_.empty()) meaning.groups.push_back(absent_group());
  return meaning;
}

resolve::PolicyRules Composer::rules_of(const policy::Policy& meaning) const {
  Diagnostics unused(std::make_shared<const SourceText>("", ""));
  return resolve::resolve(meaning, run_.native, unused);
}

/// What the whole policy allows, an earlier one's calls among them.
void Composer::count_allowed(const resolve::PolicyRules& rules, RecordedPolicy& policy) const {
  const resolve::RuleSet* set = resolve::find_rules(rules, run_.native);
  if (set == nullptr) set = &rules.front();
  for (const resolve::CallRules& call : set->calls) {
    const auto allows = [](const resolve::Clause& clause) { return policy::is_allowed(clause.verdict.action); };
    if (std::ranges::any_of(call.clauses, allows) && arch::name_of(set->abi, call.number)) ++policy.allowed;
  }
  policy.allows_exec = allows_whole(rules, "execve");
}

Result<RecordedPolicy, RecordingError> Composer::compose(const std::string& name) {
  abis_ = covered_abis(recording_, run_, earlier_ == nullptr ? std::vector<Abi>() : abis_of(*earlier_, run_.native));
  if (earlier_ != nullptr) {
    policy::Policy everywhere = *earlier_;
    everywhere.architectures.clear();
    for (const Abi abi : abis_) everywhere.architectures.push_back({abi, {}});
    Diagnostics problems(earlier_->source);
    earlier_rules_ = resolve::resolve(everywhere, run_.native, problems);
    for (const Diagnostic& problem : problems.all()) {
      if (problem.severity != Severity::kError) continue;
      return RecordingError{"with 'architectures: " + policy::flow_list(policy::names_of(abis_)) +
                            "': " + format_diagnostic(*earlier_->source, problem)};
    }
  }
  entries_ = entries_of_run();
  if (earlier_ != nullptr) {
    if (auto denied = conflict()) return RecordingError{std::move(*denied)};
  }
  if (earlier_ == nullptr || is_recording_) add_upgrades();
  std::optional<std::string> text = earlier_ == nullptr ? fresh_text() : extended_text();
  if (!text) {
    return RecordingError{printable_path(earlier_->source->name()) +
                          ": is written in a way that nothing can be added to; write 'syscalls' as a list, one group "
                          "below the other"};
  }
  const auto source = std::make_shared<const SourceText>(name, *text);
  RecordedPolicy policy = {std::move(*text), 0, added_, 0, true, for_others_, Diagnostics(source)};
  for (const RecordedCall& call : recording_.calls) policy.calls += arch::name_of(call.abi, call.number) ? 1 : 0;
  const ReadBack read = read_back(meaning(), run_.native, recording_, policy.diagnostics, source);
  if (read.wrong) return RecordingError{"the recorded policy is not what it should be: " + *read.wrong};
  count_allowed(read.rules, policy);
  return policy;
}

}  // namespace

std::vector<std::string> always_allowed() {
  return {"exit", "exit_group", "restart_syscall", "rt_sigreturn", "sigreturn"};
}

std::optional<Unmergeable> why_unmergeable(const policy::Policy& policy) {
  const SourceText& source = *policy.source;
  const auto at = [&](SourceRange range, const std::string& message) {
    return Unmergeable{format_diagnostic(source, {Severity::kError, range, message})};
  };
  if (policy.format != policy::Format::kBeats) {
    return Unmergeable{printable_path(source.name()) + ": is " + std::string(policy::describe(policy.format)) +
                       "; --merge takes a policy in the format of Elastic Beats, which "
                       "'sandbox-policy convert --to beats' makes"};
  }
  if (!policy.enabled) return at(policy.enabled_range, "'enabled' is false: --merge takes a policy that applies");
  if (policy::is_allowed(policy.default_action)) {
    return at(policy.default_range, "--merge takes a policy that denies calls by default; this one has '" +
                                        std::string(policy::name_of(policy.default_action)) + "'");
  }
  for (const policy::Group& group : policy.groups) {
    // The one decides about no call, and the other leaves it to a tracer.
    if (group.action != Action::kLog && group.action != Action::kTrace) continue;
    return at(group.range, "--merge takes a policy whose groups all allow or deny; this one has '" +
                               action_text(group) +
                               "', which would be undone for the calls that are made: what they need is added before "
                               "all groups. Record a new policy, and compare it by 'sandbox-policy diff'");
  }
  return std::nullopt;
}

std::vector<std::string> allowed_sets(const policy::Policy& policy) {
  std::set<std::string_view> elsewhere;
  const auto note = [&](std::string_view name) {
    elsewhere.insert(name);
    if (const auto members = arch::members_of_set(name)) elsewhere.insert(members->begin(), members->end());
  };
  for (const policy::Group& group : policy.groups) {
    if (group.action == Action::kAllow) continue;
    for (const policy::Name& name : group.names) note(name.text);
    for (const policy::ConditionalName& name : group.names_with_args) note(name.name.text);
  }
  const auto is_whole = [&](const std::string& set) {
    const auto members = arch::members_of_set(set);
    return members &&
           std::ranges::none_of(*members, [&](std::string_view member) { return elsewhere.contains(member); });
  };
  std::vector<std::string> sets;
  for (const policy::Group& group : policy.groups) {
    if (group.action != Action::kAllow) continue;
    for (const policy::Name& name : group.names) {
      const bool known = std::ranges::find(sets, name.text) != sets.end();
      if (name.text.starts_with('@') && !known && is_whole(name.text)) sets.push_back(name.text);
    }
  }
  return sets;
}

Result<RecordedPolicy, RecordingError> recorded_policy(const Recording& recording, const Run& run,
                                                       const policy::Policy* earlier, const std::string& name) {
  return Composer(recording, run, earlier).compose(name);
}

}  // namespace sandbox::record
