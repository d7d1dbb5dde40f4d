#include "scan/data_objects.h"

#include <elf.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "scan/x86_instruction.h"

namespace sandbox::scan {
namespace {

constexpr uint64_t kAlignment = 32;
/// Entries of a table that are looked for, in units of kAlignment.
constexpr uint64_t kLargestEntry = 4;

void sort_uniquely(std::vector<uint64_t>& addresses) {
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
}

/// Whether code can get at all of a section from its beginning: linkers define __start_NAME for those whose names are
/// words of C. glibc only compares with the beginning of its vtables (libio/libioP.h).
bool is_one_object(const Section& section) {
  const std::string_view name = section.name;
  const auto in_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !section.executable && section.size >> 39 == 0 && !name.empty() && std::ranges::all_of(name, in_word) &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0 && name != "__libc_IO_vtables";
}

/// The objects that symbols name, and sections that are one, sorted; of one inside another, the outer one alone.
std::vector<Extent> named_objects(const ElfFile& elf, uint64_t base) {
  std::vector<Extent> all;
  for (const Section& section : elf.sections) {
    if (is_one_object(section)) all.push_back({base + section.address, base + section.address + section.size});
  }
  for (const std::vector<Symbol>* symbols : {&elf.symbols, &elf.debug_symbols}) {
    for (const Symbol& symbol : *symbols) {
      if (!symbol.defined || symbol.type != STT_OBJECT || symbol.size == 0 || symbol.size >> 39 != 0) continue;
      all.push_back({base + symbol.value, base + symbol.value + symbol.size});
    }
  }
  std::ranges::sort(
      all, [](const Extent& a, const Extent& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  std::vector<Extent> outer;
  for (const Extent& object : all) {
    if (outer.empty() || object.begin >= outer.back().end) {
      outer.push_back(object);
    } else {
      outer.back().end = std::max(outer.back().end, object.end);
    }
  }
  return outer;
}

}  // namespace

/// Addresses that instructions make, reached or not: a linear pass over the code.
void DataObjects::add_code_references(size_t file, std::vector<uint64_t>& cuts) {
  if (references_.size() <= file) references_.resize(file + 1);
  std::vector<uint64_t>& references = references_[file];
  const ElfFile& elf = image_.file(file);
  const uint64_t base = Image::base(file);
  for (const Extent& extent : elf.code) {
    for (uint64_t at = extent.begin; at < extent.end;) {
      const auto instruction = decode(elf.at(at), base + at);
      if (!instruction) {
        ++at;
        continue;
      }
      at += instruction->length;
      uint64_t address = 0;
      if (instruction->op == Op::kLea && instruction->memory.is_fixed()) {
        address = static_cast<uint64_t>(instruction->memory.displacement);
      } else if (!elf.position_independent && instruction->op == Op::kMoveImm) {
        address = static_cast<uint64_t>(instruction->immediate);
      }
      if (address == 0 || !image_.is_data(address)) continue;
      references.push_back(address);
      if (address % kAlignment == 0) cuts.push_back(address);
    }
  }
  sort_uniquely(references);
}

bool DataObjects::is_named(uint64_t address) {
  if (!image_.has_file(address)) return false;
  const size_t file = image_.file_of(address);
  cuts_of(file);
  return std::ranges::binary_search(objects_[file], address, {}, &Extent::begin);
}

uint64_t DataObjects::next_reference(uint64_t address) {
  if (!image_.has_file(address)) return UINT64_MAX;
  const size_t file = image_.file_of(address);
  cuts_of(file);
  const std::vector<uint64_t>& references = references_[file];
  const auto next = std::ranges::upper_bound(references, address);
  return next == references.end() ? UINT64_MAX : *next;
}

bool DataObjects::is_inside_table(uint64_t address) const {
  const auto functions_in = [&](const Extent& extent) {
    std::vector<uint64_t> places;
    for (const Pointer& pointer : image_.pointers_in(extent)) {
      if (image_.is_code(pointer.target)) places.push_back(pointer.place - extent.begin);
    }
    return places;
  };
  for (uint64_t size = kAlignment; size <= kLargestEntry * kAlignment; size += kAlignment) {
    const std::vector<uint64_t> before = functions_in({address - size, address});
    if (!before.empty() && before == functions_in({address, address + size})) return true;
  }
  return false;
}

const std::vector<uint64_t>& DataObjects::cuts_of(size_t file) {
  if (cuts_.size() <= file) cuts_.resize(file + 1);
  std::vector<uint64_t>& cuts = cuts_[file];
  if (!cuts.empty()) return cuts;
  const ElfFile& elf = image_.file(file);
  const uint64_t base = Image::base(file);
  for (const Pointer& pointer : image_.pointers()) {
    const bool own = image_.file_of(pointer.target) == file;
    if (own && pointer.target % kAlignment == 0 && image_.is_data(pointer.target)) cuts.push_back(pointer.target);
  }
  add_code_references(file, cuts);
  sort_uniquely(cuts);  // Most are held in many places, and each is judged once.
  std::erase_if(cuts, [&](uint64_t cut) { return is_inside_table(cut); });
  for (const Segment& segment : elf.segments) {
    cuts.push_back(base + segment.address);
    cuts.push_back(base + segment.address + segment.memory_size);
  }
  for (const Section& section : elf.sections) {
    cuts.push_back(base + section.address);
    cuts.push_back(base + section.address + section.size);
  }
  elf.give_back();  // Most of its code will not be looked at again.
  std::vector<Extent> objects = named_objects(elf, base);
  if (objects_.size() < image_.file_count()) objects_.resize(image_.file_count());
  objects_[file] = objects;
  // What stands inside an object that has a name is no beginning.
  std::erase_if(cuts, [&](uint64_t cut) {
    const auto next = std::ranges::upper_bound(objects, cut, {}, &Extent::begin);
    return next != objects.begin() && (next - 1)->contains(cut) && (next - 1)->begin != cut;
  });
  for (const Extent& object : objects) cuts.insert(cuts.end(), {object.begin, object.end});
  sort_uniquely(cuts);
  return cuts;
}

bool DataObjects::is_linkers(uint64_t address) const {
  if (!image_.has_file(address)) return false;
  const size_t file = image_.file_of(address);
  const auto holds = [&](const Section& section) {
    const bool linkers = section.name == ".got" || section.name == ".got.plt" || section.name == ".dynamic";
    return linkers && address - Image::base(file) - section.address < section.size;
  };
  return std::ranges::any_of(image_.file(file).sections, holds);
}

Extent DataObjects::object_at(uint64_t address) {
  if (!image_.has_file(address)) return {address, address + 1};
  const std::vector<uint64_t>& cuts = cuts_of(image_.file_of(address));
  const auto next = std::ranges::upper_bound(cuts, address);
  Extent extent{address, next == cuts.end() ? address + 1 : *next};
  if (next != cuts.begin()) extent.begin = *(next - 1);
  return extent;
}

}  // namespace sandbox::scan
