#include "scan/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "scan/eh_frame.h"
#include "scan/go_functions.h"

namespace sandbox::scan {

namespace {

constexpr size_t kMaxFileBytes = size_t{512} << 20;
constexpr size_t kMaxHeaders = 4096;
constexpr size_t kMaxNeeded = 1024;
constexpr size_t kPackersHead = 512;
constexpr size_t kMaxEntries = size_t{8} << 20;  ///< Of symbols and relocations.

}  // namespace

/// Fills an ElfFile from its bytes.
class ElfReader {
 public:
  explicit ElfReader(ElfFile& file) : file_(file), bytes_(file.bytes_) {}

  std::optional<ScanError> run() {
    if (auto error = read_header()) return error;
    read_dynamic();
    read_sections();
    find_code();
    file_.frames = read_frames(file_, frame_header_, section_address(".eh_frame"));
    file_.go_functions = read_go_functions(file_);
    return std::nullopt;
  }

 private:
  template <typename T>
  bool get(uint64_t offset, T& value) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return false;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return true;
  }

  [[nodiscard]] std::string what_it_is() const {
    if (!bytes_.starts_with("#!")) return "is no ELF file: a scan reads machine code";
    const std::string_view line = bytes_.substr(2, bytes_.find('\n') - 2);
    const size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    const std::string_view name = line.substr(begin, line.find_first_of(" \t", begin) - begin);
    return "is a script of " + in_quotes(name) + ": scan that program";
  }

  std::optional<ScanError> read_header() {
    Elf64_Ehdr header;
    if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) {
      return ScanError{what_it_is()};
    }
    if (bytes_.size() > EI_CLASS && bytes_[EI_CLASS] == ELFCLASS32)
      return ScanError{"is a 32-bit ELF file; x86_64 is scanned"};
    if (!get(0, header) || header.e_ident[EI_DATA] != ELFDATA2LSB)
      return ScanError{"is a damaged ELF file: its header"};
    if (header.e_machine != EM_X86_64) {
      return ScanError{"is for another machine (ELF's number " + std::to_string(header.e_machine) +
                       "); x86_64 is scanned"};
    }
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
      return ScanError{"is an ELF file, but neither a program nor a library"};
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 || header.e_phnum > kMaxHeaders) {
      return ScanError{"is a damaged ELF file: its program headers"};
    }
    // The packer's mark stands behind its program headers.
    if (bytes_.substr(0, kPackersHead).find("UPX!") != std::string_view::npos)
      return ScanError{"is packed by UPX: scan what 'upx -d' makes of it"};
    file_.entry = header.e_entry;
    file_.position_independent = header.e_type == ET_DYN;
    section_offset_ = header.e_shoff;
    section_count_ = header.e_shentsize == sizeof(Elf64_Shdr) ? header.e_shnum : 0;
    section_names_ = header.e_shstrndx;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr program;
      if (!get(header.e_phoff + i * sizeof program, program))
        return ScanError{"is a damaged ELF file: its program headers"};
      if (auto error = take_program_header(program)) return error;
    }
    const bool has_code = std::ranges::any_of(file_.segments, &Segment::executable);
    if (!has_code) return ScanError{"is an ELF file without code"};
    return std::nullopt;
  }

  std::optional<ScanError> take_program_header(const Elf64_Phdr& program) {
    const bool in_file = program.p_offset <= bytes_.size() && program.p_filesz <= bytes_.size() - program.p_offset;
    switch (program.p_type) {
      case PT_LOAD:
        // Addresses above this cannot be mapped, and would meet those of other files in the image.
        if (!in_file || program.p_vaddr >> 39 != 0 || program.p_memsz >> 39 != 0 ||
            program.p_filesz > program.p_memsz) {
          return ScanError{"is a damaged ELF file: a segment is outside of the file"};
        }
        file_.segments.push_back({program.p_vaddr, program.p_filesz, program.p_memsz, program.p_offset,
                                  (program.p_flags & PF_X) != 0, (program.p_flags & PF_W) != 0});
        break;
      case PT_INTERP:
        if (!in_file || program.p_filesz < 2 || program.p_filesz > 4096)
          return ScanError{"is a damaged ELF file: its loader's name"};
        file_.interpreter =
            std::string(bytes_.substr(program.p_offset, program.p_filesz - 1)).c_str();  // Up to its NUL.
        break;
      case PT_TLS:
        file_.thread_data = {program.p_vaddr, program.p_vaddr + program.p_filesz};
        break;
      case PT_DYNAMIC:
        dynamic_ = program.p_vaddr;
        break;
      case PT_GNU_EH_FRAME:
        frame_header_ = program.p_vaddr;
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  // ---- The dynamic section ----

  [[nodiscard]] uint64_t tag(uint64_t which) const {
    const auto found = tags_.find(which);
    return found == tags_.end() ? 0 : found->second;
  }

  void read_dynamic() {
    if (dynamic_ == 0) return;
    std::vector<uint64_t> needed;
    for (uint64_t place = dynamic_;; place += sizeof(Elf64_Dyn)) {
      const std::span<const uint8_t> bytes = file_.at(place);
      Elf64_Dyn entry;
      if (bytes.size() < sizeof entry) break;
      std::memcpy(&entry, bytes.data(), sizeof entry);
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED && needed.size() < kMaxNeeded) needed.push_back(entry.d_un.d_val);
      tags_[static_cast<uint64_t>(entry.d_tag)] = entry.d_un.d_val;
    }
    const auto string = [&](uint64_t offset) { return std::string(file_.text(tag(DT_STRTAB) + offset, 4096)); };
    for (const uint64_t offset : needed) file_.needed.push_back(string(offset));
    if (tags_.contains(DT_SONAME)) file_.soname = string(tag(DT_SONAME));
    if (tags_.contains(DT_RPATH)) file_.rpath = string(tag(DT_RPATH));
    if (tags_.contains(DT_RUNPATH)) file_.runpath = string(tag(DT_RUNPATH));
    for (const uint64_t which : {DT_INIT, DT_FINI}) {
      if (tag(which) != 0) file_.init_functions.push_back(tag(which));
    }
    constexpr std::pair<uint64_t, uint64_t> kArrays[] = {
        {DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ}, {DT_INIT_ARRAY, DT_INIT_ARRAYSZ}, {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}};
    for (const auto& [array, size] : kArrays) {
      if (tag(array) != 0) file_.init_arrays.emplace_back(tag(array), tag(size));
    }
    read_relocations();
    read_symbols();
  }

  /// How many symbols there are. No table says so but those of the hashes, and GNU's has only those that are defined.
  [[nodiscard]] uint64_t symbol_count() const {
    uint64_t count = hashed_symbols();
    for (const Relocation& relocation : file_.relocations)
      count = std::max<uint64_t>(count, uint64_t{relocation.symbol} + 1);
    return count;
  }

  [[nodiscard]] uint64_t hashed_symbols() const {
    if (tag(DT_HASH) != 0) return file_.word(tag(DT_HASH) + 4, 4);
    const uint64_t table = tag(DT_GNU_HASH);
    if (table == 0) return tag(DT_STRTAB) > tag(DT_SYMTAB) ? (tag(DT_STRTAB) - tag(DT_SYMTAB)) / sizeof(Elf64_Sym) : 0;
    const uint64_t buckets = file_.word(table, 4);
    const uint64_t first = file_.word(table + 4, 4);
    const uint64_t bucket_place = table + 16 + file_.word(table + 8, 4) * 8;
    const std::span<const uint8_t> bytes = file_.at(bucket_place);
    uint64_t last = 0;
    for (uint64_t i = 0; i < buckets && (i + 1) * 4 <= bytes.size(); ++i) {
      uint32_t head;
      std::memcpy(&head, bytes.data() + i * 4, 4);
      last = std::max<uint64_t>(last, head);
    }
    if (last < first) return first;
    const uint64_t chains = bucket_place + buckets * 4;
    while (last < kMaxEntries && !file_.at(chains + (last - first) * 4).empty() &&
           (file_.word(chains + (last - first) * 4, 4) & 1) == 0) {
      ++last;
    }
    return last + 1;
  }

  /// The names of versions by their index, of those that are defined and those that are needed.
  std::map<uint16_t, std::string_view> versions() const {
    std::map<uint16_t, std::string_view> names;
    const uint64_t strings = tag(DT_STRTAB);
    uint64_t place = tag(DT_VERDEF);
    for (uint64_t i = 0; place != 0 && i < std::min<uint64_t>(tag(DT_VERDEFNUM), kMaxHeaders); ++i) {
      const uint64_t aux = place + file_.word(place + 12, 4);
      names[static_cast<uint16_t>(file_.word(place + 4, 2) & 0x7fff)] = file_.text(strings + file_.word(aux, 4));
      place += file_.word(place + 16, 4);
    }
    size_t steps = 0;  // Entries may name one another in a circle.
    place = tag(DT_VERNEED);
    for (uint64_t i = 0; place != 0 && i < std::min<uint64_t>(tag(DT_VERNEEDNUM), kMaxHeaders); ++i) {
      uint64_t aux = place + file_.word(place + 8, 4);
      for (uint64_t k = 0; k < file_.word(place + 2, 2) && names.size() < kMaxHeaders && ++steps < kMaxEntries; ++k) {
        names[static_cast<uint16_t>(file_.word(aux + 6, 2) & 0x7fff)] = file_.text(strings + file_.word(aux + 8, 4));
        aux += file_.word(aux + 12, 4);
      }
      place += file_.word(place + 12, 4);
    }
    return names;
  }

  static Symbol symbol_from(const Elf64_Sym& raw, std::string_view name) {
    Symbol symbol;
    symbol.name = name;
    symbol.value = raw.st_value;
    symbol.size = raw.st_size;
    symbol.type = ELF64_ST_TYPE(raw.st_info);
    symbol.bind = ELF64_ST_BIND(raw.st_info);
    symbol.defined = raw.st_shndx != SHN_UNDEF;
    return symbol;
  }

  void read_symbols() {
    const uint64_t table = tag(DT_SYMTAB);
    if (table == 0) return;
    const std::span<const uint8_t> bytes = file_.at(table);
    const uint64_t count =
        std::min<uint64_t>(std::min<uint64_t>(symbol_count(), kMaxEntries), bytes.size() / sizeof(Elf64_Sym));
    const auto names = versions();
    for (uint64_t i = 0; i < count; ++i) {
      Elf64_Sym raw;
      std::memcpy(&raw, bytes.data() + i * sizeof raw, sizeof raw);
      Symbol& symbol = file_.symbols.emplace_back(symbol_from(raw, file_.text(tag(DT_STRTAB) + raw.st_name, 65536)));
      if (tag(DT_VERSYM) == 0) continue;
      const auto version = static_cast<uint16_t>(file_.word(tag(DT_VERSYM) + 2 * i, 2));
      symbol.hidden_version = (version & 0x8000) != 0;
      const auto found = names.find(version & 0x7fff);
      if ((version & 0x7fff) > 1 && found != names.end()) symbol.version = found->second;
    }
  }

  void add_rela(uint64_t table, uint64_t size, bool addends) {
    const size_t entry = addends ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
    const std::span<const uint8_t> bytes = file_.at(table);
    const uint64_t count = std::min<uint64_t>(size, bytes.size()) / entry;
    for (uint64_t i = 0; table != 0 && i < count && file_.relocations.size() < kMaxEntries; ++i) {
      Elf64_Rela raw{};
      std::memcpy(&raw, bytes.data() + i * entry, entry);
      if (!addends) raw.r_addend = static_cast<int64_t>(file_.word(raw.r_offset, 8));
      file_.relocations.push_back({raw.r_offset, static_cast<uint32_t>(ELF64_R_TYPE(raw.r_info)),
                                   static_cast<uint32_t>(ELF64_R_SYM(raw.r_info)), raw.r_addend});
    }
  }

  void add_relative(uint64_t place) {
    if (file_.relocations.size() >= kMaxEntries) return;
    file_.relocations.push_back({place, R_X86_64_RELATIVE, 0, static_cast<int64_t>(file_.word(place, 8))});
  }

  /// DT_RELR: an address, and bitmaps for the 63 words behind it.
  void add_relr(uint64_t table, uint64_t size) {
    const std::span<const uint8_t> bytes = file_.at(table);
    uint64_t place = 0;
    for (uint64_t i = 0; table != 0 && i + 8 <= std::min<uint64_t>(size, bytes.size()); i += 8) {
      uint64_t entry;
      std::memcpy(&entry, bytes.data() + i, 8);
      if ((entry & 1) == 0) {
        add_relative(entry);
        place = entry + 8;
        continue;
      }
      for (unsigned bit = 1; bit < 64; ++bit) {
        if ((entry >> bit & 1) != 0) add_relative(place + (bit - 1) * 8);
      }
      place += uint64_t{63} * 8;
    }
  }

  void read_relocations() {
    constexpr uint64_t kRelrSize = 35;
    constexpr uint64_t kRelr = 36;
    add_rela(tag(DT_RELA), tag(DT_RELASZ), true);
    add_rela(tag(DT_REL), tag(DT_RELSZ), false);
    add_rela(tag(DT_JMPREL), tag(DT_PLTRELSZ), tag(DT_PLTREL) != DT_REL);
    add_relr(tag(kRelr), tag(kRelrSize));
  }

  // ---- Sections ----

  void find_code() {
    for (const Section& section : file_.sections) {
      if (!section.executable) continue;
      const size_t size = std::min<uint64_t>(section.size, file_.at(section.address).size());
      file_.code.push_back({section.address, section.address + size});
    }
    const auto in_code = [&](uint64_t address) {
      return std::ranges::any_of(file_.code, [&](const Extent& extent) { return extent.contains(address); });
    };
    if (!file_.code.empty() && (file_.entry == 0 || in_code(file_.entry))) return;
    file_.code.clear();
    file_.may_have_data_in_code = true;
    for (const Segment& segment : file_.segments) {
      if (segment.executable) file_.code.push_back({segment.address, segment.address + segment.file_size});
    }
  }

  [[nodiscard]] uint64_t section_address(std::string_view name) const {
    const auto found = std::ranges::find(file_.sections, name, &Section::name);
    return found == file_.sections.end() ? 0 : found->address;
  }

  std::string_view string_at(const Elf64_Shdr& table, uint64_t offset) const {
    if (table.sh_offset > bytes_.size() || offset >= bytes_.size() - table.sh_offset) return {};
    const std::string_view rest = bytes_.substr(table.sh_offset + offset);
    return rest.substr(0, rest.find('\0'));
  }

  void read_sections() {
    Elf64_Shdr names{};
    if (!get(section_offset_ + uint64_t{section_names_} * sizeof names, names)) return;
    for (unsigned i = 0; i < section_count_; ++i) {
      Elf64_Shdr section;
      if (!get(section_offset_ + i * sizeof section, section)) return;
      // What threads have zeroed takes no room: other sections stand at its addresses.
      const bool of_threads = (section.sh_flags & SHF_TLS) != 0 && section.sh_type == SHT_NOBITS;
      if ((section.sh_flags & SHF_ALLOC) != 0 && !of_threads) {
        file_.sections.push_back({string_at(names, section.sh_name), section.sh_addr, section.sh_size,
                                  (section.sh_flags & SHF_EXECINSTR) != 0});
        if (section.sh_type == SHT_RELA && dynamic_ == 0) add_rela(section.sh_addr, section.sh_size, true);
      }
      Elf64_Shdr strings;
      if (section.sh_type == SHT_SYMTAB && get(section_offset_ + section.sh_link * sizeof strings, strings)) {
        read_debug_symbols(section, strings);
      }
    }
  }

  void read_debug_symbols(const Elf64_Shdr& section, const Elf64_Shdr& strings) {
    for (uint64_t i = 0; i < section.sh_size / sizeof(Elf64_Sym) && i < kMaxEntries; ++i) {
      Elf64_Sym raw;
      if (!get(section.sh_offset + i * sizeof raw, raw)) return;
      const uint8_t type = ELF64_ST_TYPE(raw.st_info);
      const bool named = type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC || type == STT_NOTYPE;
      if (!named || raw.st_shndx == SHN_UNDEF || raw.st_shndx >= SHN_LORESERVE || raw.st_value == 0) continue;
      file_.debug_symbols.push_back(symbol_from(raw, string_at(strings, raw.st_name)));
    }
  }

  ElfFile& file_;
  const std::string_view bytes_;
  uint64_t dynamic_ = 0;
  uint64_t frame_header_ = 0;
  uint64_t section_offset_ = 0;
  uint16_t section_count_ = 0;
  uint16_t section_names_ = 0;
  std::map<uint64_t, uint64_t> tags_;
};

Result<ElfFile, ScanError> ElfFile::read(const std::string& path) {
  // A file may name a pipe or a device as its loader, which would never end.
  std::error_code missing;
  const auto status = std::filesystem::status(path, missing);
  const bool readable = std::filesystem::is_regular_file(status) || std::filesystem::is_directory(status);
  if (!missing && !readable) return ScanError{"is no regular file"};
  auto mapped = MappedFile::open(path, kMaxFileBytes);
  if (!mapped) return ScanError{describe(mapped.error(), kMaxFileBytes, "a program")};
  ElfFile file;
  file.path = path;
  file.mapped_ = std::move(*mapped);
  file.bytes_ = file.mapped_.bytes();
  if (auto error = ElfReader(file).run()) return std::move(*error);
  file.give_back();
  return file;
}

Result<ElfFile, ScanError> ElfFile::parse(std::string path, std::string bytes) {
  ElfFile file;
  file.path = std::move(path);
  file.own_bytes_ = std::move(bytes);
  file.bytes_ = file.own_bytes_;
  // Views into the bytes are made below: a long text keeps its place when the file is moved, a short one has no ELF.
  if (auto error = ElfReader(file).run()) return std::move(*error);
  return file;
}

const Segment* ElfFile::segment_of(uint64_t address) const {
  for (const Segment& segment : segments) {
    if (address >= segment.address && address - segment.address < segment.memory_size) return &segment;
  }
  return nullptr;
}

std::span<const uint8_t> ElfFile::at(uint64_t address) const {
  for (const Segment& segment : segments) {
    if (address < segment.address || address - segment.address >= segment.file_size) continue;
    const uint64_t skip = address - segment.address;
    return {reinterpret_cast<const uint8_t*>(bytes_.data()) + segment.offset + skip, segment.file_size - skip};
  }
  return {};
}

bool ElfFile::is_code(uint64_t address) const {
  return std::ranges::any_of(code, [&](const Extent& extent) { return extent.contains(address); });
}

uint64_t ElfFile::word(uint64_t address, unsigned bytes) const {
  const std::span<const uint8_t> from = at(address);
  if (from.size() < bytes) return 0;
  uint64_t value = 0;
  std::memcpy(&value, from.data(), bytes);
  return value;
}

std::string_view ElfFile::text(uint64_t address, size_t limit) const {
  const std::span<const uint8_t> bytes = at(address);
  const size_t most = std::min(bytes.size(), limit);
  const void* end = most == 0 ? nullptr : std::memchr(bytes.data(), 0, most);
  if (end == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes.data()),
          static_cast<size_t>(static_cast<const uint8_t*>(end) - bytes.data())};
}

}  // namespace sandbox::scan
