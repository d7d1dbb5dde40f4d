// How the kernel writes audit records: what the readers of several kinds of them share.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "report/event.h"

namespace sandbox::report::audit_text {

inline constexpr std::string_view kStart = "audit(";
inline constexpr char kEnriched =
    '\x1d';  ///< auditd puts names behind it, by which it was known what the numbers stand for.

template <typename T>
std::optional<T> number_of(std::string_view text, int base = 10) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "0x7f1b13ed7829".
template <typename T>
std::optional<T> hexadecimal(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  return number_of<T>(text.substr(2), 16);
}

/// Takes what stands before `separator`, and the separator; none if there is no separator.
inline std::optional<std::string_view> take_until(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

/// A string that a user may have chosen: between quotes, or in hexadecimal if it holds a quote, a space, a control
/// character or anything but ASCII (audit_log_untrustedstring in kernel/audit.c).
inline std::optional<std::string> untrusted_string(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
    if (text.find('"') != std::string_view::npos) return std::nullopt;
    return std::string(text);
  }
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += 2) {
    const auto byte = number_of<uint8_t>(text.substr(at, 2), 16);
    if (!byte || *byte == 0) return std::nullopt;  // No string of the kernel's holds a NUL.
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

/// "1795463197.445:4): ", which is taken from the text.
inline bool read_stamp(std::string_view& text, Event& event) {
  const auto seconds_text = take_until(text, '.');
  const auto fraction_text = take_until(text, ':');
  const auto sequence_text = take_until(text, ')');
  if (!seconds_text || !fraction_text || !sequence_text || !text.starts_with(":")) return false;
  text.remove_prefix(1);
  const auto seconds = number_of<uint64_t>(*seconds_text);
  const auto fraction = number_of<uint16_t>(*fraction_text);
  event.sequence = number_of<uint32_t>(*sequence_text);
  using Time = std::chrono::system_clock::time_point;
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Time::max().time_since_epoch()).count();
  if (!seconds || *seconds >= static_cast<uint64_t>(kLast) || !fraction || fraction_text->size() != 3) return false;
  event.time = Time(std::chrono::seconds(*seconds) + std::chrono::milliseconds(*fraction));
  return event.sequence.has_value();
}

}  // namespace sandbox::report::audit_text
