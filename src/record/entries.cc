#include "record/entries.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "arch/argument_kinds.h"
#include "arch/argument_widths.h"
#include "arch/call_sets.h"
#include "arch/call_versions.h"
#include "arch/multiplexers.h"
#include "arch/narrowed_arguments.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "resolve/values.h"

namespace sandbox::record {
namespace {

using arch::Abi;
using policy::Operation;

// ---- Values ----

std::string key_of(const RecordedName& entry) {
  std::string key = entry.name;
  for (const policy::Condition& condition : entry.conditions) key += " " + policy::condition_text(condition);
  return key;
}

policy::Value number(uint64_t value) {
  return {{policy::Term{{value, false}, ""}}, {}};
}

/// "CLONE_VM|0x11" as a value; none if a term is neither a number nor a name.
std::optional<policy::Value> value_of(std::string_view text) {
  policy::Value value;
  while (true) {
    const size_t end = std::min(text.find('|'), text.size());
    const std::string_view word = text.substr(0, end);
    if (word.empty()) return std::nullopt;
    policy::Term term;
    if (word[0] >= '0' && word[0] <= '9') {
      const bool hex = word.starts_with("0x");
      const char* const from = word.data() + (hex ? 2 : 0);
      const auto [rest, error] =
          std::from_chars(from, word.data() + word.size(), term.integer.magnitude, hex ? 16 : 10);
      if (error != std::errc() || rest != word.data() + word.size()) return std::nullopt;
    } else {
      term.constant = word;
    }
    value.terms.push_back(std::move(term));
    if (end == text.size()) return value;
    text.remove_prefix(end + 1);
  }
}

/// The ABIs that have the call under a number of its own.
std::vector<Abi> having(std::span<const Abi> abis, std::string_view call) {
  std::vector<Abi> own;
  for (const Abi abi : abis) {
    if (arch::number_of(abi, call)) own.push_back(abi);
  }
  return own;
}

/// By the names of constants, if they stand for this value on every ABI; else as a number.
policy::Value written_value(std::span<const Abi> abis, std::string_view call, const arch::NarrowedArgument& argument,
                            uint64_t value) {
  const arch::ArgumentKind kind = arch::argument_kind(abis.front(), call, argument.argument);
  const auto text = arch::constant_text(abis.front(), kind, value);
  const auto named = text ? value_of(*text) : std::nullopt;
  if (!named) return number(value);
  const bool same = std::ranges::all_of(abis, [&](Abi abi) {
    const auto resolved = resolve::resolve_value(*named, abi, arch::argument_width(abi, call, argument.argument));
    return resolved.missing_constant.empty() && resolved.value == value;
  });
  return same ? *named : number(value);
}

std::vector<policy::Condition> conditions_for(std::span<const Abi> abis, std::string_view call,
                                              const std::vector<arch::NarrowedArgument>& narrowed,
                                              const Values& values) {
  std::vector<policy::Condition> conditions;
  for (size_t i = 0; i < narrowed.size(); ++i) {
    if (!values.at(i)) continue;
    policy::Condition condition;
    condition.argument = narrowed[i].argument;
    condition.operation = narrowed[i].part ? Operation::kMaskedEqual : Operation::kEqual;
    condition.value = written_value(abis, call, narrowed[i], *values.at(i));
    if (narrowed[i].part) condition.mask = number(narrowed[i].mask);
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

// ---- What was seen ----

/// A call by name, through whichever ABIs it came.
struct NamedCall {
  Count count;
  bool whole = false;
  bool too_many_values = false;
  std::map<Values, Count> values;
};

void add(Count& to, const Count& count) {
  to.all += count.all;
  to.beyond += count.beyond;
}

std::map<std::string_view, NamedCall> by_name(const Recording& recording) {
  std::map<std::string_view, NamedCall> calls;
  for (const RecordedCall& seen : recording.calls) {
    const auto name = arch::name_of(seen.abi, seen.number);
    if (!name) continue;
    NamedCall& call = calls[*name];
    add(call.count, seen.count);
    call.whole = call.whole || (!seen.narrowed && seen.count.beyond > 0);
    call.too_many_values = call.too_many_values || seen.too_many_values;
    for (const auto& [values, count] : seen.values) add(call.values[values], count);
  }
  for (auto& [name, call] : calls) {
    const auto beyond = [](const auto& item) { return item.second.beyond > 0; };
    if (static_cast<size_t>(std::ranges::count_if(call.values, beyond)) > kMaxValues) call.too_many_values = true;
  }
  return calls;
}

/// The narrowed arguments, if they are the same on all ABIs; else none.
std::vector<arch::NarrowedArgument> common_arguments(std::span<const Abi> abis, std::string_view call) {
  auto first = arch::narrowed_arguments(abis.front(), call);
  for (const Abi abi : abis) {
    const auto other = arch::narrowed_arguments(abi, call);
    const bool same =
        std::ranges::equal(first, other, [](const arch::NarrowedArgument& a, const arch::NarrowedArgument& b) {
          return a.argument == b.argument && a.part == b.part;
        });
    if (!same) return {};
  }
  return first;
}

std::string remark_on(std::string_view name, std::span<const Abi> abis,
                      const std::optional<arch::KernelVersion>& newest) {
  if (!newest || abis.empty()) return "";
  for (const Abi abi : abis) {
    const auto introduced = arch::introduced(abi, name);
    if (!introduced || *introduced <= *newest) return "";
  }
  return "newer than Linux " + arch::to_string(*newest);
}

void add_entries(std::string_view name, const NamedCall& call, std::span<const Abi> abis, const std::string& remark,
                 RecordedNames& entries) {
  const std::vector<Abi> own = having(abis, name);
  const auto narrowed = own.empty() ? std::vector<arch::NarrowedArgument>() : common_arguments(own, name);
  const bool by_values = !call.whole && !call.too_many_values && !call.values.empty() && !narrowed.empty();
  if (!by_values) {
    RecordedName entry = {std::string(name), {}, call.count.all, remark, call.count.beyond > 0};
    if (call.too_many_values) {
      entry.remark += (remark.empty() ? "" : ", ") + std::string("more than ") + std::to_string(kMaxValues) +
                      " different arguments";
    }
    entries.push_back(std::move(entry));
    return;
  }
  for (const auto& [values, count] : call.values) {
    entries.push_back(
        {std::string(name), conditions_for(own, name, narrowed, values), count.all, remark, count.beyond > 0});
  }
}

// ---- Comments ----

std::string comment_of(const RecordedName& entry) {
  std::string text = entry.count > 0 ? std::to_string(entry.count) : "";
  if (!entry.remark.empty()) text += (text.empty() ? "" : ", ") + entry.remark;
  return text;
}

/// Reads what comment_of has written; anything else there is a remark.
void read_comment(std::string_view line, RecordedName& entry) {
  const size_t mark = line.find('#');
  if (mark == std::string_view::npos) return;
  std::string_view text = line.substr(mark + 1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), entry.count);
  if (error == std::errc()) text.remove_prefix(static_cast<size_t>(rest - text.data()));
  if (error == std::errc() && text.starts_with(", ")) text.remove_prefix(2);
  entry.remark = text;
}

std::string_view rest_of_line(const SourceText& source, size_t offset) {
  const std::string_view text = source.text();
  return text.substr(offset, std::min(text.find('\n', offset), text.size()) - offset);
}

/// The calls of a set.
std::set<std::string_view> members_of(const RecordedName& entry) {
  if (!entry.name.starts_with('@') || !entry.conditions.empty()) return {};
  const auto members = arch::members_of_set(entry.name);
  if (!members) return {};
  return {members->begin(), members->end()};
}

}  // namespace

RecordedNames entries_of(const Recording& recording, std::span<const Abi> abis,
                         const std::optional<arch::KernelVersion>& newest) {
  RecordedNames entries;
  for (const auto& [name, call] : by_name(recording)) {
    add_entries(name, call, abis, remark_on(name, having(abis, name), newest), entries);
  }
  return entries;
}

std::vector<policy::Condition> no_bits_of(uint8_t argument, std::string_view bits) {
  policy::Condition condition;
  condition.argument = argument;
  condition.operation = Operation::kMaskedEqual;
  condition.mask = value_of(bits).value();
  condition.value = number(0);
  return {condition};
}

std::vector<std::string> nameless_calls(const Recording& recording) {
  std::vector<std::string> texts;
  for (const RecordedCall& call : recording.calls) {
    if (arch::name_of(call.abi, call.number)) continue;
    texts.push_back("number " + std::to_string(call.number) + " of " + std::string(arch::info(call.abi).name));
  }
  for (const ForeignCall& call : recording.foreign) texts.push_back("the ABI " + hex(call.arch));
  if (recording.uncounted > 0) texts.push_back(std::to_string(recording.uncounted) + " calls by other numbers");
  return texts;
}

RecordedNames entries_of(const policy::Group& group, const SourceText& source) {
  RecordedNames entries;
  for (const policy::Name& name : group.names) {
    RecordedName& entry = entries.emplace_back();
    entry.name = name.text;
    read_comment(rest_of_line(source, name.range.offset + size_t{name.range.length}), entry);
  }
  for (const policy::ConditionalName& named : group.names_with_args) {
    RecordedName& entry = entries.emplace_back();
    entry.name = named.name.text;
    entry.conditions = named.conditions;
    if (!named.conditions.empty()) read_comment(rest_of_line(source, named.conditions.back().range.offset), entry);
  }
  return entries;
}

size_t merge(RecordedNames& entries, const RecordedNames& further) {
  size_t added = 0;
  std::set<std::string_view> in_sets;
  for (const RecordedName& entry : entries) in_sets.merge(members_of(entry));
  for (const RecordedName& entry : further) in_sets.merge(members_of(entry));
  for (const RecordedName& entry : further) {
    const std::string key = key_of(entry);
    const auto same =
        std::ranges::find_if(entries, [&](const RecordedName& e) { return e.name == entry.name && key_of(e) == key; });
    if (same != entries.end()) {
      same->count += entry.count;
      continue;
    }
    const auto whole = std::ranges::find_if(
        entries, [&](const RecordedName& e) { return e.conditions.empty() && e.name == entry.name; });
    if (whole != entries.end()) {
      whole->count += entry.count;
      continue;
    }
    if (!entry.needed || in_sets.contains(entry.name)) continue;
    RecordedName fresh = entry;
    if (entry.conditions.empty()) {
      for (const RecordedName& old : entries) fresh.count += old.name == entry.name ? old.count : 0;
      std::erase_if(entries, [&](const RecordedName& old) { return old.name == entry.name; });
    }
    entries.push_back(std::move(fresh));
    ++added;
  }
  // What a set of the further ones has now.
  std::erase_if(entries, [&](const RecordedName& entry) { return in_sets.contains(entry.name); });
  std::ranges::sort(entries, [](const RecordedName& a, const RecordedName& b) {  // By key, which begins with the name.
    return a.name != b.name ? a.name < b.name : key_of(a) < key_of(b);
  });
  return added;
}

policy::Group group_of(const RecordedNames& entries) {
  policy::Group group;
  group.action = policy::Action::kAllow;
  for (const RecordedName& entry : entries) {
    if (entry.conditions.empty()) {
      group.names.push_back({entry.name, {}});
    } else {
      group.names_with_args.push_back({{entry.name, {}}, entry.conditions});
    }
  }
  return group;
}

policy::GroupComments comments_of(const RecordedNames& entries) {
  policy::GroupComments comments;
  for (const RecordedName& entry : entries) {
    (entry.conditions.empty() ? comments.names : comments.names_with_args).push_back(comment_of(entry));
  }
  return comments;
}

}  // namespace sandbox::record
