#include "arch/call_versions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <span>
#include <system_error>

#include "arch/abi_set.h"
#include "arch/newer_calls.h"
#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

/// The calls that a release brought, separated by single spaces.
struct Release {
  KernelVersion version;
  std::string_view calls;
};

/// The calls that a release brought to some ABIs which other ABIs had before.
struct LaterRelease {
  KernelVersion version;
  AbiSet abis;
  std::string_view calls;
};

#include "arch/call_versions.inc"

constexpr std::string_view take_word(std::string_view& words) {
  const size_t end = words.find(' ');
  const std::string_view word = words.substr(0, end);
  words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  return word;
}

// The tables by name. Made by the compiler, for they are read at a launch.

/// What one of the tables says of a call.
struct ReleaseRow {
  enum class Source : uint8_t { kInNewerCalls, kInLater, kInFirst };  ///< In the order in which they count.

  std::string_view name;
  Source source = Source::kInFirst;
  AbiSet abis;
  KernelVersion version;
};

template <typename Releases>
constexpr size_t count_calls(const Releases& releases) {
  size_t count = 0;
  for (const auto& release : releases) count += 1 + static_cast<size_t>(std::ranges::count(release.calls, ' '));
  return count;
}

constexpr auto sorted_rows() {
  std::array<ReleaseRow, std::size(kNewerCalls) + count_calls(kLater) + count_calls(kFirst)> rows{};
  size_t next = 0;
  for (const NewerCall& call : kNewerCalls)
    rows[next++] = {call.name, ReleaseRow::Source::kInNewerCalls, call.abis, call.since};
  for (const LaterRelease& release : kLater) {
    for (std::string_view calls = release.calls; !calls.empty();) {
      rows[next++] = {take_word(calls), ReleaseRow::Source::kInLater, release.abis, release.version};
    }
  }
  for (const Release& release : kFirst) {
    for (std::string_view calls = release.calls; !calls.empty();) {
      rows[next++] = {take_word(calls), ReleaseRow::Source::kInFirst, every_abi(), release.version};
    }
  }
  std::ranges::sort(rows, [](const ReleaseRow& a, const ReleaseRow& b) {
    return a.name != b.name ? a.name < b.name : a.source < b.source;
  });
  return rows;
}

constexpr auto kRows = sorted_rows();

constexpr bool are_both_first(const ReleaseRow& a, const ReleaseRow& b) {
  return a.name == b.name && a.source == ReleaseRow::Source::kInFirst && b.source == ReleaseRow::Source::kInFirst;
}
static_assert(std::ranges::adjacent_find(kRows, are_both_first) == kRows.end(), "a call stands twice");

/// The rows of one name.
using RowsOfName = std::span<const ReleaseRow>;

RowsOfName rows_of(std::string_view name) {
  // Not equal_range(), which clang 14 cannot compile.
  const auto first = std::ranges::lower_bound(kRows, name, {}, &ReleaseRow::name);
  return {first, std::ranges::upper_bound(kRows, name, {}, &ReleaseRow::name)};
}

/// The release in which the kernel began to run programs of this ABI.
KernelVersion first_release(Abi abi) {
  switch (abi) {
    case Abi::kX86:
      return {1, 0};
    case Abi::kMips:
    case Abi::kMipsel:
    case Abi::kPpc:
      return {2, 0};
    case Abi::kS390:
      return {2, 2};
    case Abi::kMips64:
    case Abi::kMipsel64:
    case Abi::kParisc:
    case Abi::kParisc64:
    case Abi::kPpc64:
    case Abi::kS390x:
      return {2, 4};
    case Abi::kX86_64:
    case Abi::kArm:  // The EABI; the old ABI has other tables.
    case Abi::kMips64n32:
    case Abi::kMipsel64n32:
      return {2, 6};
    case Abi::kX32:
      return {3, 4};
    case Abi::kAarch64:
      return {3, 7};
    case Abi::kPpc64le:
      return {3, 13};
    case Abi::kRiscv64:
      return {4, 15};
  }
  return {};
}

/// The first release that had the call, on whichever ABI.
std::optional<KernelVersion> first_in(RowsOfName rows) {
  if (!rows.empty() && rows.back().source == ReleaseRow::Source::kInFirst) return rows.back().version;
  std::optional<KernelVersion> first;
  for (const ReleaseRow& row : rows) {
    if (row.source == ReleaseRow::Source::kInNewerCalls && (!first || row.version < *first)) first = row.version;
  }
  return first;
}

/// The release that brought the call to an ABI that has it.
std::optional<KernelVersion> introduced_in(RowsOfName rows, Abi abi) {
  const auto own = std::ranges::find_if(rows, [&](const ReleaseRow& row) { return row.abis.contains(abi); });
  const std::optional<KernelVersion> version = own != rows.end() ? own->version : first_in(rows);
  if (!version) return std::nullopt;
  return std::max(*version, first_release(abi));
}

/// Takes the digits at the front of `text`; none if there are none, or too many, or a needless zero.
std::optional<uint16_t> take_number(std::string_view& text) {
  uint16_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || (text[0] == '0' && rest != text.data() + 1)) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  return value;
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

/// Whether `text` can follow the numbers of a release: "-18-amd64", "+", "_custom".
bool is_suffix(std::string_view text) {
  if (text.empty()) return true;
  constexpr std::string_view kStarts = "-+_~";
  constexpr std::string_view kAllowed = "-+_~.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return kStarts.find(text[0]) != kStarts.npos && text.find_first_not_of(kAllowed) == text.npos;
}

}  // namespace

std::optional<KernelVersion> introduced(Abi abi, std::string_view name) {
  if (!number_of(abi, name)) return std::nullopt;
  return introduced_in(rows_of(name), abi);
}

namespace {

std::vector<DatedCall> date_calls(Abi abi) {
  std::vector<std::optional<KernelVersion>> versions(call_count());
  auto row = kRows.begin();  // Both are sorted by name.
  for (size_t index = 0; index < call_count(); ++index) {
    const auto call = static_cast<CallId>(index);
    while (row != kRows.end() && row->name < name_of(call)) ++row;
    const auto first = row;
    while (row != kRows.end() && row->name == name_of(call)) ++row;
    if (number_of(abi, call)) versions[index] = introduced_in({first, row}, abi);
  }
  std::vector<DatedCall> calls;
  for (const CallId call : calls_by_number(abi)) {
    calls.push_back({*number_of(abi, call), versions[static_cast<size_t>(call)]});
  }
  return calls;
}

}  // namespace

const std::vector<DatedCall>& dated_calls(Abi abi) {
  static std::array<std::once_flag, kAbiCount> made;
  static std::array<std::vector<DatedCall>, kAbiCount> calls;
  const auto index = static_cast<size_t>(abi);
  std::call_once(made.at(index), [&] { calls.at(index) = date_calls(abi); });
  return calls.at(index);
}

std::optional<KernelVersion> first_introduced(std::string_view name) {
  return first_in(rows_of(name));
}

KernelVersion newest_release() {
  return std::ranges::max(kNewerCalls, {}, &NewerCall::since).since;
}

std::optional<KernelVersion> parse_kernel_version(std::string_view text) {
  const std::optional<uint16_t> major = take_number(text);
  if (!major || !take_dot(text)) return std::nullopt;
  const std::optional<uint16_t> minor = take_number(text);
  if (!minor) return std::nullopt;
  while (take_dot(text)) {
    if (!take_number(text)) return std::nullopt;
  }
  if (!is_suffix(text)) return std::nullopt;
  return KernelVersion{*major, *minor};
}

std::string to_string(KernelVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

}  // namespace sandbox::arch
