#include "scan/image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "scan/library_search.h"

namespace sandbox::scan {
namespace {

constexpr size_t kMaxFiles = 1000;
constexpr size_t kNoRequester = SIZE_MAX;

std::string canonical(const std::string& path) {
  std::error_code failed;
  const auto real = std::filesystem::canonical(path, failed);
  return failed ? path : real.string();
}

bool is_definition(const Symbol& symbol) {
  return symbol.defined && symbol.bind != STB_LOCAL && symbol.type != STT_TLS;
}

/// Whether a word stands where only the unwinder reads: where that leads is known by the frames. Its distances and
/// sizes make numbers that look like addresses.
bool is_unwinders(const ElfFile& file, uint64_t address) {
  const auto holds = [&](const Section& section) {
    const bool unwinders = section.name == ".eh_frame" || section.name == ".eh_frame_hdr";
    return unwinders && address >= section.address && address - section.address + 8 <= section.size;
  };
  return std::ranges::any_of(file.sections, holds);
}

}  // namespace

Result<Image, ScanError> Image::load(const std::string& program, const Options& options) {
  Image image;
  if (auto error = image.load_file(program, "", kNoRequester)) return std::move(*error);
  if (auto error = image.load_needed(0)) return std::move(*error);
  const std::string interpreter = image.files_[0]->interpreter;
  if (!interpreter.empty()) {
    if (auto error = image.load_file(interpreter, interpreter, 0)) return std::move(*error);
    for (size_t i = 1; i < image.files_.size(); ++i) {
      if (canonical(image.files_[i]->path) == canonical(interpreter)) image.loader_ = i;
    }
  }
  image.first_extra_ = image.files_.size();
  // glibc's loader goes on without a library of ld.so.preload that it does not find.
  const bool glibc = !interpreter.empty() && interpreter.find("ld-musl") == std::string::npos;
  std::vector<std::string> further = glibc ? preloaded_libraries() : std::vector<std::string>();
  const size_t preloaded = further.size();
  further.insert(further.end(), options.with.begin(), options.with.end());
  const LibrarySearch search(interpreter);
  for (size_t i = 0; i < further.size(); ++i) {
    const std::string& name = further[i];
    const size_t before = image.files_.size();
    const auto path = search.find(name, {image.files_[0]->path, image.files_[0]->runpath, {}});
    if (!path && i < preloaded) continue;
    if (!path) return ScanError{"there is no library " + in_quotes(name) + " for x86_64"};
    if (auto error = image.load_file(*path, name, 0)) return std::move(*error);
    if (auto error = image.load_needed(before)) return std::move(*error);
  }
  image.link(0);
  if (image.has_plain_addresses()) image.add_plain_pointers();
  std::ranges::sort(image.pointers_, {}, &Pointer::place);
  return image;
}

std::optional<ScanError> Image::load_file(const std::string& path, const std::string& name, size_t requester) {
  const std::string real = canonical(path);
  for (size_t i = 0; i < files_.size(); ++i) {
    if (canonical(files_[i]->path) == real) return std::nullopt;
  }
  if (files_.size() >= kMaxFiles) return ScanError{"needs more than " + std::to_string(kMaxFiles) + " libraries"};
  auto file = ElfFile::read(path);
  if (!file) {
    if (requester == kNoRequester) return file.error();
    return ScanError{"needs " + printable_path(path) + ", which " + file.error().message};
  }
  files_.push_back(std::make_unique<ElfFile>(std::move(*file)));
  file_names_.push_back(name);
  requesters_.push_back(requester);
  Names& names = names_.emplace_back();
  const std::vector<Symbol>& symbols = files_.back()->symbols;
  for (uint32_t i = 0; i < symbols.size(); ++i) {
    if (is_definition(symbols[i])) names.symbols.emplace(symbols[i].name, i);
  }
  return std::nullopt;
}

/// Breadth first, as the loader does: this is also the order in which names are looked up.
std::optional<ScanError> Image::load_needed(size_t first) {
  const LibrarySearch search(files_[0]->interpreter);
  for (size_t i = first; i < files_.size(); ++i) {
    for (const std::string& name : std::vector<std::string>(files_[i]->needed)) {
      if (find_file(name)) continue;
      Requester requester{files_[i]->path, files_[i]->runpath, {}};
      for (size_t from = i; from != kNoRequester; from = requesters_[from]) {
        if (!files_[from]->rpath.empty()) requester.rpaths.emplace_back(files_[from]->rpath, files_[from]->path);
      }
      const auto path = search.find(name, requester);
      if (!path) {
        return ScanError{(i == 0 ? "needs " : "needs, through " + printable_path(files_[i]->path) + ", ") +
                         "the library " + in_quotes(name) + ", which is not found"};
      }
      if (auto error = load_file(*path, name, i)) return error;
    }
  }
  return std::nullopt;
}

bool Image::add_library(const std::string& name, size_t requester) {
  if (find_file(name)) return true;
  const LibrarySearch search(files_[0]->interpreter);
  const auto path = search.find(name, {files_[requester]->path, files_[requester]->runpath, {}});
  const size_t before = files_.size();
  if (!path || load_file(*path, name, requester) || load_needed(before)) return false;
  link(before);
  std::ranges::sort(pointers_, {}, &Pointer::place);
  return true;
}

std::optional<size_t> Image::find_file(std::string_view soname) const {
  for (size_t i = 1; i < files_.size(); ++i) {
    if (files_[i]->soname == soname || file_names_[i] == soname) return i;
  }
  return std::nullopt;
}

bool Image::is_code(uint64_t address) const {
  return has_file(address) && file(file_of(address)).is_code(address - base(file_of(address)));
}

bool Image::is_data(uint64_t address) const {
  if (!has_file(address)) return false;
  const Segment* segment = file(file_of(address)).segment_of(address - base(file_of(address)));
  return segment != nullptr && (!is_code(address) || file(file_of(address)).may_have_data_in_code);
}

bool Image::is_writable(uint64_t address) const {
  if (!has_file(address)) return false;
  const Segment* segment = file(file_of(address)).segment_of(address - base(file_of(address)));
  return segment != nullptr && segment->writable;
}

std::span<const uint8_t> Image::at(uint64_t address) const {
  if (!has_file(address)) return {};
  return file(file_of(address)).at(address - base(file_of(address)));
}

std::span<const Pointer> Image::pointers_in(const Extent& extent) const {
  const auto begin = std::ranges::lower_bound(pointers_, extent.begin, {}, &Pointer::place);
  const auto end = std::ranges::lower_bound(pointers_, extent.end, {}, &Pointer::place);
  return begin < end ? std::span<const Pointer>(begin, end) : std::span<const Pointer>();
}

// ---- Symbols ----

/// A reference with a version takes the definition of that version, or one of a file without versions. One without a
/// version takes what the loader would choose among several, and the others with it.
std::vector<uint64_t> Image::definitions(size_t index, const Symbol& reference) const {
  std::vector<uint64_t> found;
  const auto [begin, end] = names_[index].symbols.equal_range(reference.name);
  for (auto it = begin; it != end; ++it) {
    const Symbol& symbol = files_[index]->symbols[it->second];
    const bool fits = reference.version.empty() || symbol.version == reference.version ||
                      (symbol.version.empty() && !symbol.hidden_version);
    if (fits) found.push_back(base(index) + symbol.value);
  }
  return found;
}

std::vector<uint64_t> Image::bind(const Symbol& reference, size_t from, bool skip_program) const {
  if (reference.bind == STB_LOCAL) return {base(from) + reference.value};
  for (size_t i = skip_program ? 1 : 0; i < files_.size(); ++i) {
    if (auto found = definitions(i, reference); !found.empty()) return found;
  }
  return {};
}

std::vector<uint64_t> Image::find(std::string_view name) const {
  Symbol reference;
  reference.name = name;
  reference.bind = STB_GLOBAL;
  return bind(reference, 0, false);
}

std::vector<uint64_t> Image::find_in(size_t index, std::string_view name) const {
  Symbol reference;
  reference.name = name;
  return definitions(index, reference);
}

// ---- Relocations ----

void Image::link(size_t first) {
  for (size_t i = first; i < files_.size(); ++i) link_file(i);
}

void Image::link_file(size_t index) {
  const ElfFile& file = *files_[index];
  const uint64_t start = base(index);
  for (const Relocation& relocation : file.relocations) {
    const uint64_t place = start + relocation.offset;
    if (file.is_code(relocation.offset)) has_pointers_in_code_ = true;
    const auto addend = static_cast<uint64_t>(relocation.addend);
    switch (relocation.type) {
      case R_X86_64_RELATIVE:
      case R_X86_64_RELATIVE64:
      case R_X86_64_IRELATIVE:  // The place gets what the resolver returns: functions whose addresses it takes.
        pointers_.push_back({place, start + addend});
        break;
      case R_X86_64_64:
      case R_X86_64_GLOB_DAT:
      case R_X86_64_JUMP_SLOT: {
        if (relocation.symbol >= file.symbols.size()) break;
        const Symbol& symbol = file.symbols[relocation.symbol];
        if (symbol.name.empty() && symbol.defined) {
          pointers_.push_back({place, start + symbol.value + addend});
          break;
        }
        const bool plain = relocation.type == R_X86_64_64;
        for (const uint64_t target : bind(symbol, index, false))
          pointers_.push_back({place, target + (plain ? addend : 0)});

        break;
      }
      case R_X86_64_COPY: {
        if (relocation.symbol >= file.symbols.size()) break;
        const Symbol& symbol = file.symbols[relocation.symbol];
        for (const uint64_t original : bind(symbol, index, true)) {
          copies_.push_back({{place, place + symbol.size}, {original, original + symbol.size}});
        }
        break;
      }
      default:
        break;
    }
  }
}

/// Of a program at fixed addresses no relocation says where pointers stand: each word that looks like one is one, also
/// in packed structures.
void Image::add_plain_pointers() {
  const ElfFile& file = *files_[0];
  uint64_t lowest = UINT64_MAX;
  uint64_t highest = 0;
  for (const Segment& segment : file.segments) {
    lowest = std::min(lowest, segment.address);
    highest = std::max(highest, segment.address + segment.memory_size);
  }
  const uint64_t step = file.go_functions.empty() ? 1 : 8;
  for (const Segment& segment : file.segments) {
    const std::span<const uint8_t> bytes = file.at(segment.address);
    for (uint64_t at = step == 1 ? 0 : (8 - segment.address % 8) % 8; at + 8 <= bytes.size(); at += step) {
      uint64_t value;
      std::memcpy(&value, bytes.data() + at, 8);
      if (value < lowest || value >= highest || file.segment_of(value) == nullptr) continue;
      if (is_unwinders(file, segment.address + at)) continue;
      if (!file.is_code(segment.address + at) || file.may_have_data_in_code)
        pointers_.push_back({segment.address + at, value});
    }
  }
}

}  // namespace sandbox::scan
