#include "scan/go_functions.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace sandbox::scan {
namespace {

// The first words of the table, in debug/gosym/pclntab.go: of Go 1.16, 1.18 and 1.20.
constexpr uint64_t kMagic16 = 0xfffffffa;
constexpr uint64_t kMagic18 = 0xfffffff0;
constexpr uint64_t kMagic20 = 0xfffffff1;
constexpr uint64_t kMaxFunctions = 4'000'000;

uint64_t section_address(const ElfFile& file, std::string_view suffix) {
  const auto found =
      std::ranges::find_if(file.sections, [&](const Section& section) { return section.name.ends_with(suffix); });
  return found == file.sections.end() ? 0 : found->address;
}

bool is_magic(uint64_t word) {
  return word == kMagic16 || word == kMagic18 || word == kMagic20;
}

/// Where a table begins that a linker has put into another section, as lld does: by its head, which has two zeros, the
/// least size of an instruction and the size of a pointer behind the magic.
uint64_t find_table(const ElfFile& file) {
  const bool go = section_address(file, ".go.buildinfo") != 0 || section_address(file, ".note.go.buildid") != 0;
  if (!go) return 0;
  constexpr uint64_t kHead = uint64_t{0x0801} << 48;
  for (const Segment& segment : file.segments) {
    const std::span<const uint8_t> bytes = file.at(segment.address);
    for (size_t at = (8 - segment.address % 8) % 8; at + 64 <= bytes.size(); at += 8) {
      uint64_t head = 0;
      std::memcpy(&head, bytes.data() + at, sizeof head);
      if ((head & ~uint64_t{UINT32_MAX}) == kHead && is_magic(head & UINT32_MAX)) return segment.address + at;
    }
  }
  return 0;
}

/// The table's own address of the code; in a program at any address a relocation fills it in.
uint64_t text_address(const ElfFile& file, uint64_t place) {
  const auto found = std::ranges::find(file.relocations, place, &Relocation::offset);
  const uint64_t text = found == file.relocations.end() ? file.word(place, 8) : static_cast<uint64_t>(found->addend);
  return text != 0 ? text : section_address(file, ".text");
}

}  // namespace

std::vector<GoFunction> read_go_functions(const ElfFile& file) {
  std::vector<GoFunction> functions;
  uint64_t table = section_address(file, ".gopclntab");
  if (table == 0) table = find_table(file);
  if (table == 0) return functions;
  const uint64_t magic = file.word(table, 4);
  const bool short_entries = magic == kMagic18 || magic == kMagic20;
  if (!is_magic(magic)) return functions;
  const uint64_t count = std::min(file.word(table + 8, 8), kMaxFunctions);
  uint64_t next = table + 24;
  uint64_t text = 0;
  if (short_entries) {
    text = text_address(file, next);
    next += 8;
  }
  const uint64_t names = table + file.word(next, 8);
  const uint64_t entries = table + file.word(next + 32, 8);
  const unsigned word = short_entries ? 4 : 8;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t entry = entries + i * 2 * word;
    if (file.at(entry).size() < 3 * word) break;
    GoFunction function;
    function.begin = text + file.word(entry, word);
    function.end = text + file.word(entry + 2 * word, word);
    const uint64_t details = entries + file.word(entry + word, word);
    function.name = file.text(names + file.word(details + word, 4));
    if (function.end < function.begin || !file.is_code(function.begin)) continue;
    functions.push_back(function);
  }
  std::ranges::sort(functions, {}, &GoFunction::begin);
  return functions;
}

}  // namespace sandbox::scan
