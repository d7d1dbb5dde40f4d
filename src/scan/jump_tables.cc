#include "scan/jump_tables.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace sandbox::scan {
namespace {

constexpr uint64_t kMaxEntries = 16384;
constexpr uint64_t kMaxUnboundedEntries = 1024;
constexpr uint64_t kNearby = uint64_t{1} << 20;

constexpr uint64_t kWindow = 4096;  ///< Where branches are looked for if nothing tells a function's ends.

constexpr unsigned kAbove = 0x7;  // The conditions ja and jae.
constexpr unsigned kAboveOrEqual = 0x3;

/// What was found out about a jump: entries at table + index * size, and for `relative` ones added to the table.
struct Shape {
  std::vector<uint64_t> tables;
  uint8_t index = kNoRegister;
  size_t index_read_at = 0;  ///< The place in `recent` where the index is read.
  bool relative = true;
};

class Finder {
 public:
  Finder(const Image& image, FunctionFacts& facts, std::span<const Instruction> recent, const Extent& function)
      : image_(image), facts_(facts), recent_(recent), function_(function) {}

  JumpTable run() {
    JumpTable result;
    const Instruction& jump = recent_.back();
    Shape shape;
    if (jump.memory.present) {
      if (!absolute(jump, recent_.size() - 1, shape)) return result;
    } else if (!from_register(jump, shape, result.incomplete)) {
      return result;
    }
    const std::optional<Bound> bound = bound_of(shape);
    read_all(shape, bound ? std::optional(bound->entries) : std::nullopt, result);
    // The switch itself may lead behind the comparison: the bound was not that of all ways.
    if (bound && std::ranges::any_of(result.targets, [&](uint64_t to) { return is_behind(*bound, to); })) {
      result.targets.clear();
      read_all(shape, std::nullopt, result);
    }
    if (result.targets.empty()) result.incomplete = true;
    return result;
  }

  std::vector<uint64_t> run_distances() {
    const Instruction& last = recent_.back();
    Shape shape;
    bool incomplete = false;
    if (last.op == Op::kLoad) {
      shape.index = last.memory.index;
      shape.index_read_at = recent_.size() - 1;
      shape.tables = tables_in(last.memory.base, recent_.size() - 1);
    } else if (!from_sum(recent_.size() - 1, shape, incomplete)) {
      return {};
    }
    std::vector<uint64_t> found;
    const std::optional<Bound> bound = bound_of(shape);
    for (const uint64_t table : shape.tables) {
      const uint64_t file = image_.file_of(table);
      const uint64_t end = bound ? UINT64_MAX : facts_.objects().next_reference(table);
      const uint64_t limit = bound ? std::min(bound->entries, kMaxEntries) : kMaxUnboundedEntries;
      for (uint64_t i = 0; table + i * 4 < end && i < limit; ++i) {
        const auto target = relative_entry(table, i);
        if (!target || image_.file_of(*target) != file || !is_in_file(*target)) break;
        found.push_back(*target);
      }
    }
    return found;
  }

 private:
  /// How many entries the table has, by a comparison: so many if control comes from there.
  struct Bound {
    uint64_t entries = 0;
    uint64_t compared_at = 0;
  };

  /// Whether control that comes to an address misses what was compared before the jump.
  [[nodiscard]] bool is_behind(const Bound& bound, uint64_t address) const {
    return address > bound.compared_at && address <= recent_.back().address;
  }

  /// Whether a branch or jump leads between an instruction and the one that jumps by the table.
  [[nodiscard]] bool is_entered_behind(uint64_t address) const {
    const auto between = [&](uint64_t target) { return target > address && target <= recent_.back().address; };
    if (function_.end != 0) {
      const std::vector<uint64_t>& targets = facts_.of(function_).targets;
      const auto next = std::ranges::upper_bound(targets, address);
      return next != targets.end() && between(*next);
    }
    for (uint64_t at = address - std::min(address & 0xffffff, kWindow); at < recent_.back().address + kWindow;) {
      const auto instruction = decode(image_.at(at), at);
      const bool direct = instruction && (instruction->flow == Flow::kBranch || instruction->flow == Flow::kJump);
      if (direct && between(instruction->target)) return true;
      at = instruction ? instruction->end() : at + 1;
    }
    return false;
  }

  static bool may_change(const Instruction& at, uint8_t reg) {
    constexpr uint16_t kKept = 1U << kRbx | 1U << kRbp | 1U << kRsp | 1U << kR12 | 1U << kR13 | 1U << kR14 | 1U << kR15;
    const bool call = at.flow == Flow::kCall || at.flow == Flow::kIndirectCall;
    return at.writes_register(reg) || (call && reg < 16 && (kKept >> reg & 1) == 0);
  }

  /// The last instruction before place `before` that changes the register; its place.
  [[nodiscard]] std::optional<size_t> definition(uint8_t reg, size_t before) const {
    for (size_t i = before; i-- > 0;) {
      if (may_change(recent_[i], reg)) return i;
    }
    return std::nullopt;
  }

  /// Entries that are addresses: [table + index * 8].
  bool absolute(const Instruction& read, size_t place, Shape& shape) const {
    const Memory& memory = read.memory;
    if (memory.index == kNoRegister || memory.scale != 8) return false;
    shape.relative = false;
    shape.index = memory.index;
    shape.index_read_at = place;
    if (memory.base == kNoRegister) {
      shape.tables = {static_cast<uint64_t>(memory.displacement)};
      return true;
    }
    const auto at = definition(memory.base, place);
    if (!at || recent_[*at].op != Op::kLea || !recent_[*at].memory.is_fixed()) return false;
    shape.tables = {static_cast<uint64_t>(recent_[*at].memory.displacement + memory.displacement)};
    return true;
  }

  /// jmp reg, with reg made of a table's entry and the table's own address. What was loaded by itself, or returned, is
  /// a function's address, or one that stands in data; of all else nothing is known.
  bool from_register(const Instruction& jump, Shape& shape, bool& incomplete) const {
    uint8_t reg = jump.reg;
    incomplete = true;
    for (size_t before = recent_.size() - 1;;) {
      const auto place = definition(reg, before);
      if (!place) return false;
      const Instruction& made = recent_[*place];
      const bool call = made.flow == Flow::kCall || made.flow == Flow::kIndirectCall;
      const bool address = (made.op == Op::kLea && made.memory.is_fixed()) || made.op == Op::kMoveImm;
      if (made.op == Op::kLoad || made.op == Op::kPop || call || address) {
        incomplete = false;
        return made.op == Op::kLoad && absolute(made, *place, shape);
      }
      if (made.op != Op::kMove || made.width != 8) {
        incomplete = function_.end != 0;  // All of the function counts as reached then.
        return from_sum(*place, shape, incomplete);
      }
      reg = made.source;
      before = *place;
    }
  }

  /// The sum of an entry and its table's address.
  bool from_sum(size_t sum, Shape& shape, bool& incomplete) const {
    const Instruction& made = recent_[sum];
    uint8_t one = kNoRegister;
    uint8_t other = kNoRegister;
    if (made.op == Op::kAdd) {
      one = made.reg;
      other = made.source;
    } else if (made.op == Op::kLea && made.memory.base != kRipRegister && made.memory.scale == 1) {
      one = made.memory.base;
      other = made.memory.index;
    } else {
      return false;
    }
    incomplete = true;  // Until the table is found.
    for (const uint8_t entry : {one, other}) {
      const auto load = definition(entry, sum);
      if (!load || recent_[*load].op != Op::kLoad || recent_[*load].source_width != 4) continue;
      const Memory& memory = recent_[*load].memory;
      if (memory.scale != 4 || memory.index == kNoRegister) continue;
      if (!are_same(memory.base, *load, entry == one ? other : one, sum)) continue;  // Added to something else.
      // With a displacement the index does not count from the table's beginning.
      shape.index = memory.displacement == 0 ? memory.index : kNoRegister;
      shape.index_read_at = *load;
      shape.tables = tables_in(memory.base, *load);
      incomplete = shape.tables.empty();
      return !incomplete;
    }
    return false;
  }

  /// Whether one register holds at one place what another holds at a later one.
  [[nodiscard]] bool are_same(uint8_t one, size_t at, uint8_t other, size_t later) const {
    const auto set = [&](uint8_t reg, size_t before) -> std::optional<uint64_t> {
      const auto place = definition(reg, before);
      if (!place || recent_[*place].op != Op::kLea || !recent_[*place].memory.is_fixed()) return std::nullopt;
      return static_cast<uint64_t>(recent_[*place].memory.displacement);
    };
    const auto value = set(one, at);
    if (value) return value == set(other, later);
    return one == other && definition(one, at) == definition(other, later);
  }

  /// What a register that holds a table's address may hold: where it was set just before, that; else each address of
  /// data that the function ever puts into it, or into any register if it is copied.
  [[nodiscard]] std::vector<uint64_t> tables_in(uint8_t reg, size_t before) const {
    if (const auto at = definition(reg, before)) {
      const Instruction& made = recent_[*at];
      const bool only = made.op == Op::kLea && made.memory.is_fixed() && !is_entered_behind(made.address);
      if (only) return {static_cast<uint64_t>(made.memory.displacement)};
    }
    std::vector<uint64_t> tables;
    if (function_.end == 0) {  // All that code in front of it puts there.
      for (uint64_t at = recent_.back().address - std::min(recent_.back().address & 0xffffff, kWindow * 4);
           at < recent_.back().address;) {
        const auto made = decode(image_.at(at), at);
        const bool fits = made && made->op == Op::kLea && made->memory.is_fixed() && made->reg == reg;
        if (fits) tables.push_back(static_cast<uint64_t>(made->memory.displacement));
        at = made ? made->end() : at + 1;
      }
      return tables;
    }
    const FunctionFacts::Facts& facts = facts_.of(function_);
    for (const auto& [address, holder] : facts.constants) {
      if (holder == reg || (reg < 16 && (facts.copied >> reg & 1) != 0)) tables.push_back(address);
    }
    return tables;
  }

  /// How many entries there are, if the index was compared just before: "cmp index, 7; ja default".
  [[nodiscard]] std::optional<Bound> bound_of(const Shape& shape) const {
    uint8_t index = shape.index;
    if (index == kNoRegister) return std::nullopt;
    std::optional<Bound> by_mask;
    unsigned least_width = 1;  // Of a comparison behind which the low bytes alone were kept.
    for (size_t i = shape.index_read_at; i-- > 0;) {
      const Instruction& at = recent_[i];
      std::optional<uint64_t> entries;
      if (at.op == Op::kCompare && at.reg == index && at.immediate >= 0 && i + 1 < recent_.size()) {
        entries = bound_of(at, recent_[i + 1]);
        if (!entries || at.width < least_width) return by_mask;
      }
      if (at.op == Op::kAndImm && at.reg == index && at.immediate >= 0) {
        entries = static_cast<uint64_t>(at.immediate) + 1;
        // What widens a byte or a word comes behind its comparison, as Free Pascal writes it.
        const bool widens = !by_mask && at.width == 4 && (at.immediate == 0xff || at.immediate == 0xffff);
        if (widens && !is_entered_behind(at.address)) {
          by_mask = Bound{*entries, at.address};
          least_width = at.immediate == 0xff ? 1 : 2;
          continue;
        }
      }
      if (entries && by_mask && (*entries >= by_mask->entries || is_entered_behind(at.address))) return by_mask;
      if (entries) return is_entered_behind(at.address) ? std::nullopt : std::optional(Bound{*entries, at.address});
      if (!may_change(at, index)) continue;
      if (by_mask) return by_mask;
      if (at.op == Op::kLoad && at.source_width >= 1) return bound_of_memory(i);
      const bool copies = (at.op == Op::kMove && !at.sign_extends) || (at.op == Op::kMove && at.source_width >= 4);
      if (!copies) return std::nullopt;
      // The branch may be between the copy and the comparison of the original.
      index = at.source;
    }
    return by_mask;
  }

  /// The same where memory was compared, and then read: "cmpl $7, 8(%rbx); ja default; mov 8(%rbx), %eax".
  [[nodiscard]] std::optional<Bound> bound_of_memory(size_t load) const {
    const Memory& read = recent_[load].memory;
    if (read.segment || read.index != kNoRegister) return std::nullopt;
    for (size_t i = load; i-- > 0;) {
      const Instruction& at = recent_[i];
      const bool same = at.memory.present && !at.memory.segment && at.memory.base == read.base &&
                        at.memory.index == kNoRegister && at.memory.displacement == read.displacement;
      if (at.op == Op::kCompare && same && at.width == recent_[load].source_width && at.immediate >= 0) {
        const auto entries = bound_of(at, recent_[i + 1]);
        if (!entries || is_entered_behind(at.address)) return std::nullopt;
        return Bound{*entries, at.address};
      }
      const bool call = at.flow == Flow::kCall || at.flow == Flow::kIndirectCall;
      if (at.writes_memory || call || may_change(at, read.base)) return std::nullopt;
    }
    return std::nullopt;
  }

  static std::optional<uint64_t> bound_of(const Instruction& compare, const Instruction& branch) {
    if (branch.flow != Flow::kBranch) return std::nullopt;
    const auto limit = static_cast<uint64_t>(compare.immediate);
    const unsigned condition = branch.opcode & 0xf;
    if (condition == kAbove) return limit + 1;
    if (condition == kAboveOrEqual) return limit;
    return std::nullopt;
  }

  [[nodiscard]] bool is_plausible(uint64_t target) const {
    if (!image_.is_code(target)) return false;
    if (function_.end == 0)
      return target + kNearby > recent_.back().address && target < recent_.back().address + kNearby;
    if (!function_.contains(target)) return is_boundary_elsewhere(target);
    return is_boundary(function_, target);
  }

  /// In a function's cold part, which has a frame of its own.
  [[nodiscard]] bool is_boundary_elsewhere(uint64_t target) const {
    const ElfFile& file = image_.file(image_.file_of(target));
    const uint64_t base = Image::base(image_.file_of(target));
    const auto next = std::ranges::upper_bound(file.frames, target - base, {}, &FrameEntry::begin);
    if (next == file.frames.begin()) return false;
    const FrameEntry& frame = *(next - 1);
    if (target - base >= frame.end) return false;
    return is_boundary({base + frame.begin, base + frame.end}, target);
  }

  [[nodiscard]] bool is_boundary(const Extent& function, uint64_t target) const {
    return std::ranges::binary_search(facts_.of(function).boundaries, target);
  }

  /// Reads all that may be the table. One that is read to its end will be it.
  void read_all(const Shape& shape, std::optional<uint64_t> bound, JumpTable& result) const {
    result.incomplete = true;
    for (const uint64_t table : shape.tables) {
      if (read(table, shape.relative, bound, result.targets)) result.incomplete = false;
    }
  }

  /// Whether the end was found.
  bool read(uint64_t table, bool relative, std::optional<uint64_t> bound, std::vector<uint64_t>& targets) const {
    const uint64_t limit = bound ? std::min(*bound, kMaxEntries) : kMaxUnboundedEntries;
    // Where the next table or text begins, which code has the address of.
    const uint64_t end = bound ? UINT64_MAX : facts_.objects().next_reference(table);
    for (uint64_t i = 0; i < limit; ++i) {
      if (table + i * (relative ? 4 : 8) >= end) return i > 0;
      const auto target = relative ? relative_entry(table, i) : absolute_entry(table, i);
      const bool fits = target && is_plausible(*target);
      // Entries that cannot occur are 0, or lead behind the function's end.
      const bool behind = target && function_.end != 0 && *target == function_.end;
      const bool nowhere = behind || (relative && target == table);
      if (!fits && !nowhere) return !bound && i > 0;
      if (!nowhere) targets.push_back(*target);
    }
    return bound && *bound == limit;
  }

  [[nodiscard]] bool is_in_file(uint64_t target) const { return image_.is_code(target) || image_.is_data(target); }

  [[nodiscard]] std::optional<uint64_t> relative_entry(uint64_t table, uint64_t i) const {
    const std::span<const uint8_t> bytes = image_.at(table + i * 4);
    if (bytes.size() < 4) return std::nullopt;
    int32_t offset;
    std::memcpy(&offset, bytes.data(), 4);
    return table + static_cast<uint64_t>(int64_t{offset});
  }

  [[nodiscard]] std::optional<uint64_t> absolute_entry(uint64_t table, uint64_t i) const {
    const std::span<const Pointer> pointers = image_.pointers_in({table + i * 8, table + i * 8 + 1});
    if (!pointers.empty()) return pointers.front().target;
    return std::nullopt;
  }

  const Image& image_;
  FunctionFacts& facts_;
  std::span<const Instruction> recent_;
  const Extent& function_;
};

}  // namespace

const FunctionFacts::Facts& FunctionFacts::of(const Extent& function) {
  constexpr size_t kMaxKept = 256;
  if (known_.size() >= kMaxKept && !known_.contains(function.begin)) known_.clear();
  const auto [it, is_new] = known_.try_emplace(function.begin);
  Facts& facts = it->second;
  if (!is_new) return facts;
  for (uint64_t at = function.begin; at < function.end;) {
    facts.boundaries.push_back(at);
    const auto instruction = decode(image_.at(at), at);
    if (!instruction) break;
    at = instruction->end();
    const bool direct = instruction->flow == Flow::kBranch || instruction->flow == Flow::kJump;
    if (direct) facts.targets.push_back(instruction->target);
    const auto address = static_cast<uint64_t>(instruction->memory.displacement);
    const bool from_stack =
        instruction->op == Op::kLoad && (instruction->memory.base == kRsp || instruction->memory.base == kRbp);
    if ((instruction->op == Op::kMove || from_stack) && instruction->width == 8 && instruction->reg < 16)
      facts.copied |= static_cast<uint16_t>(1U << instruction->reg);
    if (instruction->op != Op::kLea || !instruction->memory.is_fixed()) continue;
    if (image_.is_data(address) && !image_.is_writable(address))
      facts.constants.emplace_back(address, instruction->reg);
  }
  std::ranges::sort(facts.targets);
  std::ranges::sort(facts.constants);
  facts.constants.erase(std::unique(facts.constants.begin(), facts.constants.end()), facts.constants.end());
  return facts;
}

JumpTable find_jump_table(const Image& image, FunctionFacts& facts, std::span<const Instruction> recent,
                          const Extent& function) {
  if (recent.empty()) return {};
  return Finder(image, facts, recent, function).run();
}

std::vector<uint64_t> find_distances(const Image& image, FunctionFacts& facts, std::span<const Instruction> recent,
                                     const Extent& function) {
  if (recent.empty()) return {};
  return Finder(image, facts, recent, function).run_distances();
}

}  // namespace sandbox::scan
