#include "record/recorded_policy.h"

#include <algorithm>
#include <utility>

#include "arch/call_sets.h"
#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "policy/beats_writer.h"
#include "policy/edit.h"
#include "policy/formats.h"
#include "record/entries.h"
#include "record/read_back.h"
#include "report/event.h"
#include "resolve/resolve.h"

namespace sandbox::record {
namespace {

using arch::Abi;
using policy::Action;

constexpr std::string_view kMarker = "# Recorded by sandbox-policy record; behind each call, how often it was made.";
constexpr std::string_view kEarlierRuns = "# ... and earlier runs";
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
      : recording_(recording), run_(run), earlier_(earlier) {}

  Result<RecordedPolicy, RecordingError> compose(const std::string& name);

 private:
  RecordedNames entries_of_run() const;
  void add_fixed(const std::string& name, const char* remark, RecordedNames& entries) const;
  std::vector<std::string> comments_of_run() const;
  std::string fresh_text();
  std::optional<std::string> extended_text();
  bool replace_own_group(policy::TextEditor& editor);
  bool add_group(policy::TextEditor& editor);
  Meaning meaning() const;

  const Recording& recording_;
  const Run& run_;
  const policy::Policy* earlier_;
  std::vector<Abi> abis_;
  resolve::PolicyRules earlier_rules_;  ///< On all of `abis_`.
  RecordedNames entries_;               ///< Of the run.
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

RecordedNames Composer::entries_of_run() const {
  RecordedNames entries = entries_of(recording_, abis_, run_.kernel);
  // `always` may stand in an assumed set, whose members are then not written one by one.
  for (const std::string& name : always_allowed()) add_fixed(name, "always", entries);
  for (const std::string& name : run_.assumed) add_fixed(name, "assumed", entries);
  return entries;
}

std::vector<std::string> Composer::comments_of_run() const {
  const std::string moment = report::timestamp(run_.time).substr(0, 19) + "Z";
  std::string line = "# " + moment + (run_.release.empty() ? "" : ", Linux " + printable(run_.release));
  line += ", " + plural(run_.processes, "process") + ", " + plural(recording_.seen, "call") + ": ";
  std::vector<std::string> lines = {line + printable(run_.command, kMaxCommandLength)};
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

policy::GroupComments comments_on(const RecordedNames& entries, std::vector<std::string> runs) {
  policy::GroupComments comments = comments_of(entries);
  comments.above = std::move(runs);
  comments.above.insert(comments.above.begin(), std::string(kMarker));
  return comments;
}

std::string Composer::fresh_text() {
  std::string text =
      "# What a recorded run has called is allowed, all else gets EPERM. 'sandbox-policy record --merge' adds what\n"
      "# further runs call, to this file too.\n"
      "seccomp:\n"
      "  default_action: errno\n";
  if (abis_ != std::vector<Abi>{run_.native}) {
    text += "  " + policy::flow_entry("architectures", policy::flow_list(policy::names_of(abis_))) + "\n";
  }
  if (run_.kernel) {
    text += "  " + policy::flow_entry("kernel", policy::version_value(*run_.kernel)) +
            "  # Newer calls get ENOSYS, as on this kernel: programs then do without them.\n";
  }
  RecordedNames all;
  added_ = merge(all, entries_);
  return text + "  syscalls:\n" + policy::block_group(group_of(all), 2, comments_on(all, comments_of_run()));
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

/// Writes a group of an earlier recording anew, with the run's entries. False if there is none.
bool Composer::replace_own_group(policy::TextEditor& editor) {
  for (size_t i = 0; i < earlier_->groups.size(); ++i) {
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

std::optional<std::string> Composer::extended_text() {
  policy::TextEditor editor(*earlier_);
  if (!replace_own_group(editor) && !add_group(editor)) return std::nullopt;
  if (!editor.cover(abis_, run_.native)) return std::nullopt;
  return editor.text();
}

/// The union, as a policy that was never text.
Meaning Composer::meaning() const {
  Meaning meaning;
  meaning.native = run_.native;
  if (earlier_ != nullptr) {
    meaning.policy = *earlier_;
  } else {
    meaning.policy.default_action = Action::kErrno;
    meaning.policy.kernel = run_.kernel;
  }
  meaning.policy.architectures.clear();
  for (const Abi abi : abis_) meaning.policy.architectures.push_back({abi, {}});
  RecordedNames needed;
  merge(needed, entries_);
  if (!needed.empty()) meaning.policy.groups.push_back(group_of(needed));
  return meaning;
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
  std::optional<std::string> text = earlier_ == nullptr ? fresh_text() : extended_text();
  if (!text) {
    return RecordingError{printable_path(earlier_->source->name()) +
                          ": is written in a way that nothing can be added to; write 'syscalls' as a list, one group "
                          "below the other"};
  }
  const auto source = std::make_shared<const SourceText>(name, *text);
  RecordedPolicy policy = {std::move(*text), 0, added_, Diagnostics(source)};
  for (const RecordedCall& call : recording_.calls) policy.calls += arch::name_of(call.abi, call.number) ? 1 : 0;
  if (auto wrong = disagreement(meaning(), recording_, policy.diagnostics, source)) {
    return RecordingError{"the recorded policy is not what it should be: " + *wrong};
  }
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
    if (group.action == Action::kAllow) continue;
    return at(group.range, "--merge takes a policy whose groups all allow; this one has '" +
                               std::string(policy::name_of(group.action)) + "'");
  }
  return std::nullopt;
}

std::vector<std::string> allowed_sets(const policy::Policy& policy) {
  std::vector<std::string> sets;
  for (const policy::Group& group : policy.groups) {
    if (group.action != Action::kAllow) continue;
    for (const policy::Name& name : group.names) {
      const bool known = std::ranges::find(sets, name.text) != sets.end();
      if (name.text.starts_with('@') && !known) sets.push_back(name.text);
    }
  }
  return sets;
}

Result<RecordedPolicy, RecordingError> recorded_policy(const Recording& recording, const Run& run,
                                                       const policy::Policy* earlier, const std::string& name) {
  return Composer(recording, run, earlier).compose(name);
}

}  // namespace sandbox::record
