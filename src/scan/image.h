// A program as the loader puts it together: its files, and where each pointer in its data leads.
//
// All addresses are of one space: file number i stands at i << 40, the program (number 0) at its own addresses. So the
// number of a file can be told from any address, and a call from one library into another is an ordinary call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scan/elf_file.h"

namespace sandbox::scan {

inline constexpr unsigned kFileShift = 40;

/// A pointer in data, as relocations leave it.
struct Pointer {
  uint64_t place = 0;
  uint64_t target = 0;
};

class Image {
 public:
  struct Options {
    std::vector<std::string> with;  ///< Libraries that are loaded while it runs, by path or by name.
  };

  /// Loads the program and all that it needs. A library that is missing is an error.
  static Result<Image, ScanError> load(const std::string& program, const Options& options);

  [[nodiscard]] size_t file_count() const { return files_.size(); }
  [[nodiscard]] const ElfFile& file(size_t index) const { return *files_[index]; }
  [[nodiscard]] static uint64_t base(size_t index) { return static_cast<uint64_t>(index) << kFileShift; }
  [[nodiscard]] size_t file_of(uint64_t address) const { return static_cast<size_t>(address >> kFileShift); }
  [[nodiscard]] bool has_file(uint64_t address) const { return file_of(address) < files_.size(); }
  /// The loader's number; none in a static program.
  [[nodiscard]] std::optional<size_t> loader() const { return loader_; }
  /// The numbers of the files of `Options::with`, and of what these need.
  [[nodiscard]] bool is_extra(size_t index) const { return index >= first_extra_; }
  /// Whether addresses stand in the program's code and data as plain numbers.
  [[nodiscard]] bool has_plain_addresses() const { return !files_[0]->position_independent; }

  [[nodiscard]] bool is_code(uint64_t address) const;
  [[nodiscard]] bool is_data(uint64_t address) const;
  [[nodiscard]] bool is_writable(uint64_t address) const;
  [[nodiscard]] std::span<const uint8_t> at(uint64_t address) const;

  /// Whether the loader writes addresses into instructions of some file.
  [[nodiscard]] bool has_pointers_in_code() const { return has_pointers_in_code_; }
  /// Sorted by place.
  [[nodiscard]] std::span<const Pointer> pointers() const { return pointers_; }
  [[nodiscard]] std::span<const Pointer> pointers_in(const Extent& extent) const;
  /// Objects of another file that a copy relocation put into the program: the copy, and the original.
  [[nodiscard]] const std::vector<std::pair<Extent, Extent>>& copies() const { return copies_; }

  /// What a name is bound to from the program: the first file in the loader's order that has it. All versions.
  [[nodiscard]] std::vector<uint64_t> find(std::string_view name) const;
  /// All definitions in one file.
  [[nodiscard]] std::vector<uint64_t> find_in(size_t index, std::string_view name) const;
  /// A file by what others need it as; none if it is not loaded.
  [[nodiscard]] std::optional<size_t> find_file(std::string_view soname) const;
  /// Adds a library, and what it needs. Whether it was found; one that is there already is good.
  bool add_library(const std::string& name, size_t requester);

 private:
  struct Names {
    std::unordered_multimap<std::string_view, uint32_t> symbols;
  };

  std::optional<ScanError> load_needed(size_t first);
  std::optional<ScanError> load_file(const std::string& path, const std::string& name, size_t requester);
  void link(size_t first);
  void link_file(size_t index);
  void add_plain_pointers();
  [[nodiscard]] std::vector<uint64_t> bind(const Symbol& reference, size_t from, bool skip_program) const;
  [[nodiscard]] std::vector<uint64_t> definitions(size_t index, const Symbol& reference) const;

  std::vector<std::unique_ptr<ElfFile>> files_;
  std::vector<Names> names_;
  std::vector<std::string> file_names_;  ///< As others need them.
  std::vector<size_t> requesters_;
  std::optional<size_t> loader_;
  size_t first_extra_ = SIZE_MAX;
  std::vector<Pointer> pointers_;
  bool has_pointers_in_code_ = false;
  std::vector<std::pair<Extent, Extent>> copies_;
};

}  // namespace sandbox::scan
