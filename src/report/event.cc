#include "report/event.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace sandbox::report {

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
