// Programs of a few instructions, written as bytes: code at kCode, and variables at kData.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "arch/syscalls.h"
#include "scan/scan.h"
#include "support/temporary_directory.h"

namespace sandbox::testing {

using Bytes = std::vector<uint8_t>;
inline constexpr uint64_t kCode = 0x401000;
inline constexpr uint64_t kData = 0x402000;

/// Bytes one behind the other.
inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes little_endian(uint64_t number, unsigned bytes) {
  Bytes out;
  for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(number >> (8 * i)));
  return out;
}

/// An ELF program at fixed addresses that starts with `code`. It ends by itself: exit is appended.
inline std::string small_program(Bytes code, const Bytes& data = {}) {
  code = std::move(code) + Bytes{0xb8, 60, 0, 0, 0, 0x0f, 0x05, 0xf4};
  std::string file(0x2000 + data.size(), '\0');
  const auto put = [&](size_t place, const auto& value) { std::memcpy(file.data() + place, &value, sizeof value); };
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_entry = kCode;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = data.empty() ? 1 : 2;
  put(0, header);
  Elf64_Phdr text{};
  text.p_type = PT_LOAD;
  text.p_flags = PF_R | PF_X;
  text.p_offset = 0x1000;
  text.p_vaddr = kCode;
  text.p_filesz = text.p_memsz = code.size();
  put(sizeof header, text);
  Elf64_Phdr variables{};
  variables.p_type = PT_LOAD;
  variables.p_flags = PF_R | PF_W;
  variables.p_offset = 0x2000;
  variables.p_vaddr = kData;
  variables.p_filesz = variables.p_memsz = data.size();
  if (!data.empty()) put(sizeof header + sizeof text, variables);
  std::copy(code.begin(), code.end(), file.begin() + 0x1000);
  std::copy(data.begin(), data.end(), file.begin() + 0x2000);
  return file;
}

inline Result<scan::ScanResult, scan::ScanError> scan_bytes(const std::string& bytes) {
  const TemporaryDirectory folder;
  return scan::scan_program(folder.write("program", bytes), {});
}

/// The names of the calls but for exit and the kernel's own, one behind the other; "?" at the end: not all are known.
inline std::string calls_of(const Bytes& code, const Bytes& data = {}) {
  const auto result = scan_bytes(small_program(code, data));
  if (!result) return result.error().message;
  std::string names;
  for (const scan::FoundCall& call : result->calls) {
    const std::string name(*arch::name_of(call.abi, call.number));
    if (!call.by_kernel && name != "exit") names += (names.empty() ? "" : " ") + name;
  }
  if (!result->unknown.empty()) names += names.empty() ? "?" : " ?";
  return names;
}

}  // namespace sandbox::testing
