#include "sandbox-policy/commands/difference_lists.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "arch/syscalls.h"
#include "base/text.h"
#include "resolve/evaluate.h"
#include "sandbox-policy/describe.h"

namespace sandbox::tool {
namespace {

constexpr size_t kMaxNames = 6;  // In a line; of more calls there is the count.

bool holds_arch(const bpf::CallSet& calls, uint32_t audit_arch) {
  return std::any_of(calls.archs.begin(), calls.archs.end(),
                     [&](bpf::Interval i) { return i.first <= audit_arch && audit_arch <= i.last; });
}

Cell verdict_cell(uint32_t value, arch::Abi abi) {
  return {return_text(value, abi), colour_of(resolve::verdict_of(value).action)};
}

std::string witness_text(const bpf::SystemCall& witness, arch::Abi abi) {
  std::string text = "e.g. " + call_with_arguments(witness, abi);
  if (witness.instruction_pointer != 0) text += " at " + number_text(witness.instruction_pointer);
  return text;
}

void add_to_group(const bpf::Difference& difference, const std::string& heading, arch::Abi abi,
                  DifferenceLists& lists) {
  const Cell left = verdict_cell(difference.left, abi);
  const Cell right = verdict_cell(difference.right, abi);
  auto group = std::find_if(lists.groups.begin(), lists.groups.end(), [&](const AnswerGroup& g) {
    return g.heading == heading && g.left.text == left.text && g.right.text == right.text;
  });
  if (group == lists.groups.end()) {
    lists.groups.push_back({heading, left, right, direction_of(difference), {}, 0});
    group = std::prev(lists.groups.end());
  }
  const bpf::Interval numbers = difference.calls.numbers;
  const std::vector<std::string> names = names_in(numbers, abi);
  group->names.insert(group->names.end(), names.begin(), names.end());
  group->nameless += uint64_t{numbers.last} - numbers.first + 1 - names.size();
}

}  // namespace

Direction direction_of(const bpf::Difference& difference) {
  const policy::Action left = resolve::verdict_of(difference.left).action;
  const policy::Action right = resolve::verdict_of(difference.right).action;
  if (left == right || (policy::is_allowed(left) && policy::is_allowed(right))) return Direction::kOther;
  return right > left ? Direction::kLooser : Direction::kStricter;
}

std::string_view word_of(Direction direction) {
  constexpr std::string_view kWords[] = {"looser", "stricter", "other"};
  return kWords[static_cast<size_t>(direction)];
}

std::vector<std::string> names_in(bpf::Interval numbers, arch::Abi abi) {
  std::vector<std::pair<uint32_t, std::string>> calls;
  for (const std::string_view name : arch::names_on(abi)) {
    const uint32_t number = *arch::number_of(abi, name);
    if (numbers.first <= number && number <= numbers.last) calls.emplace_back(number, name);
  }
  std::sort(calls.begin(), calls.end());
  std::vector<std::string> names;
  names.reserve(calls.size());
  for (auto& [number, name] : calls) names.push_back(std::move(name));
  return names;
}

std::string calls_text(bpf::Interval numbers, std::optional<arch::Abi> abi) {
  if (numbers.first == 0 && numbers.last == UINT32_MAX) return "every call";
  const auto number = [](uint32_t n) { return n < 100000 ? std::to_string(n) : number_text(n); };
  const std::string range = number(numbers.first) + " to " + number(numbers.last);
  if (numbers.first == numbers.last) return call_text(abi.value_or(arch::native_abi()), numbers.first);
  if (!abi) return "numbers " + range;
  const std::vector<std::string> names = names_in(numbers, *abi);
  if (names.empty()) return "numbers " + range;
  if (names.size() > kMaxNames) {
    return std::to_string(names.size()) + " calls from " + names.front() + " to " + names.back() + " (" + range + ")";
  }
  return join(names, ", ") + (names.size() == uint64_t{numbers.last} - numbers.first + 1 ? "" : " (" + range + ")");
}

std::vector<std::string> abis_of(const bpf::CallSet& calls, const std::vector<arch::Abi>& named) {
  std::vector<std::string> names;
  for (const arch::Abi abi : named) {
    const arch::AbiInfo& info = arch::info(abi);
    const bool own = arch::abi_of(info.audit_arch, calls.numbers.first) == abi;
    if (own && holds_arch(calls, info.audit_arch)) names.emplace_back(info.name);
  }
  return names;
}

std::string heading_of(const bpf::CallSet& calls, const std::vector<arch::Abi>& named) {
  const std::vector<std::string> names = abis_of(calls, named);
  return names.empty() ? "other ABIs" : join(names, ", ");
}

DifferenceLists lists_of(std::span<const bpf::Difference> differences, const std::vector<arch::Abi>& named,
                         arch::Abi machine) {
  DifferenceLists lists;
  for (const bpf::Difference& difference : differences) {
    const arch::Abi abi = arch::abi_of(difference.witness.arch, difference.calls.numbers.first).value_or(machine);
    const std::string heading = heading_of(difference.calls, named);
    if (std::find(lists.headings.begin(), lists.headings.end(), heading) == lists.headings.end()) {
      lists.headings.push_back(heading);
    }
    if (!difference.depends_on_arguments) {
      add_to_group(difference, heading, abi, lists);
      continue;
    }
    lists.conditional.push_back({heading,
                                 {calls_text(difference.calls.numbers, abi),
                                  verdict_cell(difference.left, abi),
                                  "/",
                                  verdict_cell(difference.right, abi),
                                  std::string(word_of(direction_of(difference))),
                                  {witness_text(difference.witness, abi), Colour::kDim}}});
  }
  return lists;
}

void restrict_to(arch::Abi abi, bpf::Comparison& result) {
  const auto outside = [&](const bpf::CallSet& calls) {
    if (!holds_arch(calls, arch::info(abi).audit_arch)) return true;
    const uint32_t x32_first = arch::info(arch::Abi::kX32).first_number;
    if (abi == arch::Abi::kX32) return calls.numbers.last < x32_first;
    return abi == arch::Abi::kX86_64 && calls.numbers.first >= x32_first;
  };
  std::erase_if(result.differences, [&](const bpf::Difference& d) { return outside(d.calls); });
  std::erase_if(result.undecided, [&](const bpf::Undecided& u) { return outside(u.calls); });
}

}  // namespace sandbox::tool
