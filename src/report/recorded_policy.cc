#include "report/recorded_policy.h"

#include <algorithm>
#include <utility>

#include "arch/multiplexers.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "report/event.h"
#include "report/recorded_check.h"
#include "report/recorded_entries.h"
#include "resolve/call_sets.h"
#include "resolve/resolve.h"

namespace sandbox::report {
namespace {

using arch::Abi;
using policy::Action;

constexpr std::string_view kMarker = "# Recorded by sandbox-policy record; behind each call, how often it was made.";
constexpr std::string_view kEarlierRuns = "# ... and earlier runs";
constexpr size_t kMostComments = 40;  ///< Lines above the group: a few for each run.
constexpr size_t kLongestCommand = 200;

std::string list_of(const std::vector<Abi>& abis) {
  return "[" + join(abis, ", ", [](Abi abi) { return arch::info(abi).name; }) + "]";
}

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

/// Whether a policy, as rules for its ABIs, allows a call whatever its arguments.
bool allows_whole(const resolve::PolicyRules& rules, const std::string& name) {
  for (const resolve::RuleSet& set : rules) {
    const auto number = arch::number_of(set.abi, name);
    if (!number) continue;
    const auto call = std::ranges::lower_bound(set.calls, *number, {}, &resolve::CallRules::number);
    if (call == set.calls.end() || call->number != *number) return false;
    const bool whole = std::ranges::any_of(call->clauses, [](const resolve::Clause& clause) {
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
  Entries entries_of_run() const;
  void add_fixed(const std::string& name, const char* remark, Entries& entries) const;
  std::vector<std::string> comments_of_run() const;
  std::string fresh_text(const std::string& group) const;
  std::optional<std::string> extended_text();
  bool replace_own_group(std::string& text);
  bool insert_group(std::string& text) const;
  bool list_architectures(std::string& text) const;
  Meaning meaning() const;

  const Recording& recording_;
  const Run& run_;
  const policy::Policy* earlier_;
  std::vector<Abi> abis_;
  resolve::PolicyRules earlier_rules_;  ///< On all of `abis_`.
  Entries entries_;                     ///< Of the run.
  size_t added_ = 0;
};

/// A name that is allowed whether it was called or not.
void Composer::add_fixed(const std::string& name, const char* remark, Entries& entries) const {
  const bool set = name.starts_with('@');
  if (!set && !exists_on(abis_, name)) return;
  const auto known =
      std::ranges::find_if(entries, [&](const Entry& entry) { return entry.name == name && entry.conditions.empty(); });
  if (known != entries.end()) {
    known->remark = remark;
    known->needed = true;
    return;
  }
  const bool allowed = earlier_ != nullptr && (set ? names(*earlier_, name) : allows_whole(earlier_rules_, name));
  entries.push_back({name, {}, 0, remark, !allowed});
}

Entries Composer::entries_of_run() const {
  Entries entries = entries_of(recording_, abis_, run_.kernel);
  // `always` may stand in an assumed set, whose members are then not written one by one.
  for (const std::string& name : always_allowed()) add_fixed(name, "always", entries);
  for (const std::string& name : run_.assumed) add_fixed(name, "assumed", entries);
  return entries;
}

std::vector<std::string> Composer::comments_of_run() const {
  const std::string moment = timestamp(run_.time).substr(0, 19) + "Z";
  std::string line = "# " + moment + (run_.release.empty() ? "" : ", Linux " + printable(run_.release));
  line += ", " + plural(run_.processes, "process") + ", " + plural(recording_.seen, "call") + ": ";
  std::vector<std::string> lines = {line + printable(run_.command, kLongestCommand)};
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

std::string indented(const std::vector<std::string>& lines, size_t indent) {
  std::string text;
  for (const std::string& line : lines) text += std::string(indent, ' ') + line + "\n";
  return text;
}

std::string Composer::fresh_text(const std::string& group) const {
  std::string text =
      "# What a recorded run has called is allowed, all else gets EPERM. 'sandbox-policy record --merge' adds what\n"
      "# further runs call, to this file too.\n"
      "seccomp:\n"
      "  default_action: errno\n";
  if (abis_ != std::vector<Abi>{run_.native}) text += "  architectures: " + list_of(abis_) + "\n";
  if (run_.kernel) {
    const std::string version = std::to_string(run_.kernel->major) + "." + std::to_string(run_.kernel->minor);
    text +=
        "  kernel: \"" + version + "\"  # Newer calls get ENOSYS, as on this kernel: programs then do without them.\n";
  }
  text += "  syscalls:\n  " + std::string(kMarker) + "\n" + indented(comments_of_run(), 2);
  return text + group;
}

// ---- An earlier policy ----

size_t line_start(std::string_view text, size_t offset) {
  const size_t end = text.substr(0, offset).rfind('\n');
  return end == std::string_view::npos ? 0 : end + 1;
}

std::string_view line_at(std::string_view text, size_t start) {
  return text.substr(start, std::min(text.find('\n', start), text.size()) - start);
}

size_t leading_spaces(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

/// The column of a group's dash, if the list is written in block style: "  - action: allow".
std::optional<size_t> dash_of(std::string_view text, const policy::Group& group) {
  const size_t start = line_start(text, group.range.offset);
  const std::string_view before = text.substr(start, group.range.offset - start);
  const size_t dash = leading_spaces(before);
  if (dash == before.size() || before[dash] != '-') return std::nullopt;
  if (before.find_first_not_of(' ', dash + 1) != std::string_view::npos) return std::nullopt;
  return dash;
}

/// The first of the comment lines that stand right above `start`, indented by `indent`.
size_t comments_above(std::string_view text, size_t start, size_t indent) {
  while (start > 0) {
    const size_t above = line_start(text, start - 1);
    const std::string_view line = line_at(text, above);
    if (leading_spaces(line) != indent || indent == line.size() || line[indent] != '#') break;
    start = above;
  }
  return start;
}

/// A group that stands in a text exactly as it was written by this program, so that nothing is lost when it is written
/// anew.
struct OwnGroup {
  size_t begin = 0;  ///< Its first comment.
  size_t end = 0;
  size_t indent = 0;
  std::vector<std::string> comments;  ///< Of the runs, without indentation.
  Entries entries;
};

std::optional<OwnGroup> own_group(const policy::Group& group, const SourceText& source) {
  const std::string_view text = source.text();
  const auto dash = dash_of(text, group);
  if (!dash) return std::nullopt;
  OwnGroup own;
  own.indent = *dash;
  const size_t start = line_start(text, group.range.offset);
  const std::string marker = std::string(*dash, ' ') + std::string(kMarker) + "\n";
  const size_t comments = comments_above(text, start, *dash);
  own.begin = text.substr(comments, start - comments).rfind(marker);
  if (own.begin == std::string_view::npos) return std::nullopt;
  own.begin += comments;
  for (size_t at = own.begin + marker.size(); at < start; at += line_at(text, at).size() + 1) {
    own.comments.emplace_back(line_at(text, at).substr(*dash));
  }
  own.entries = entries_of(group, source);
  const std::string again = group_text(own.entries, *dash);
  if (!text.substr(start).starts_with(again)) return std::nullopt;
  own.end = start + again.size();
  return own;
}

/// Writes a group of an earlier recording anew, with the run's entries. False if there is none.
bool Composer::replace_own_group(std::string& text) {
  for (const policy::Group& group : earlier_->groups) {
    auto own = own_group(group, *earlier_->source);
    if (!own) continue;
    added_ = merge(own->entries, entries_);
    for (std::string& line : comments_of_run()) own->comments.push_back(std::move(line));
    if (own->comments.size() > kMostComments) {
      own->comments.erase(own->comments.begin(), own->comments.end() - kMostComments);
      own->comments.insert(own->comments.begin(), std::string(kEarlierRuns));
    }
    const std::string margin(own->indent, ' ');
    text.replace(own->begin, own->end - own->begin,
                 margin + std::string(kMarker) + "\n" + indented(own->comments, own->indent) +
                     group_text(own->entries, own->indent));
    return true;
  }
  return false;
}

/// Puts a group in front of the others. False if the list is written in a way that is not understood.
bool Composer::insert_group(std::string& text) const {
  Entries needed;
  merge(needed, entries_);
  if (needed.empty()) return true;
  const policy::Group& first = earlier_->groups.front();
  if (const auto dash = dash_of(text, first)) {
    const size_t at = comments_above(text, line_start(text, first.range.offset), *dash);
    text.insert(at, std::string(*dash, ' ') + std::string(kMarker) + "\n" + indented(comments_of_run(), *dash) +
                        group_text(needed, *dash));
    return true;
  }
  if (text.at(first.range.offset) != '{') return false;
  text.insert(first.range.offset, flow_group_text(needed) + ", ");
  return true;
}

/// Lists in the text the ABIs that are covered now. False if that place is written in a way that is not understood.
bool Composer::list_architectures(std::string& text) const {
  const size_t known = abis_of(*earlier_, run_.native).size();
  if (known == abis_.size()) return true;
  if (earlier_->architectures.empty()) {
    const size_t start = line_start(text, earlier_->default_range.offset);
    const std::string_view line = line_at(text, start);
    const size_t key = line.find("default_action");
    if (key == std::string_view::npos) return false;
    const std::string_view before = line.substr(leading_spaces(line), key - leading_spaces(line));
    if (!before.empty() && before != "seccomp.") return false;
    const std::string margin(line.substr(0, key));
    text.insert(start + line.size(), "\n" + margin + "architectures: " + list_of(abis_));
    return true;
  }
  const SourceRange last = earlier_->architectures.back().range;
  const size_t start = line_start(text, last.offset);
  const std::string before = text.substr(start, last.offset - start);
  const size_t dash = leading_spaces(before);
  const bool block = dash < before.size() && before[dash] == '-';
  const size_t end = block ? start + line_at(text, start).size() : last.offset + size_t{last.length};
  std::string more;
  for (size_t i = known; i < abis_.size(); ++i) {
    more += (block ? "\n" + before : ", ") + std::string(arch::info(abis_[i]).name);
  }
  text.insert(end, more);
  return true;
}

/// Both changes are made at places of the earlier text, the later one first.
std::optional<std::string> Composer::extended_text() {
  std::string text = earlier_->source->text();
  const size_t architectures =
      earlier_->architectures.empty() ? earlier_->default_range.offset : earlier_->architectures.back().range.offset;
  const bool below = architectures > earlier_->groups.front().range.offset;
  if (below && !list_architectures(text)) return std::nullopt;
  if (!replace_own_group(text) && !insert_group(text)) return std::nullopt;
  if (!below && !list_architectures(text)) return std::nullopt;
  return text;
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
  Entries needed;
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
      return RecordingError{"with 'architectures: " + list_of(abis_) +
                            "': " + format_diagnostic(*earlier_->source, problem)};
    }
  }
  entries_ = entries_of_run();
  Entries alone;
  added_ = merge(alone, entries_);
  std::optional<std::string> text = earlier_ == nullptr ? fresh_text(group_text(alone, 2)) : extended_text();
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
  if (policy.oci) {
    return Unmergeable{printable_path(source.name()) +
                       ": is a container profile; --merge takes a policy in the format of Elastic Beats, which "
                       "'sandbox-policy convert --to beats' makes"};
  }
  if (!policy.enabled) return at(policy.enabled_range, "'enabled' is false: --merge takes a policy that is in force");
  if (policy.default_action == Action::kAllow || policy.default_action == Action::kLog) {
    return at(policy.default_range, "--merge takes a policy that refuses calls by default; this one has '" +
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

}  // namespace sandbox::report
