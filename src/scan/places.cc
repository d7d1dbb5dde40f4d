#include "scan/places.h"

#include <elf.h>

#include <algorithm>

#include "base/text.h"

namespace sandbox::scan {

std::string CodePlace::text() const {
  const size_t slash = file.rfind('/');
  const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  if (function.empty()) return printable(name) + "+" + hex(offset);
  return printable(name) + ": " + printable(function, 200) + (offset == 0 ? "" : "+" + hex(offset));
}

const Places::Names& Places::names_of(size_t file) {
  const auto [it, is_new] = names_.try_emplace(file);
  Names& names = it->second;
  if (!is_new) return names;
  const ElfFile& elf = image_.file(file);
  for (const std::vector<Symbol>* symbols : {&elf.symbols, &elf.debug_symbols}) {
    for (const Symbol& symbol : *symbols) {
      const bool function = symbol.type == STT_FUNC || symbol.type == STT_GNU_IFUNC;
      if (symbol.defined && function && !symbol.name.empty()) names.emplace_back(symbol.value, symbol.name);
    }
  }
  for (const GoFunction& function : elf.go_functions) names.emplace_back(function.begin, function.name);
  std::ranges::sort(names);
  return names;
}

CodePlace Places::at(uint64_t address) {
  const size_t file = image_.file_of(address);
  const uint64_t own = address - Image::base(file);
  CodePlace place{image_.file(file).path, {}, own};
  const Names& names = names_of(file);
  const auto next = std::ranges::upper_bound(names, own, {}, [](const auto& entry) { return entry.first; });
  if (next == names.begin()) return place;
  // Where there are frames, a name holds for its own function alone.
  const std::vector<FrameEntry>& frames = image_.file(file).frames;
  const auto frame = std::ranges::upper_bound(frames, own, {}, &FrameEntry::begin);
  const uint64_t begin = (next - 1)->first;
  if (frame != frames.begin() && (frame - 1)->begin > begin) return place;
  place.function = (next - 1)->second;
  place.offset = own - begin;
  return place;
}

}  // namespace sandbox::scan
