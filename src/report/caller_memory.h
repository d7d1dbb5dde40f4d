// What lies in a caller's memory, as text: strings, socket addresses, structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "arch/argument_kinds.h"
#include "report/arguments.h"

namespace sandbox::report {

/// A caller's memory, and how its ABI lays things out there. Each function that makes a text gives the pointer itself
/// in hexadecimal, or NULL, where the memory cannot be read.
class CallerMemory {
 public:
  CallerMemory(arch::Abi abi, const MemoryReader& read) : abi_(abi), read_(read) {}

  [[nodiscard]] arch::Abi abi() const { return abi_; }
  /// The size of a pointer and of a `long`.
  [[nodiscard]] unsigned word_bytes() const;

  /// An unsigned integer of `bytes` bytes (at most 8).
  [[nodiscard]] std::optional<uint64_t> number(uint64_t address, unsigned bytes) const;
  /// `count` words that stand one behind the other; fewer if no more can be read.
  [[nodiscard]] std::vector<uint64_t> words(uint64_t address, size_t count) const;

  /// A string that ends with NUL.
  [[nodiscard]] std::string string(uint64_t address) const;
  /// `count` bytes.
  [[nodiscard]] std::string bytes(uint64_t address, uint64_t count) const;
  /// Pointers to strings, the last one null: `["ls", "-l"]`.
  [[nodiscard]] std::string strings(uint64_t address) const;
  /// `127.0.0.1:80`, `[::1]:80`, `AF_UNIX "/run/socket"`, `AF_UNIX @"abstract"`.
  [[nodiscard]] std::string socket_address(uint64_t address, uint64_t length) const;
  /// A struct clone_args: `{flags=CLONE_VM, exit_signal=SIGCHLD}`.
  [[nodiscard]] std::string clone_arguments(uint64_t address, uint64_t size) const;
  /// A struct open_how: `{flags=O_RDONLY, mode=0, resolve=0x8}`.
  [[nodiscard]] std::string open_how(uint64_t address, uint64_t size) const;

 private:
  [[nodiscard]] std::string read(uint64_t address, size_t count) const;

  arch::Abi abi_;
  const MemoryReader& read_;  // Borrowed.
};

/// "0x7f00", and NULL for 0.
std::string pointer_text(uint64_t address);
std::string octal_text(uint64_t value);
/// A value of a family by its names; what has none as a number.
std::string constant_or_number(arch::Abi abi, arch::ArgumentKind kind, uint64_t value);

}  // namespace sandbox::report
