#include "report/event.h"

#include <array>
#include <cstdio>

namespace sandbox::report {

std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  // Not gmtime_r(3), which reads the local time zone.
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days(day)};
  const std::chrono::hh_mm_ss moment(seconds - day);
  std::array<char, 64> text = {};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(moment.hours().count()), static_cast<int>(moment.minutes().count()),
                static_cast<int>(moment.seconds().count()), static_cast<int>((since_epoch - seconds).count()));
  return text.data();
}

}  // namespace sandbox::report
