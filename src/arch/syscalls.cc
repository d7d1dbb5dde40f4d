#include "arch/syscalls.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace sandbox::arch {
namespace {

/// One call: its name, and its number on each ABI or -1.
struct Row {
  std::string_view name;
  std::array<int32_t, kAbiCount> numbers;
};

// Defines kRows, sorted by name, and kSource.
#include "syscall_table.inc"

// One call of arm's with two names, of which libseccomp's releases know the one or the other.
constexpr std::pair<std::string_view, std::string_view> kArmSynonyms[] = {{"sync_file_range2", "arm_sync_file_range"},
                                                                          {"arm_sync_file_range", "sync_file_range2"}};

/// The first eight letters of a name as a number, which is less where the letters come earlier.
constexpr uint64_t prefix_of(std::string_view name) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < sizeof prefix; ++i)
    prefix = prefix << 8U | (i < name.size() ? static_cast<uint8_t>(name[i]) : 0U);
  return prefix;
}

/// By row. A policy of some hundred names is looked up at every launch, and comparing text is most of the work.
constexpr auto kPrefixes = [] {
  std::array<uint64_t, std::size(kRows)> prefixes = {};
  for (size_t row = 0; row < prefixes.size(); ++row) prefixes[row] = prefix_of(kRows[row].name);
  return prefixes;
}();

int32_t number_in(const Row& row, Abi abi) {
  return row.numbers[static_cast<size_t>(abi)];
}

}  // namespace

size_t call_count() {
  return std::size(kRows);
}

std::optional<CallId> find_call(std::string_view name) {
  const uint64_t prefix = prefix_of(name);
  size_t row = static_cast<size_t>(std::lower_bound(kPrefixes.begin(), kPrefixes.end(), prefix) - kPrefixes.begin());
  while (row < kPrefixes.size() && kPrefixes[row] == prefix && kRows[row].name < name) ++row;
  if (row == kPrefixes.size() || kRows[row].name != name) return std::nullopt;
  return static_cast<CallId>(row);
}

std::optional<uint32_t> number_of(Abi abi, CallId call) {
  const Row& row = kRows[static_cast<size_t>(call)];
  if (number_in(row, abi) >= 0) return static_cast<uint32_t>(number_in(row, abi));
  if (abi != Abi::kArm) return std::nullopt;
  for (const auto& [one, other] : kArmSynonyms) {
    const std::optional<CallId> synonym = one == row.name ? find_call(other) : std::nullopt;
    if (!synonym) continue;
    const int32_t number = number_in(kRows[static_cast<size_t>(*synonym)], abi);
    if (number >= 0) return static_cast<uint32_t>(number);
  }
  return std::nullopt;
}

std::optional<uint32_t> number_of(Abi abi, std::string_view name) {
  if (const std::optional<CallId> call = find_call(name)) return number_of(abi, *call);
  return std::nullopt;
}

std::optional<std::string_view> name_of(Abi abi, uint32_t number) {
  if (number > INT32_MAX) return std::nullopt;
  for (const Row& row : kRows) {
    if (number_in(row, abi) == static_cast<int32_t>(number)) return row.name;
  }
  return std::nullopt;
}

std::vector<Abi> abis_with(std::string_view name) {
  std::vector<Abi> abis;
  for (const AbiInfo& abi : all_abis()) {
    if (number_of(abi.abi, name)) abis.push_back(abi.abi);
  }
  return abis;
}

std::vector<std::string_view> names_on(Abi abi) {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) {
    if (number_in(row, abi) >= 0) names.push_back(row.name);
  }
  return names;
}

std::string_view table_source() {
  return kSource;
}

}  // namespace sandbox::arch
