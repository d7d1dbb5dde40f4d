// An ELF program or library for x86_64, as far as the kernel, the loader and the unwinder would read it.
//
// Every number in the file is hostile: each access is checked against the bytes that there are, and each count is
// bounded by the file's size. Headers of sections are hints, since programs run without them; what runs comes from
// program headers and the dynamic section.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace sandbox::scan {

/// Why a file cannot be scanned: one sentence, without the file's name.
struct ScanError {
  std::string message;
};

struct Segment {
  uint64_t address = 0;
  uint64_t file_size = 0;
  uint64_t memory_size = 0;
  uint64_t offset = 0;
  bool executable = false;
  bool writable = false;
};

struct Section {
  std::string_view name;
  uint64_t address = 0;
  uint64_t size = 0;
  bool executable = false;
};

/// A piece of memory.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;

  [[nodiscard]] bool contains(uint64_t address) const { return address >= begin && address < end; }
};

struct Symbol {
  std::string_view name;
  std::string_view version;  ///< Empty: none.
  uint64_t value = 0;
  uint64_t size = 0;
  uint8_t type = 0;  ///< STT_*
  uint8_t bind = 0;  ///< STB_*
  bool defined = false;
  bool hidden_version = false;  ///< Not the default version of its name.
};

struct Relocation {
  uint64_t offset = 0;
  uint32_t type = 0;
  uint32_t symbol = 0;
  int64_t addend = 0;
};

/// A function that the unwinder knows. Its end is a hint: that of glibc's clone3 stands before its system call.
struct FrameEntry {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t language_data = 0;  ///< The landing pads' table (LSDA); 0: none.
  uint64_t personality = 0;    ///< Where the pointer to the personality routine stands, or the routine; 0: none.
};

/// A function of a Go program, by its .gopclntab.
struct GoFunction {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string_view name;
};

class ElfFile {
 public:
  ElfFile() = default;
  ElfFile(ElfFile&&) = default;
  ElfFile& operator=(ElfFile&&) = default;
  ElfFile(const ElfFile&) = delete;  // What was read are views into its bytes.
  ElfFile& operator=(const ElfFile&) = delete;
  ~ElfFile() = default;

  /// Reads a file. What it names (libraries, the loader) is not looked for.
  static Result<ElfFile, ScanError> read(const std::string& path);
  /// The same for bytes at hand.
  static Result<ElfFile, ScanError> parse(std::string path, std::string bytes);

  /// The bytes that the file has for an address, up to the end of its segment; empty where there are none.
  [[nodiscard]] std::span<const uint8_t> at(uint64_t address) const;
  [[nodiscard]] const Segment* segment_of(uint64_t address) const;
  [[nodiscard]] bool is_code(uint64_t address) const;
  /// A little-endian number in the file's image; 0 where there is none.
  [[nodiscard]] uint64_t word(uint64_t address, unsigned bytes) const;
  /// The text at an address up to its NUL, of at most `limit` bytes; empty if it does not end there.
  [[nodiscard]] std::string_view text(uint64_t address, size_t limit = 256) const;

  /// Gives back the memory of the bytes that were looked at, after a pass over all of them.
  void give_back() const { mapped_.give_back(); }

  std::string path;
  uint64_t entry = 0;
  bool position_independent = false;  ///< ET_DYN.
  std::string interpreter;            ///< Empty: none.
  std::string soname;
  std::vector<std::string> needed;
  std::string rpath;
  std::string runpath;
  std::vector<Segment> segments;
  std::vector<Section> sections;
  /// Where instructions stand: executable sections, since old linkers put constants into the same segment; without
  /// headers of sections, executable segments.
  std::vector<Extent> code;
  bool may_have_data_in_code = false;  ///< No header of a section tells them apart.
  Extent thread_data;                  ///< What thread-local variables begin as.
  std::vector<Symbol> symbols;         ///< Of the dynamic section, by their index.
  std::vector<Symbol> debug_symbols;   ///< .symtab, where it was not stripped.
  std::vector<Relocation> relocations;
  std::vector<FrameEntry> frames;        ///< Sorted by `begin`.
  std::vector<GoFunction> go_functions;  ///< Sorted by `begin`.
  /// Where the loader starts, beside the entry: DT_INIT, DT_FINI; and the arrays, as places of pointers.
  std::vector<uint64_t> init_functions;
  std::vector<std::pair<uint64_t, uint64_t>> init_arrays;

 private:
  friend class ElfReader;
  std::string own_bytes_;  ///< Of parse().
  MappedFile mapped_;      ///< Of read().
  std::string_view bytes_;
};

}  // namespace sandbox::scan
