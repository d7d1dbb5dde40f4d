// Libraries that hand numbers of calls around in a way that no search follows. Each rule was read out of the library's
// source, is named in the result, and has a test.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "scan/elf_file.h"
#include "scan/x86_instruction.h"

namespace sandbox::scan {

struct NamedRule {
  std::string_view soname;
  std::string_view name;  ///< For messages.
  /// A function whose address the library keeps is called by the library's own indirect calls alone. Those that have a
  /// constant in the place of the number are meant.
  bool own_indirect_calls = false;
  /// What a number is that is not known otherwise.
  std::span<const uint32_t> numbers;
};

/// The rule for a file; null: none.
const NamedRule* named_rule_for(const ElfFile& file);

/// The flags of glibc's clone where a kernel lacks clone3: `__clone_internal_fallback` puts them together from the
/// arguments of clone3, which pthread_create and posix_spawn have filled in. `stretch` ends with the instruction that
/// does it, behind which no search follows them; empty if it is another one.
std::span<const uint32_t> flags_in_place_of_clone3(const ElfFile& file, std::span<const Instruction> stretch);

/// Whether a function's code is that of musl's __syscall_cp_asm: its address is taken only to see whether a thread was
/// interrupted in it, so its callers are those that call it by name. `code` begins at the function.
bool is_musl_cancellation_point(std::span<const uint8_t> code);

/// Whether a function's code is that of glibc's handler for SETXID (nptl/nptl_setxid.c), by which all threads change
/// their IDs: it takes the number out of a structure that a variable points to. That is written whole before the
/// variable is set, and the variable by its name alone.
bool is_setxid_handler(std::span<const uint8_t> code);

/// The same for the function that has the structure's address and sends the signal, and at last makes the call itself:
/// no other function changes the structure in between.
bool is_setxid_sender(std::span<const uint8_t> code);

/// Calls that are in a loader's code and are not made at an ordinary start of a program: glibc's ld.so makes them when
/// it is run as a command (execve), and with LD_PROFILE (setitimer). musl's loader is its C library, too: none of it.
bool is_rare_call_of_loader(const ElfFile& loader, uint32_t number);

}  // namespace sandbox::scan
