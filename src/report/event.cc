#include "report/event.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace sandbox::report {

std::optional<arch::Abi> abi_of(uint32_t arch, uint32_t number) {
  constexpr uint32_t kMinusOne = UINT32_MAX;  // It has the x32 bit, and comes from a tracer.
  const arch::AbiInfo& x32 = arch::info(arch::Abi::kX32);
  if (arch == x32.audit_arch && (number & x32.first_number) != 0 && number != kMinusOne) return arch::Abi::kX32;
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    if (abi.audit_arch == arch && abi.abi != arch::Abi::kX32) return abi.abi;
  }
  return std::nullopt;
}

std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto whole = static_cast<time_t>(seconds.count());
  tm parts = {};
  gmtime_r(&whole, &parts);
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>((since_epoch - seconds).count()));
  return text.data();
}

}  // namespace sandbox::report
