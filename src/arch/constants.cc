#include "arch/constants.h"

#include <algorithm>
#include <iterator>

namespace sandbox::arch {
namespace {

// Most constants are the same on all ABIs, and those that are not follow a few dozen patterns (mips differs, mips and
// powerpc differ, by word size). So a row says where its one or few values start, and its pattern which of them each
// ABI has. Offsets instead of pointers, because pointers would be relocated at each start.
struct Row {
  uint16_t name;         // Offset into kNames.
  uint8_t pattern;       // Index into kPatterns.
  uint16_t first_value;  // Index into kValues.
};

constexpr uint8_t kNone = 0xff;  // In kPatterns: the ABI does not have the constant.

// Defines kAbiOrder, kPatterns, kValues, kNames and kRows, which is ordered by name.
#include "arch/generated/constants.inc"

constexpr bool in_the_order_of_the_enumeration() {
  for (size_t i = 0; i < std::size(kAbiOrder); ++i) {
    if (static_cast<size_t>(kAbiOrder[i]) != i) return false;
  }
  return std::size(kAbiOrder) == kAbiCount;
}
static_assert(in_the_order_of_the_enumeration());

std::string_view name_in(const Row& row) {
  return &kNames[row.name];
}

const Row* find_row(std::string_view name) {
  const Row* row = std::lower_bound(std::begin(kRows), std::end(kRows), name,
                                    [](const Row& a, std::string_view b) { return name_in(a) < b; });
  return row != std::end(kRows) && name_in(*row) == name ? row : nullptr;
}

std::optional<uint64_t> value_in(const Row& row, Abi abi) {
  const uint8_t slot = kPatterns[row.pattern][static_cast<size_t>(abi)];
  if (slot == kNone) return std::nullopt;
  return kValues[row.first_value + slot];
}

}  // namespace

std::optional<uint64_t> constant(Abi abi, std::string_view name) {
  const Row* row = find_row(name);
  return row != nullptr ? value_in(*row, abi) : std::nullopt;
}

std::vector<Abi> abis_with_constant(std::string_view name) {
  std::vector<Abi> abis;
  const Row* row = find_row(name);
  if (row == nullptr) return abis;
  for (const AbiInfo& abi : all_abis()) {
    if (value_in(*row, abi.abi)) abis.push_back(abi.abi);
  }
  return abis;
}

std::vector<std::string_view> constant_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(kRows));
  for (const Row& row : kRows) names.push_back(name_in(row));
  return names;
}

}  // namespace sandbox::arch
