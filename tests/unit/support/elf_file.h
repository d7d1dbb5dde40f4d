// Small ELF files.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace sandbox::testing {

/// An ELF file that is a header, one program header and the loader's name; of this machine's byte order.
template <typename Header, typename ProgramHeader>
std::string elf_file(unsigned char elf_class, const std::string& loader, uint32_t type = PT_INTERP) {
  Header header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(ProgramHeader);
  header.e_phnum = 1;
  ProgramHeader segment = {};
  segment.p_type = type;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = static_cast<decltype(segment.p_filesz)>(loader.size() + 1);
  std::string file(sizeof header + sizeof segment, '\0');
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, &segment, sizeof segment);
  return file + loader + '\0';
}

inline std::string elf64(const std::string& loader, uint32_t type = PT_INTERP) {
  return elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, loader, type);
}
inline std::string elf32(const std::string& loader) {
  return elf_file<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, loader);
}

}  // namespace sandbox::testing
