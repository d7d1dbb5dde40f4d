#include "report/caller_memory.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "base/diagnostic.h"
#include "base/text.h"
#include "base/utf8.h"

namespace sandbox::report {
namespace {

using arch::ArgumentKind;

constexpr size_t kMaxStrings = 8;          // In an argv.
constexpr size_t kMaxAddressLength = 128;  // sizeof(struct sockaddr_storage).
constexpr size_t kPathOffset = 2;          // Offset of sun_path in struct sockaddr_un.

/// The text between double quotes, and "..." behind them if it goes on.
std::string quoted_text(std::string_view text, bool more) {
  // A character that the limit has cut is left to the dots.
  if (more) {
    size_t lead = text.size();
    while (lead > 0 && text.size() - lead < 4 && (static_cast<unsigned char>(text[lead - 1]) & 0xC0U) == 0x80) --lead;
    if (lead > 0 && static_cast<unsigned char>(text[lead - 1]) >= 0xC0 && decode_utf8(text, lead - 1).length == 0) {
      text = text.substr(0, lead - 1);
    }
  }
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return '"' + printable(escaped, SIZE_MAX) + (more ? "\"..." : "\"");
}

uint64_t number_of(std::string_view bytes, bpf::Endian endian) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t at = endian == bpf::Endian::kBig ? i : bytes.size() - 1 - i;
    number = number << 8U | static_cast<unsigned char>(bytes[at]);
  }
  return number;
}

std::string internet_address(int family, std::string_view raw, size_t offset, uint32_t scope) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (inet_ntop(family, raw.data() + offset, text.data(), text.size()) == nullptr) return "?";
  const auto port = std::to_string(number_of(raw.substr(2, 2), bpf::Endian::kBig));
  if (family == AF_INET) return std::string(text.data()) + ':' + port;
  return '[' + std::string(text.data()) + (scope != 0 ? '%' + std::to_string(scope) : "") + "]:" + port;
}

std::string unix_address(std::string_view path, bool more) {
  if (path.empty()) return "AF_UNIX";  // Without a name.
  if (path.front() == '\0') return "AF_UNIX @" + quoted_text(path.substr(1), more);
  const size_t end = path.find('\0');
  return "AF_UNIX " + quoted_text(path.substr(0, end), more && end == std::string_view::npos);
}

}  // namespace

size_t no_memory(uint64_t, std::span<std::byte>) {
  return 0;
}

std::string octal_text(uint64_t value) {
  std::array<char, 32> text = {};
  std::snprintf(text.data(), text.size(), "0%llo", static_cast<unsigned long long>(value));
  return value == 0 ? "0" : text.data();
}

std::string pointer_text(uint64_t address) {
  return address == 0 ? "NULL" : hex(address);
}

std::string constant_or_number(arch::Abi abi, ArgumentKind kind, uint64_t value) {
  constexpr uint64_t kSmall = 4096;  // What is larger are bits, or an ioctl.
  if (auto text = arch::constant_text(abi, kind, value)) return *text;
  return value < kSmall ? std::to_string(value) : hex(value);
}

unsigned CallerMemory::word_bytes() const {
  const bool half = abi_ == arch::Abi::kX32 || abi_ == arch::Abi::kMips64n32 || abi_ == arch::Abi::kMipsel64n32;
  return half ? 4 : arch::info(abi_).register_bits / 8U;
}

std::string CallerMemory::read(uint64_t address, size_t count) const {
  std::string bytes(count, '\0');
  if (address == 0 || !read_) return {};
  bytes.resize(std::min(count, read_(address, std::as_writable_bytes(std::span(bytes.data(), bytes.size())))));
  return bytes;
}

std::optional<uint64_t> CallerMemory::number(uint64_t address, unsigned bytes) const {
  const std::string raw = read(address, bytes);
  if (raw.size() != bytes) return std::nullopt;
  return number_of(raw, arch::info(abi_).endian);
}

std::vector<uint64_t> CallerMemory::words(uint64_t address, size_t count) const {
  const std::string raw = read(address, count * word_bytes());
  std::vector<uint64_t> words;
  for (size_t at = 0; at + word_bytes() <= raw.size(); at += word_bytes()) {
    words.push_back(number_of(std::string_view(raw).substr(at, word_bytes()), arch::info(abi_).endian));
  }
  return words;
}

std::string CallerMemory::string(uint64_t address) const {
  const std::string raw = read(address, kMaxStringLength + 1);
  if (raw.empty()) return pointer_text(address);
  const size_t end = raw.find('\0');
  if (end != std::string::npos) return quoted_text(std::string_view(raw).substr(0, end), false);
  return quoted_text(std::string_view(raw).substr(0, kMaxStringLength), true);
}

std::string CallerMemory::bytes(uint64_t address, uint64_t count) const {
  if (address != 0 && count == 0) return "\"\"";
  const std::string raw = read(address, static_cast<size_t>(std::min<uint64_t>(count, kMaxStringLength)));
  if (raw.empty()) return pointer_text(address);
  return quoted_text(raw, raw.size() < count);
}

std::string CallerMemory::strings(uint64_t address) const {
  const std::vector<uint64_t> pointers = words(address, kMaxStrings + 1);
  if (pointers.empty()) return pointer_text(address);
  std::string text = "[";
  for (size_t i = 0; i < pointers.size() && pointers[i] != 0; ++i) {
    if (i > 0) text += ", ";
    if (i == kMaxStrings) return text + "...]";
    text += string(pointers[i]);
  }
  return text + "]";
}

std::string CallerMemory::socket_address(uint64_t address, uint64_t length) const {
  const std::string raw = read(address, static_cast<size_t>(std::min<uint64_t>(length, kMaxAddressLength)));
  if (raw.size() < kPathOffset) return pointer_text(address);
  const bpf::Endian endian = arch::info(abi_).endian;
  const uint64_t family = number_of(std::string_view(raw).substr(0, 2), endian);
  const auto field = [&](size_t at, size_t size) { return number_of(std::string_view(raw).substr(at, size), endian); };
  if (family == AF_INET && raw.size() >= 8) return internet_address(AF_INET, raw, 4, 0);
  if (family == AF_INET6 && raw.size() >= 24) {
    return internet_address(AF_INET6, raw, 8, raw.size() >= 28 ? static_cast<uint32_t>(field(24, 4)) : 0);
  }
  if (family == AF_UNIX) {
    const auto path = std::string_view(raw).substr(kPathOffset);
    return unix_address(path.substr(0, kMaxStringLength), path.size() > kMaxStringLength);
  }
  const std::string name = constant_or_number(abi_, ArgumentKind::kAddressFamily, family);
  if (name == "AF_NETLINK" && raw.size() >= 12) {
    return name + " pid " + std::to_string(field(4, 4)) + " groups " + hex(field(8, 4));
  }
  return "{" + name + ", ...}";
}

std::string CallerMemory::clone_arguments(uint64_t address, uint64_t size) const {
  constexpr uint64_t kSignalOffset = 32;
  const auto flags = number(address, 8);
  const uint64_t signal = size >= kSignalOffset + 8 ? number(address + kSignalOffset, 8).value_or(0) : 0;
  if (size < 8 || !flags) return pointer_text(address);
  std::string text = "{flags=" + constant_or_number(abi_, ArgumentKind::kUnshareFlags, *flags);
  if (signal != 0) text += ", exit_signal=" + constant_or_number(abi_, ArgumentKind::kSignal, signal);
  return text + "}";
}

std::string CallerMemory::open_how(uint64_t address, uint64_t size) const {
  const auto flags = number(address, 8);
  const auto mode = number(address + 8, 8);
  const auto resolve = number(address + 16, 8);
  if (size < 24 || !flags || !mode || !resolve) return pointer_text(address);
  std::string text = "{flags=" + constant_or_number(abi_, ArgumentKind::kOpenFlags, *flags);
  text += ", mode=" + octal_text(*mode) + ", resolve=" + hex(*resolve);
  return text + "}";
}

}  // namespace sandbox::report
