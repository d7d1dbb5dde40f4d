#include "report/suggestion.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "arch/abi.h"
#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/json.h"
#include "base/text.h"
#include "policy/beats_writer.h"
#include "policy/edit.h"
#include "policy/systemd_words.h"
#include "report/arguments.h"
#include "report/caller_memory.h"
#include "report/event.h"
#include "resolve/landlock/closures.h"

namespace sandbox::report {
namespace {

using resolve::VerdictSource;

constexpr uint32_t kSkippedNumber = UINT32_MAX;
/// In front of all changes: what was denied may be an attack, which no policy should allow.
constexpr char kIfAllowed[] = "If the program should be allowed to make these calls:\n";
constexpr size_t kMaxNumbers = 20;  // In one line; a program has as many as it likes.

// ---- Text

using Names = std::set<std::string>;

policy::Group allowing(const Names& names) {
  policy::Group group;
  group.action = policy::Action::kAllow;
  for (const std::string& name : names) group.names.push_back({name, {}});
  return group;
}

/// Calls by their numbers, -1 first.
using Numbers = std::set<std::pair<arch::Abi, int64_t>>;

std::string numbers_text(const Numbers& numbers) {
  std::string text;
  size_t left = numbers.size();
  for (const auto& [abi, number] : numbers) {
    if (numbers.size() - left == kMaxNumbers) return text + " and " + std::to_string(left) + " more";
    text += (text.empty() ? "" : ", ") + std::string(arch::info(abi).name) + " call " + std::to_string(number);
    --left;
  }
  return text;
}

// ---- Of one policy

/// What was denied, by what can be done about it.
struct Sorted {
  Names names;                                 ///< Can be allowed by name.
  Names by_group;                              ///< Those of `names` that a group denies.
  Names hidden;                                ///< By a group, with ENOSYS.
  Names newer;                                 ///< Hidden by `kernel:`.
  Names above;                                 ///< The same, above the largest number that a container profile names.
  std::map<std::string, Names> by_capability;  ///< Those of `names` that a capability allows, by the words for --cap.
  Numbers nameless;                            ///< Calls without a name.
  Numbers never;                               ///< Fixed: no policy changes it.
  std::set<arch::Abi> abis;                    ///< Not covered.
  std::set<uint32_t> unknown;                  ///< AUDIT_ARCH_* values that are not known.
};

/// x32's own numbers without its bit, and the number by which a tracer skips a call.
bool is_never(const DeniedCall& call, arch::Abi abi) {
  return call.number == kSkippedNumber || (abi == arch::Abi::kX86_64 && call.number >= 512 && call.number <= 547);
}

/// x32's calls without its bit, which its name stands for.
std::pair<arch::Abi, int64_t> number_of(arch::Abi abi, uint32_t number) {
  if (number == kSkippedNumber) return {abi, -1};
  return {abi, abi == arch::Abi::kX32 ? number & ~arch::info(abi).first_number : number};
}

/// Whether programs have to do without the call anyway: libc runs on kernels that do not have it.
bool is_done_without(arch::Abi abi, uint32_t number) {
  constexpr arch::KernelVersion kOldestOfLibc = {3, 2};  // glibc 2.26 and newer.
  const auto name = arch::name_of(abi, number);
  const auto came = name ? arch::introduced(abi, *name) : std::nullopt;
  return came && *came > kOldestOfLibc;
}

Sorted sort_out(const PolicyDenials& denials) {
  Sorted sorted;
  for (const DeniedCall& call : denials.calls) {
    const auto abi = arch::abi_of(call.arch, call.number);
    if (!abi) {
      sorted.unknown.insert(call.arch);
      continue;
    }
    // Hardly any kernel runs x32, so a policy that does not list it is right not to.
    if (is_never(call, *abi) || (call.source == VerdictSource::kNotCovered && *abi == arch::Abi::kX32)) {
      sorted.never.insert(number_of(*abi, call.number));
      continue;
    }
    if (call.source == VerdictSource::kNotCovered) {
      sorted.abis.insert(*abi);
      continue;
    }
    const auto own_name = arch::name_of(*abi, call.number);
    if (!own_name) {
      sorted.nameless.insert(number_of(*abi, call.number));
      continue;
    }
    const auto behind = call_behind(*abi, *own_name, call.selector);
    const std::string name = behind ? *behind : std::string(*own_name);
    if (looks_absent(call)) {
      Names& names = call.source == VerdictSource::kKernel       ? sorted.newer
                     : call.source == VerdictSource::kAboveNamed ? sorted.above
                                                                 : sorted.hidden;
      names.insert(name);
      continue;
    }
    sorted.names.insert(name);
    if (!call.capabilities.empty()) sorted.by_capability[join(call.capabilities, " or ")].insert(name);
    if (call.source == VerdictSource::kGroup) sorted.by_group.insert(name);
  }
  return sorted;
}

/// Those of the names that the policy allows for some arguments.
Names allowed_in_part(const policy::Policy& policy, const Names& names) {
  Names in_part;
  for (const policy::Group& group : policy.groups) {
    if (!policy::is_allowed(group.action)) continue;
    for (const policy::ConditionalName& entry : group.names_with_args) {
      if (entry.conditions.empty()) continue;
      const bool sets = policy.format == policy::Format::kBeats;
      const auto members = sets ? arch::members_of_set(entry.name.text) : std::nullopt;
      for (const std::string_view call : members.value_or(std::vector<std::string_view>{entry.name.text})) {
        if (const auto name = names.find(std::string(call)); name != names.end()) in_part.insert(*name);
      }
    }
  }
  return in_part;
}

/// What the policy denies on purpose, and what would be undone.
std::string warnings_text(const PolicyDenials& denials, const std::string& name, const Sorted& sorted) {
  const std::string think = "Think twice: " + name;
  std::string text;
  if (denials.kind == PolicyDenials::Kind::kOption) return text;  // It is what the user has asked for.
  if (!sorted.by_group.empty()) {
    text += think + " denies " + join(sorted.by_group) + " by name, which the lines below undo.\n";
  }
  const Names in_part = denials.policy == nullptr ? Names() : allowed_in_part(*denials.policy, sorted.names);
  if (!in_part.empty()) {
    text += think + " allows " + join(in_part) + " for some arguments only; the lines below allow " +
            (in_part.size() == 1 ? "it" : "them") + " for all.\n";
  }
  return text;
}

/// A change of a Beats policy, and where it goes.
struct Proposal {
  policy::TextChange change;
  LineColumn place;
  std::string text;  ///< To be copied: whole lines, or what goes into one without blanks around it.
};

/// What `edit` changes; none where the policy has no place for it.
template <typename Edit>
std::optional<Proposal> propose(const policy::Policy& policy, Edit edit) {
  policy::TextEditor editor(policy);
  if (!edit(editor) || editor.changes().size() != 1 || !editor.text()) return std::nullopt;
  Proposal proposal = {editor.changes().front(), {}, {}};
  proposal.place = policy.source->locate(proposal.change.offset);
  for (const char c : proposal.change.text) {
    if (c != '\r') proposal.text += c;
  }
  switch (proposal.change.place) {
    case policy::TextChange::Place::kAboveLine:
      break;
    case policy::TextChange::Place::kBelowLine:
      proposal.text = proposal.text.substr(1) + "\n";
      break;
    case policy::TextChange::Place::kInLine:
      proposal.text.erase(proposal.text.find_last_not_of(' ') + 1);
      break;
  }
  return proposal;
}

std::string column_text(LineColumn place) {
  return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
}

std::string allow_in_beats_file(const policy::Policy& policy, const std::string& name, const Names& names) {
  const auto proposal = propose(policy, [&](policy::TextEditor& editor) { return editor.add_group(allowing(names)); });
  if (!proposal) {
    return "Add to 'syscalls:' of " + name + ", before its other groups:\n" + policy::block_group(allowing(names), 4);
  }
  if (proposal->change.place == policy::TextChange::Place::kAboveLine) {
    return "Add to " + name + " before line " + std::to_string(proposal->place.line) +
           ", as the first entry of 'syscalls:':\n" + proposal->text;
  }
  const bool lines = proposal->text.ends_with('\n');
  return "Add to " + name + " at " + column_text(proposal->place) + ", as the first entry of 'syscalls':\n" +
         (lines ? proposal->text : "    " + proposal->text + "\n");
}

/// The entry of 'syscalls' that stands first in the text, if it is on lines of its own in YAML's block style: the
/// offset of its '-'.
std::optional<size_t> first_block_entry(const policy::Policy& policy) {
  if (policy.groups.empty()) return std::nullopt;
  const auto first = std::ranges::min_element(policy.groups, {}, [](const auto& group) { return group.range.offset; });
  const std::string_view text = policy.source->text();
  if (first->range.offset < 2) return std::nullopt;
  const size_t dash = first->range.offset - 2;
  const size_t line = text.rfind('\n', dash) + 1;  // npos + 1 is 0.
  const bool alone = text.substr(line, dash - line).find_first_not_of(' ') == std::string_view::npos;
  return alone && text.substr(dash, 2) == "- " ? std::optional(dash) : std::nullopt;
}

std::string allow_in_container_profile(const policy::Policy& policy, const std::string& name, const Names& names) {
  const std::string add = "Add to 'syscalls' in " + name;
  const std::string and_remove = ", and remove the names from rules that deny them:\n";
  if (const auto dash = first_block_entry(policy)) {
    const LineColumn place = policy.source->locate(static_cast<uint32_t>(*dash));
    const std::string indent(place.column - 1, ' ');
    std::string text = add + " before line " + std::to_string(place.line) + and_remove;
    text += indent + "- action: SCMP_ACT_ALLOW\n" + indent + "  names:\n";
    for (const std::string& call : names) text += indent + "  - " + call + "\n";
    return text;
  }
  Json json(Json::Layout::kOneLine);
  json.open_object().key("names").open_array();
  for (const std::string& call : names) json.value(std::string_view(call));
  json.close_array().member("action", "SCMP_ACT_ALLOW").close_object();
  std::string rule = json.text();
  rule.pop_back();
  return add + and_remove + "    " + rule + ",\n";
}

/// With the comments, which give the reasons.
std::string copy_command(const std::string& profile) {
  return "sandbox-policy show --source profile:" + profile + " >my.yml";
}

std::string allow_text(const PolicyDenials& denials, const std::string& name, const Names& names) {
  if (names.empty()) return "";
  if (denials.kind == PolicyDenials::Kind::kFilterFile || denials.policy == nullptr) {
    return "Allow " + join(names) + " in the policy that " + name + " was compiled from, and compile it again.\n";
  }
  if (denials.kind == PolicyDenials::Kind::kProfile) {
    return "Make a copy of the built-in profile " + name + ":\n    " + copy_command(name) +
           "\nadd to it, as the first entry of 'syscalls:', and give it by --policy my.yml:\n" +
           policy::block_group(allowing(names), 2);
  }
  if (denials.kind == PolicyDenials::Kind::kOption && name == resolve::kClosuresName) {
    return "Nothing allows this beside rules for files and ports: Landlock does not judge what " + join(names) +
           " would do there.\n";
  }
  if (denials.kind == PolicyDenials::Kind::kOption) {
    return "Change the option " + name + ", which denies " + join(names) + ".\n";
  }
  const policy::Format format = denials.policy->format;
  if (format == policy::Format::kBeats) return allow_in_beats_file(*denials.policy, name, names);
  if (format == policy::Format::kSystemd) {
    return "Add to " + name + ", below its other SystemCallFilter= lines:\n    SystemCallFilter=" + join(names, " ") +
           "\n";
  }
  return allow_in_container_profile(*denials.policy, name, names);
}

/// What needs no change of the profile.
std::string capabilities_text(const std::string& name, const Sorted& sorted) {
  std::string text;
  for (const auto& [words, names] : sorted.by_capability) {
    text += "With --cap " + words + ", " + name + " allows " + join(names) + ".\n";
  }
  return text;
}

std::string newer_text(const PolicyDenials& denials, const Names& newer) {
  if (newer.empty()) return "";
  std::string key = "'kernel:'";
  if (denials.policy != nullptr && denials.policy->kernel) {
    key = "'kernel: " + arch::to_string(*denials.policy->kernel) + "'";
  }
  return "Probably not needed: " + join(newer) + ". They are newer than " + key +
         ", got ENOSYS, and programs then do without.\n";
}

std::string hidden_text(const std::string& name, const Names& hidden) {
  if (hidden.empty()) return "";
  return "Probably not needed: " + join(hidden) + ". " + name +
         " answers ENOSYS on purpose, and programs then do without.\n";
}

std::string above_text(const std::string& name, const Names& above) {
  if (above.empty()) return "";
  return "Probably not needed: " + join(above) + ". They are above the largest number that " + name +
         " names, got ENOSYS, and programs then do without.\n";
}

/// "SCMP_ARCH_X86".
std::string oci_word(arch::Abi abi) {
  std::string word = "SCMP_ARCH_";
  for (const char c : arch::info(abi).name) word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return word;
}

/// For a policy without the key 'architectures'.
std::string new_architectures_text(const PolicyDenials& denials, const std::string& name,
                                   const std::set<arch::Abi>& abis, arch::Abi native) {
  std::vector<arch::Abi> covered = {native};
  for (const arch::Abi abi : abis) {
    if (abi != native) covered.push_back(abi);
  }
  std::string in_words =
      "list " + join(policy::names_of(covered)) + " under 'architectures' in its section 'seccomp'.\n";
  if (denials.kind == PolicyDenials::Kind::kProfile) {
    return "in a copy of it (" + copy_command(name) + "), " + in_words;
  }
  const auto proposal =
      propose(*denials.policy, [&](policy::TextEditor& editor) { return editor.cover(covered, native); });
  if (!proposal) return in_words;
  if (proposal->change.place == policy::TextChange::Place::kInLine) {
    return "add to " + name + " at " + column_text(proposal->place) + ": " + proposal->text + "\n";
  }
  // A line at the left margin does not look like one to be copied, so it stands in this one.
  return "add below line " + std::to_string(proposal->place.line) + " of " + name + ":" +
         (proposal->text.starts_with(' ') ? "\n" : " ") + proposal->text;
}

std::string architectures_text(const PolicyDenials& denials, const std::string& name, const std::set<arch::Abi>& abis,
                               arch::Abi native) {
  if (abis.empty()) return "";
  Names words;
  const auto format = denials.policy != nullptr ? denials.policy->format : policy::Format::kBeats;
  const bool oci = policy::is_container_profile(format);
  const bool systemd = format == policy::Format::kSystemd;
  for (const arch::Abi abi : abis) {
    words.insert(oci ? oci_word(abi) : std::string(systemd ? policy::systemd_name(abi) : arch::info(abi).name));
  }
  std::string text = "Calls through ";
  text += join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; });
  if (denials.kind == PolicyDenials::Kind::kOption) {
    return text + " are denied: " + name + " covers what the other policies do, so list " + join(words) +
           " in the 'architectures' of these.\n";
  }
  text += " are denied, as " + name + " does not cover " + (abis.size() == 1 ? "it" : "them") + ": ";
  if (denials.policy == nullptr) return text + "its policy must, by 'architectures:'.\n";
  if (oci) return text + "add " + join(words) + " to its 'architectures'.\n";
  if (systemd) return text + "add " + join(words, " ") + " to its SystemCallArchitectures=.\n";
  if (!denials.policy->architectures.empty()) {
    const uint32_t line = denials.policy->source->locate(denials.policy->architectures.front().range.offset).line;
    return text + "add " + join(words) + " to 'architectures:' (line " + std::to_string(line) + ").\n";
  }
  return text + new_architectures_text(denials, name, abis, native);
}

/// What allows the calls: by changes of the policy, or by --cap.
std::string changes_text(const PolicyDenials& denials, const Sorted& sorted, arch::Abi native) {
  const std::string name = printable_path(denials.name);
  return warnings_text(denials, name, sorted) + capabilities_text(name, sorted) +
         allow_text(denials, name, sorted.names) + architectures_text(denials, name, sorted.abis, native);
}

/// What no change is for.
std::string notes_text(const PolicyDenials& denials, const Sorted& sorted) {
  const std::string name = printable_path(denials.name);
  std::string text =
      newer_text(denials, sorted.newer) + hidden_text(name, sorted.hidden) + above_text(name, sorted.above);
  if (!sorted.nameless.empty()) {
    text += "Without a name, so no policy can list it: " + numbers_text(sorted.nameless) + ".\n";
  }
  if (!sorted.never.empty()) {
    text += "No policy can allow these, the kernel has no such calls: " + numbers_text(sorted.never) + ".\n";
  }
  for (const uint32_t arch : sorted.unknown) text += "No policy can cover calls of arch " + hex(arch) + ".\n";
  return text;
}

}  // namespace

bool looks_absent(const DeniedCall& call) {
  const auto abi = arch::abi_of(call.arch, call.number);
  if (!abi || !arch::name_of(*abi, call.number)) return false;
  switch (call.source) {
    case VerdictSource::kKernel:
      return true;
    case VerdictSource::kAboveNamed:
      return is_done_without(*abi, call.number);
    case VerdictSource::kGroup:
      return call.absent && is_done_without(*abi, call.number);
    case VerdictSource::kDefault:
    case VerdictSource::kFixed:
    case VerdictSource::kNotCovered:
      break;
  }
  return false;
}

std::string suggestion_text(std::span<const PolicyDenials> denials, arch::Abi native) {
  std::string text;
  bool any_changes = false;
  for (const PolicyDenials& one : denials) {
    const Sorted sorted = sort_out(one);
    const std::string changes = changes_text(one, sorted, native);
    any_changes = any_changes || !changes.empty();
    text += changes + notes_text(one, sorted);
  }
  return any_changes ? kIfAllowed + std::move(text) : text;
}

}  // namespace sandbox::report
