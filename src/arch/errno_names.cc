#include "arch/errno_names.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace sandbox::arch {
namespace {

// glibc knows one name a number; these are the others.
constexpr std::pair<std::string_view, uint16_t> kAliases[] = {
    {"EWOULDBLOCK", EWOULDBLOCK}, {"EDEADLOCK", EDEADLOCK}, {"ENOTSUP", ENOTSUP}, {"EOPNOTSUPP", EOPNOTSUPP}};

constexpr uint16_t kLastNamed = 256;

}  // namespace

std::optional<uint16_t> errno_number(std::string_view name) {
  for (uint16_t number = 1; number <= kLastNamed; ++number) {
    const char* known = strerrorname_np(number);
    if (known != nullptr && known == name) return number;
  }
  for (const auto& [alias, number] : kAliases) {
    if (alias == name) return number;
  }
  return std::nullopt;
}

std::string errno_name(uint16_t number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? name : std::to_string(number);
}

std::vector<std::string_view> errno_names() {
  std::vector<std::string_view> names;
  for (uint16_t number = 1; number <= kLastNamed; ++number) {
    if (const char* name = strerrorname_np(number)) names.emplace_back(name);
  }
  return names;
}

}  // namespace sandbox::arch
