#include "random_policy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cinttypes>
#include <cstdio>
#include <set>
#include <utility>

#include "arch/argument_widths.h"
#include "arch/errno_names.h"
#include "arch/syscalls.h"
#include "policy/policy.h"

namespace sandbox::differential {
namespace {

using policy::Action;
using policy::Operation;

struct DrawnCondition {
  unsigned argument = 0;
  Operation operation = Operation::kEqual;
  bool wide = false;  ///< `width: 64`.
  uint64_t value = 0;
  uint64_t mask = 0;
  unsigned bits = 64;  ///< As many as are compared.
};

struct DrawnEntry {
  std::string name;
  std::vector<DrawnCondition> conditions;
};

struct DrawnGroup {
  Action action = Action::kAllow;
  uint16_t errno_number = 0;  ///< 0: not written.
  std::vector<std::string> names;
  std::vector<DrawnEntry> entries;
};

struct DrawnPolicy {
  Action default_action = Action::kAllow;
  uint16_t default_errno = 0;
  std::vector<DrawnGroup> groups;
};

// ---- What the policy says.

class Drawer {
 public:
  Drawer(const PolicyKind& kind, Random& random) : kind_(kind), random_(random) {}

  DrawnPolicy draw();

 private:
  std::vector<std::string> draw_names();
  void fill(std::vector<DrawnGroup>& groups, const std::vector<std::string>& names);
  void add_call(DrawnGroup& group, const std::string& name);
  std::vector<DrawnCondition> draw_conditions(const std::string& call, size_t arguments);
  DrawnCondition draw_condition(const std::string& call, unsigned argument);
  Action draw_action() { return static_cast<Action>(random_.below(policy::kActionNames.size())); }
  uint16_t draw_errno(Action action);

  const PolicyKind& kind_;
  Random& random_;
  size_t conditional_one_in_ = 1;
};

uint16_t Drawer::draw_errno(Action action) {
  if (action != Action::kErrno || random_.one_in(3)) return 0;
  return static_cast<uint16_t>(random_.one_in(2) ? random_.between(1, 40) : random_.between(1, arch::kMaxErrno));
}

/// A sparse set, or a dense one: a stretch of neighbouring numbers. From one name to all.
std::vector<std::string> Drawer::draw_names() {
  std::vector<std::pair<uint32_t, std::string>> table;
  for (const std::string_view name : arch::names_on(kind_.abi)) {
    table.emplace_back(*arch::number_of(kind_.abi, name), name);
  }
  std::sort(table.begin(), table.end());
  if (random_.one_in(2)) std::shuffle(table.begin(), table.end(), std::mt19937_64(random_.bits()));

  const std::array<size_t, 5> limits = {1, 4, 20, 100, 400};
  const size_t count = std::min(random_.between(1, limits[random_.below(limits.size())]), table.size());
  const size_t first = random_.below(table.size() - count + 1);
  std::vector<std::string> names = kind_.favourites;
  for (size_t i = first; i < first + count; ++i) {
    if (std::find(names.begin(), names.end(), table[i].second) == names.end()) names.push_back(table[i].second);
  }
  std::shuffle(names.begin(), names.end(), std::mt19937_64(random_.bits()));
  return names;
}

/// How many arguments a condition may speak of.
size_t argument_count(arch::Abi abi, const std::string& call) {
  const auto known = arch::arguments_of(abi, call);
  return known ? known->size() : arch::Arguments::kMaxCount;
}

DrawnCondition Drawer::draw_condition(const std::string& call, unsigned argument) {
  DrawnCondition condition;
  condition.argument = argument;
  condition.wide = kind_.order_free || random_.one_in(3);
  condition.bits = arch::info(kind_.abi).register_bits;
  if (!condition.wide) condition.bits = arch::argument_width(kind_.abi, call, argument);
  condition.operation = static_cast<Operation>(random_.below(policy::kOperationNames.size()));
  condition.value = interesting_value(random_, condition.bits);
  if (condition.operation == Operation::kMaskedEqual) {
    condition.mask = interesting_value(random_, condition.bits);
    if (kind_.order_free || !random_.one_in(8)) condition.value &= condition.mask;  // Else it never holds.
  }
  if (kind_.order_free && condition.operation == Operation::kBitsSet) {
    condition.value = uint64_t{1} << random_.below(condition.bits);
  }
  return condition;
}

std::vector<DrawnCondition> Drawer::draw_conditions(const std::string& call, size_t arguments) {
  std::vector<DrawnCondition> conditions;
  const size_t count = random_.one_in(2) ? 1 : random_.between(1, 6);
  std::set<unsigned> used;
  const unsigned favourite = static_cast<unsigned>(random_.below(arguments));
  for (size_t i = 0; i < count; ++i) {
    // Often the same argument again: a range, a contradiction, a set of bits in parts.
    const unsigned argument = random_.one_in(2) ? favourite : static_cast<unsigned>(random_.below(arguments));
    if (kind_.order_free && !used.insert(argument).second) continue;
    conditions.push_back(draw_condition(call, argument));
  }
  return conditions;
}

void Drawer::add_call(DrawnGroup& group, const std::string& name) {
  const size_t arguments = argument_count(kind_.abi, name);
  if (arguments == 0 || !random_.one_in(conditional_one_in_)) {
    group.names.push_back(name);
    // Twice in one list is a warning, no error.
    if (random_.one_in(100)) group.names.push_back(name);
    return;
  }
  const size_t entries = kind_.many_conditions ? random_.between(1, 40) : random_.between(1, 4);
  for (size_t i = 0; i < entries; ++i) group.entries.push_back({name, draw_conditions(name, arguments)});
  if (!kind_.order_free || entries == 1) return;
  for (size_t i = group.entries.size() - entries; i < group.entries.size(); ++i) {
    DrawnCondition& only = group.entries[i].conditions.front();
    only.argument = group.entries.back().conditions.front().argument;
    only.operation = Operation::kEqual;
    group.entries[i].conditions.resize(1);
  }
}

void Drawer::fill(std::vector<DrawnGroup>& groups, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    // In several groups: the first that matches decides. Not twice in one: that is an error.
    const size_t times = kind_.order_free || !random_.one_in(4) ? 1 : random_.between(1, groups.size());
    std::set<size_t> places;
    while (places.size() < times) places.insert(random_.below(groups.size()));
    for (const size_t place : places) add_call(groups[place], name);
  }
  for (DrawnGroup& group : groups) {
    std::shuffle(group.entries.begin(), group.entries.end(), std::mt19937_64(random_.bits()));
  }
}

DrawnPolicy Drawer::draw() {
  DrawnPolicy policy;
  policy.default_action = draw_action();
  policy.default_errno = draw_errno(policy.default_action);
  policy.groups.resize(random_.between(1, random_.one_in(2) ? 3 : 12));
  for (DrawnGroup& group : policy.groups) {
    group.action = draw_action();
    group.errno_number = draw_errno(group.action);
  }
  std::vector<std::string> names = draw_names();
  if (kind_.many_conditions && names.size() > 20) names.resize(20);
  const std::array<size_t, 4> conditional = {1, 2, 10, 1000};
  conditional_one_in_ = kind_.many_conditions ? 1 : conditional[random_.below(conditional.size())];
  if (names.size() > 100 && conditional_one_in_ < 10) conditional_one_in_ = 10;  // Not beyond 4096 instructions.
  fill(policy.groups, names);
  std::erase_if(policy.groups, [](const DrawnGroup& group) { return group.names.empty() && group.entries.empty(); });
  return policy;
}

// ---- How it is written.

class Writer {
 public:
  explicit Writer(Random& random) : random_(random) {}

  std::string write(const DrawnPolicy& policy);

 private:
  void write_group(const DrawnGroup& group);
  void write_names(const std::vector<std::string>& names);
  void write_entry(const DrawnEntry& entry);
  std::string condition(const DrawnCondition& condition);
  std::string errno_text(uint16_t number);
  std::string integer(uint64_t value, unsigned bits);
  std::string any_case(std::string_view name);
  void line(const std::string& text) { text_ += indent_ + text + (random_.one_in(40) ? "  # remark\n" : "\n"); }

  Random& random_;
  std::string text_;
  std::string indent_;
};

std::string Writer::any_case(std::string_view name) {
  std::string text(name);
  if (!random_.one_in(4)) return text;
  for (char& c : text) c = static_cast<char>(random_.one_in(2) ? std::toupper(c) : std::tolower(c));
  return text;
}

std::string Writer::integer(uint64_t value, unsigned bits) {
  std::array<char, 32> text = {};
  const uint64_t sign = uint64_t{1} << (bits - 1);
  if (value >= sign && random_.one_in(3)) {
    const uint64_t magnitude = bits == 64 ? -value : (uint64_t{1} << bits) - value;
    std::snprintf(text.data(), text.size(), "-%" PRIu64, magnitude);
    return text.data();
  }
  constexpr std::array<const char*, 4> kFormats = {"%" PRIu64, "0x%" PRIx64, "0X%" PRIX64, "0o%" PRIo64};
  std::snprintf(text.data(), text.size(), kFormats[random_.below(kFormats.size())], value);
  return text.data();
}

std::string Writer::errno_text(uint16_t number) {
  return random_.one_in(2) ? arch::errno_name(number) : std::to_string(number);
}

std::string Writer::condition(const DrawnCondition& condition) {
  std::string text = "operation: " + any_case(policy::name_of(condition.operation));
  // Argument and value are 0 when they are left out.
  if (condition.argument != 0 || random_.one_in(2)) {
    text += (random_.one_in(4) ? ", position: " : ", argument: ") + std::to_string(condition.argument);
  }
  if (condition.value != 0 || random_.one_in(2)) text += ", value: " + integer(condition.value, condition.bits);
  if (condition.operation == Operation::kMaskedEqual) text += ", mask: " + integer(condition.mask, condition.bits);
  if (condition.wide) text += ", width: 64";
  return "{" + text + "}";
}

void Writer::write_names(const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (random_.one_in(2)) {
    line("  names:");
    for (const std::string& name : names) line("  - " + name);
    return;
  }
  std::string list = "  names: [";
  for (const std::string& name : names) list += (list.back() == '[' ? "" : ", ") + name;
  line(list + "]");
}

void Writer::write_entry(const DrawnEntry& entry) {
  const bool quoted_name = random_.one_in(4);
  line("  - name: " + (quoted_name ? "'" + entry.name + "'" : entry.name));
  if (random_.one_in(2)) {
    line("    arguments:");
    for (const DrawnCondition& each : entry.conditions) line("    - " + condition(each));
    return;
  }
  std::string list = "    arguments: [";
  for (const DrawnCondition& each : entry.conditions) list += (list.back() == '[' ? "" : ", ") + condition(each);
  line(list + "]");
}

void Writer::write_group(const DrawnGroup& group) {
  const bool names_first = random_.one_in(2);
  line("- action: " + any_case(policy::name_of(group.action)));
  if (group.errno_number != 0) line("  errno: " + errno_text(group.errno_number));
  if (names_first) write_names(group.names);
  if (!group.entries.empty()) {
    line("  names_with_args:");
    for (const DrawnEntry& entry : group.entries) write_entry(entry);
  }
  if (!names_first) write_names(group.names);
}

std::string Writer::write(const DrawnPolicy& policy) {
  const bool dotted = random_.one_in(4);
  const std::string prefix = dotted ? "seccomp." : "  ";
  if (random_.one_in(4)) text_ += "packetbeat:\n  interfaces: [eth0]\n";
  if (!dotted) text_ += "seccomp:\n";
  text_ += prefix + "default_action: " + any_case(policy::name_of(policy.default_action)) + "\n";
  if (policy.default_errno != 0) text_ += prefix + "default_errno: " + errno_text(policy.default_errno) + "\n";
  text_ += prefix + "syscalls:\n";
  indent_ = dotted ? "" : "  ";
  for (const DrawnGroup& group : policy.groups) write_group(group);
  if (random_.one_in(4)) text_ += "output.console: {pretty: true}\n";
  return text_;
}

}  // namespace

uint64_t interesting_value(Random& random, unsigned bits) {
  constexpr std::array<unsigned, 12> kPowers = {0, 1, 7, 8, 15, 16, 30, 31, 32, 33, 62, 63};
  const uint64_t maximum = UINT64_MAX >> (64U - bits);
  uint64_t value = 0;
  switch (random.below(6)) {
    case 0:
      value = random.below(5);
      break;
    case 1:  // Around a power of two, 2^64 among them.
      value = (uint64_t{1} << kPowers[random.below(kPowers.size())]) + random.below(5) - 2;
      break;
    case 2:
      value = UINT64_MAX - random.below(3);
      break;
    case 3:  // Only one half.
      value = random.one_in(2) ? random.bits() << 32U : random.bits() >> 32U;
      break;
    case 4:  // The same in both halves, nearly.
      value = (random.bits() >> 32U) * 0x100000001 + random.below(3);
      break;
    default:
      value = random.bits();
      break;
  }
  return value & maximum;
}

std::string random_policy(const PolicyKind& kind, Random& random) {
  const DrawnPolicy policy = Drawer(kind, random).draw();
  return Writer(random).write(policy);
}

}  // namespace sandbox::differential
