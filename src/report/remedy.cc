#include "report/remedy.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "arch/syscalls.h"
#include "base/diagnostic.h"
#include "base/json.h"
#include "base/text.h"
#include "report/arguments.h"
#include "report/caller_memory.h"
#include "report/event.h"
#include "resolve/call_sets.h"

namespace sandbox::report {
namespace {

constexpr uint32_t kSkippedNumber = UINT32_MAX;
constexpr size_t kMostNumbers = 20;  // In one line; a program has as many as it likes.

// ---- Text

using Names = std::set<std::string>;

std::string group_in_block(const std::vector<std::string>& names, const std::string& pad) {
  std::string text = "- action: allow\n" + pad + "  names:\n";
  for (const std::string& name : names) text += pad + "  - " + name + "\n";
  return text;
}

std::string group_in_flow(const std::vector<std::string>& names, bool json) {
  const auto word = [&](const std::string& text) { return json ? json_string(text) : text; };
  return "{" + word("action") + ": " + word("allow") + ", " + word("names") + ": [" + join(names, ", ", word) + "]}, ";
}

std::string indented(const std::string& lines, const std::string& pad) {
  std::string text;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    text += pad + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text;
}

/// Calls by their numbers, -1 first.
using Numbers = std::set<std::pair<arch::Abi, int64_t>>;

std::string numbers_text(const Numbers& numbers) {
  std::string text;
  size_t left = numbers.size();
  for (const auto& [abi, number] : numbers) {
    if (numbers.size() - left == kMostNumbers) return text + " and " + std::to_string(left) + " more";
    text += (text.empty() ? "" : ", ") + std::string(arch::info(abi).name) + " call " + std::to_string(number);
    --left;
  }
  return text;
}

// ---- The place in a Beats policy

constexpr std::string_view kBlanks = " \t\r\n";

bool is_blank_at(const std::string& text, size_t at) {
  return at >= text.size() || kBlanks.find(text[at]) != std::string_view::npos;
}

size_t start_of_line(const std::string& text, size_t at) {
  const size_t newline = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

/// Where the comment begins that ends the line before `end`; `end` if there is none. Not for lines with quotes.
size_t comment_start(const std::string& text, size_t end) {
  const size_t line = start_of_line(text, end);
  for (size_t at = line; at < end; ++at) {
    if (text[at] == '#' && (at == line || is_blank_at(text, at - 1))) return at;
  }
  return end;
}

/// Goes back from a list's entry to what stands before it: past blanks, line ends and comments.
size_t end_of_what_is_before(const std::string& text, size_t entry) {
  size_t at = entry;
  while (at > 0 && is_blank_at(text, at - 1)) {
    --at;
    if (text[at] == '\n') at = comment_start(text, at);
  }
  return at;
}

std::optional<Insertion> in_flow(const policy::Policy& policy, const std::vector<std::string>& names) {
  const std::string& text = policy.source->text();
  const size_t entry = policy.groups.front().range.offset;
  if (entry >= text.size() || text[entry] != '{') return std::nullopt;
  const size_t key = text.find_first_not_of(kBlanks, entry + 1);
  const bool json = key != std::string::npos && text[key] == '"';
  return Insertion{entry, policy.source->locate(entry), group_in_flow(names, json), false};
}

std::optional<Insertion> in_block(const policy::Policy& policy, size_t dash, const std::vector<std::string>& names) {
  const std::string& text = policy.source->text();
  const size_t line = start_of_line(text, dash);
  const std::string before = text.substr(line, dash - line);
  const std::string pad(before.size(), ' ');
  return Insertion{dash, policy.source->locate(dash), group_in_block(names, pad) + pad, before == pad};
}

/// The key 'architectures', for a policy that lacks it.
struct NewKey {
  uint32_t line = 0;  ///< It stands before this one.
  std::string text;   ///< Indented, without a newline.
};

/// Beside the key 'default_action'. None in flow style, where more than a line would change.
std::optional<NewKey> new_architectures(const policy::Policy& policy, const std::string& list) {
  const std::string& text = policy.source->text();
  const size_t key = policy.default_range.offset;
  const size_t line = start_of_line(text, key);
  if (policy.default_range.length == 0 || text.find_first_not_of(' ', line) != key) return std::nullopt;
  const size_t end = end_of_what_is_before(text, key);
  if (end > 0 && std::string_view("{,?").find(text[end - 1]) != std::string_view::npos) return std::nullopt;
  const bool quoted = text[key] == '"' || text[key] == '\'';
  const bool dotted = std::string_view(text).substr(key + (quoted ? 1 : 0)).starts_with("seccomp.");
  const std::string pad(key - line, ' ');
  return NewKey{policy.source->locate(key).line, pad + (dotted ? "seccomp." : "") + "architectures: " + list};
}

// ---- What is said of one policy

/// What was denied, by what can be done about it.
struct Sorted {
  Names names;                 ///< Can be allowed by name.
  Names by_group;              ///< Those of `names` that a group denies.
  Names hidden;                ///< By a group, with ENOSYS.
  Names newer;                 ///< Hidden by `kernel:`.
  Numbers nameless;            ///< Calls without a name.
  Numbers never;               ///< Fixed, whatever a policy says.
  std::set<arch::Abi> abis;    ///< Not covered.
  std::set<uint32_t> unknown;  ///< AUDIT_ARCH_* values that nobody knows.
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

Sorted sort_out(const PolicyDenials& denials) {
  Sorted sorted;
  for (const DeniedCall& call : denials.calls) {
    const auto abi = abi_of(call.arch, call.number);
    if (!abi) {
      sorted.unknown.insert(call.arch);
      continue;
    }
    // Hardly any kernel runs x32, so a policy that does not list it is right not to.
    if (is_never(call, *abi) || (call.reason == Reason::kFixed && *abi == arch::Abi::kX32)) {
      sorted.never.insert(number_of(*abi, call.number));
      continue;
    }
    if (call.reason == Reason::kFixed) {
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
    Names& names = call.reason == Reason::kKernel   ? sorted.newer
                   : call.reason == Reason::kHidden ? sorted.hidden
                                                    : sorted.names;
    names.insert(name);
    if (call.reason == Reason::kGroup) sorted.by_group.insert(name);
  }
  return sorted;
}

/// Those of the names that the policy allows for some arguments.
Names allowed_in_part(const policy::Policy& policy, const Names& names) {
  Names in_part;
  for (const policy::Group& group : policy.groups) {
    if (group.action != policy::Action::kAllow && group.action != policy::Action::kLog) continue;
    for (const policy::ConditionalName& entry : group.names_with_args) {
      if (entry.conditions.empty()) continue;
      const auto members = policy.oci ? std::nullopt : resolve::members_of_set(entry.name.text);
      for (const std::string_view call : members.value_or(std::vector<std::string_view>{entry.name.text})) {
        if (const auto name = names.find(std::string(call)); name != names.end()) in_part.insert(*name);
      }
    }
  }
  return in_part;
}

/// What somebody meant when they wrote the policy, and what would be undone.
std::string warnings_text(const PolicyDenials& denials, const std::string& name, const Sorted& sorted) {
  const std::string think = "Think twice: " + name;
  std::string text;
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

std::string allow_in_beats_file(const PolicyDenials& denials, const std::string& name, const Names& names) {
  const std::vector<std::string> list(names.begin(), names.end());
  const auto insertion = allow_in_text(*denials.policy, list);
  if (!insertion) {
    return "To allow this, add to 'syscalls:' of " + name + ", before its other groups:\n" +
           indented(group_in_block(list, ""), "    ");
  }
  const std::string line = "line " + std::to_string(insertion->place.line);
  if (insertion->own_lines) {
    const std::string pad(insertion->place.column - 1, ' ');
    return "To allow this, add to " + name + " before " + line + ", as the first entry of 'syscalls:':\n" +
           indented(group_in_block(list, ""), pad);
  }
  std::string text = insertion->text.substr(0, insertion->text.find_last_not_of(' ') + 1);
  return "To allow this, add to " + name + " at " + line + ", column " + std::to_string(insertion->place.column) +
         ", as the first entry of 'syscalls':\n" + (text.back() == '\n' ? text : "    " + text + "\n");
}

std::string allow_text(const PolicyDenials& denials, const std::string& name, const Names& names) {
  if (names.empty()) return "";
  if (denials.kind == PolicyDenials::Kind::kFilterFile || denials.policy == nullptr) {
    return "To allow this, allow " + join(names) + " in the policy that " + name +
           " was compiled from, and compile it again.\n";
  }
  const std::vector<std::string> list(names.begin(), names.end());
  if (denials.kind == PolicyDenials::Kind::kProfile) {
    return "To allow this, make a copy of the built-in profile " + name +
           ":\n    sandbox-policy convert --to beats profile:" + name +
           " -o my.yml\nadd to it, as the first entry of 'syscalls:', and give it by --policy my.yml:\n" +
           indented(group_in_block(list, ""), "  ");
  }
  if (!denials.policy->oci) return allow_in_beats_file(denials, name, names);
  Json json(Json::Layout::kOneLine);
  json.open_object().key("names").open_array();
  for (const std::string& call : list) json.value(std::string_view(call));
  json.close_array().member("action", "SCMP_ACT_ALLOW").close_object();
  std::string rule = json.text();
  rule.pop_back();
  return "To allow this, add to " + name + ", to its 'syscalls' (and take them out of rules that deny them):\n    " +
         rule + ",\n";
}

std::string newer_text(const PolicyDenials& denials, const Names& newer) {
  if (newer.empty()) return "";
  std::string key = "'kernel:'";
  if (denials.policy != nullptr && denials.policy->kernel) {
    key = "'kernel: " + std::to_string(denials.policy->kernel->major) + "." +
          std::to_string(denials.policy->kernel->minor) + "'";
  }
  return "Probably not needed: " + join(newer) + ". They are newer than " + key +
         ", got ENOSYS, and programs then do without.\n";
}

std::string hidden_text(const std::string& name, const Names& hidden) {
  if (hidden.empty()) return "";
  return "Probably not needed: " + join(hidden) + ". " + name +
         " answers ENOSYS on purpose, and programs then do without.\n";
}

/// "SCMP_ARCH_X86".
std::string oci_word(arch::Abi abi) {
  std::string word = "SCMP_ARCH_";
  for (const char c : arch::info(abi).name) word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return word;
}

/// For a policy without the key 'architectures'.
std::string new_architectures_text(const PolicyDenials& denials, const std::string& name, const std::string& list) {
  const std::string in_words = "list " + list + " under 'architectures' in its section 'seccomp'.\n";
  if (denials.kind == PolicyDenials::Kind::kProfile) {
    return "in a copy of it (sandbox-policy convert --to beats profile:" + name + " -o my.yml), " + in_words;
  }
  const auto key = new_architectures(*denials.policy, "[" + list + "]");
  if (!key) return in_words;
  // A line at the left margin does not look like one to be copied, so it stands in this one.
  return "add before line " + std::to_string(key->line) + " of " + name + ":" +
         (key->text.starts_with(' ') ? "\n" : " ") + key->text + "\n";
}

std::string architectures_text(const PolicyDenials& denials, const std::string& name, const std::set<arch::Abi>& abis,
                               arch::Abi native) {
  if (abis.empty()) return "";
  Names words;
  const bool oci = denials.policy != nullptr && denials.policy->oci;
  for (const arch::Abi abi : abis) words.insert(oci ? oci_word(abi) : std::string(arch::info(abi).name));
  std::string text = "Calls through ";
  text += join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; });
  text += " are refused, as " + name + " does not cover " + (abis.size() == 1 ? "it" : "them") + ": ";
  if (denials.policy == nullptr) return text + "its policy must, by 'architectures:'.\n";
  if (oci) return text + "add " + join(words) + " to its 'architectures'.\n";
  if (!denials.policy->architectures.empty()) {
    const uint32_t line = denials.policy->source->locate(denials.policy->architectures.front().range.offset).line;
    return text + "add " + join(words) + " to 'architectures:' (line " + std::to_string(line) + ").\n";
  }
  const std::string own(arch::info(native).name);
  words.erase(own);
  return text + new_architectures_text(denials, name, own + ", " + join(words));
}

std::string text_for(const PolicyDenials& denials, arch::Abi native) {
  const Sorted sorted = sort_out(denials);
  const std::string name = printable_path(denials.name);
  std::string text = warnings_text(denials, name, sorted);
  text += allow_text(denials, name, sorted.names);
  text += architectures_text(denials, name, sorted.abis, native);
  text += newer_text(denials, sorted.newer) + hidden_text(name, sorted.hidden);
  if (!sorted.nameless.empty()) {
    text += "Without a name, so no policy can list it: " + numbers_text(sorted.nameless) + ".\n";
  }
  if (!sorted.never.empty()) {
    text += "No policy can allow these, the kernel has no such calls: " + numbers_text(sorted.never) + ".\n";
  }
  for (const uint32_t arch : sorted.unknown) text += "No policy can cover calls of arch " + hex(arch) + ".\n";
  return text;
}

/// Whether programs have to do without the call anyway: libc runs on kernels that do not have it.
bool is_done_without(arch::Abi abi, uint32_t number) {
  constexpr arch::KernelVersion kOldestOfLibc = {3, 2};  // glibc 2.26 and newer.
  const auto name = arch::name_of(abi, number);
  const auto came = name ? arch::introduced(abi, *name) : std::nullopt;
  return came && *came > kOldestOfLibc;
}

}  // namespace

Reason reason_of(const policy::Policy& policy, const resolve::PolicyRules& rules, const bpf::SystemCall& call) {
  const resolve::Judgement judgement = resolve::evaluate(rules, call);
  // What `kernel:` leaves to the default action has a clause without a place.
  const auto abi = abi_of(call.arch, call.number);
  if (judgement.clause != nullptr && judgement.clause->origin.range.length == 0) return Reason::kDefault;
  if (judgement.clause != nullptr) {
    constexpr resolve::Verdict kLooksAbsent = {policy::Action::kErrno, ENOSYS};
    return abi && judgement.verdict == kLooksAbsent && is_done_without(*abi, call.number) ? Reason::kHidden
                                                                                          : Reason::kGroup;
  }
  const bool covered =
      abi && std::any_of(rules.begin(), rules.end(), [&](const resolve::RuleSet& set) { return set.abi == *abi; });
  if (!covered || is_never({.arch = call.arch, .number = call.number}, *abi)) return Reason::kFixed;
  return policy.kernel ? Reason::kKernel : Reason::kDefault;
}

std::optional<Insertion> allow_in_text(const policy::Policy& policy, const std::vector<std::string>& names) {
  if (policy.oci || policy.groups.empty() || policy.source == nullptr) return std::nullopt;
  const std::string& text = policy.source->text();
  const size_t entry = policy.groups.front().range.offset;
  const size_t end = end_of_what_is_before(text, entry);
  if (end == 0) return std::nullopt;
  if (text[end - 1] == '[') return in_flow(policy, names);
  const bool dash = text[end - 1] == '-' && end < entry && (end == 1 || is_blank_at(text, end - 2));
  return dash ? in_block(policy, end - 1, names) : std::nullopt;
}

std::string remedy_text(std::span<const PolicyDenials> denials, arch::Abi native) {
  std::string text;
  for (const PolicyDenials& one : denials) text += text_for(one, native);
  return text;
}

}  // namespace sandbox::report
