#include "arch/errno_names.h"

#include <iterator>

namespace sandbox::arch {
namespace {

// Defines kColumnOf, kColumns, Row and kRows. The ABIs of a column count alike.
#include "arch/generated/errno.inc"

uint16_t number_in(const Row& row, Abi abi) {
  return row.numbers[kColumnOf[static_cast<size_t>(abi)]];
}

}  // namespace

std::optional<uint16_t> errno_number(Abi abi, std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name != name) continue;
    const uint16_t number = number_in(row, abi);
    return number != 0 ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

std::string errno_name(Abi abi, uint16_t number) {
  for (const Row& row : kRows) {
    if (number != 0 && number_in(row, abi) == number) return std::string(row.name);
  }
  return std::to_string(number);
}

std::vector<std::string_view> errno_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(kRows));
  for (const Row& row : kRows) names.push_back(row.name);
  return names;
}

std::optional<uint16_t> errno_number(std::string_view name) {
  return errno_number(native_abi(), name);
}

std::string errno_name(uint16_t number) {
  return errno_name(native_abi(), number);
}

}  // namespace sandbox::arch
