#include "arch/syscalls.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <span>
#include <type_traits>
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

/// Eight letters as a number, in whichever order the machine has bytes; only equality counts.
uint64_t eight_letters(const char* letters) {
  uint64_t word = 0;
  std::memcpy(&word, letters, sizeof word);
  return word;
}

constexpr uint64_t eight_letters_slowly(const char* letters) {
  uint64_t word = 0;
  for (size_t i = 0; i < sizeof word; ++i) {
    const size_t shift = std::endian::native == std::endian::little ? i : sizeof word - 1 - i;
    word |= uint64_t{static_cast<uint8_t>(letters[i])} << (8 * shift);
  }
  return word;
}

/// By the first and the last eight letters of a name, which may overlap; of a short one by all.
constexpr size_t hash_of(std::string_view name) {
  uint64_t first = 0;
  uint64_t last = 0;
  if (name.size() >= sizeof first) {
    const char* const end = name.data() + name.size() - sizeof last;
    first = std::is_constant_evaluated() ? eight_letters_slowly(name.data()) : eight_letters(name.data());
    last = std::is_constant_evaluated() ? eight_letters_slowly(end) : eight_letters(end);
  } else {
    for (const char c : name) first = first << 8U | static_cast<uint8_t>(c);
  }
  const uint64_t mixed = (first ^ (last << 23U | last >> 41U)) * 0x9e3779b97f4a7c15;
  return static_cast<size_t>(mixed >> 32U);
}

constexpr uint16_t kNoRow = UINT16_MAX;
constexpr size_t kSlots = std::bit_ceil(2 * std::size(kRows));

/// Rows by hash_of(), with open addressing. A policy of some hundred names is looked up at every launch.
constexpr auto kIndex = [] {
  std::array<uint16_t, kSlots> index = {};
  index.fill(kNoRow);
  for (size_t row = 0; row < std::size(kRows); ++row) {
    size_t slot = hash_of(kRows[row].name) % kSlots;
    while (index[slot] != kNoRow) slot = (slot + 1) % kSlots;
    index[slot] = static_cast<uint16_t>(row);
  }
  return index;
}();

/// The rows of an ABI's calls, sorted by their numbers.
struct RowsByNumber {
  std::array<CallId, std::size(kRows)> rows = {};
  size_t count = 0;
};

constexpr RowsByNumber rows_by_number(size_t abi) {
  // Of names that share a number the first is found, as the rows are sorted by name.
  std::array<uint64_t, std::size(kRows)> keys = {};
  RowsByNumber own;
  for (size_t row = 0; row < std::size(kRows); ++row) {
    const int32_t number = kRows[row].numbers[abi];
    if (number >= 0) keys[own.count++] = uint64_t{static_cast<uint32_t>(number)} << 16U | row;
  }
  std::sort(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(own.count));
  for (size_t i = 0; i < own.count; ++i) own.rows[i] = static_cast<CallId>(keys[i] & 0xFFFF);
  return own;
}

// One by one, as a compiler gives up on a constant that takes too many steps.
template <size_t abi>
constexpr RowsByNumber kRowsOf = rows_by_number(abi);

constexpr auto kByNumber = []<size_t... abis>(std::index_sequence<abis...>) {
  return std::array<RowsByNumber, kAbiCount>{kRowsOf<abis>...};
}
(std::make_index_sequence<kAbiCount>());

int32_t number_in(const Row& row, Abi abi) {
  return row.numbers[static_cast<size_t>(abi)];
}

}  // namespace

size_t call_count() {
  return std::size(kRows);
}

std::optional<CallId> find_call(std::string_view name) {
  for (size_t slot = hash_of(name) % kSlots; kIndex[slot] != kNoRow; slot = (slot + 1) % kSlots) {
    if (kRows[kIndex[slot]].name == name) return static_cast<CallId>(kIndex[slot]);
  }
  return std::nullopt;
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
  const std::span<const CallId> calls = calls_by_number(abi);
  const auto own_number = [&](CallId call) { return number_in(kRows[static_cast<size_t>(call)], abi); };
  const auto call = std::ranges::lower_bound(calls, static_cast<int32_t>(number), {}, own_number);
  if (call == calls.end() || own_number(*call) != static_cast<int32_t>(number)) return std::nullopt;
  return name_of(*call);
}

std::vector<Abi> abis_with(std::string_view name) {
  std::vector<Abi> abis;
  for (const AbiInfo& abi : all_abis()) {
    if (number_of(abi.abi, name)) abis.push_back(abi.abi);
  }
  return abis;
}

std::string_view name_of(CallId call) {
  return kRows[static_cast<size_t>(call)].name;
}

std::span<const CallId> calls_by_number(Abi abi) {
  const RowsByNumber& own = kByNumber[static_cast<size_t>(abi)];
  return {own.rows.begin(), own.count};
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
