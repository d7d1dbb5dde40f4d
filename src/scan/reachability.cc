#include "scan/reachability.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "scan/eh_frame.h"

namespace sandbox::scan {
namespace {

/// How many of the last instructions are kept, in which a jump table is recognised.
constexpr size_t kRecent = 24;
constexpr size_t kMaxStretchesBack = 8;
constexpr size_t kGiveBackEvery = 10'000;  ///< Functions.
/// The page at which old programs call gettimeofday, time and getcpu.
bool is_vsyscall(uint64_t address) {
  constexpr uint64_t kPage = 0xffffffffff600000;
  return address == kPage || address == kPage + 0x400 || address == kPage + 0x800;
}

constexpr size_t kMaxUses = 3000;  ///< Instructions that are looked at for the uses of a register.

}  // namespace

Reachability::Reachability(Image& image) : image_(image), objects_(image), facts_(image, objects_) {}

// ---- The code of the files ----

Reachability::CodeMap* Reachability::map_of(uint64_t address) {
  const size_t file = image_.file_of(address);
  if (file >= image_.file_count()) return nullptr;
  if (maps_.size() < image_.file_count()) {
    maps_.resize(image_.file_count());
    starts_.resize(image_.file_count());
  }
  std::vector<CodeMap>& maps = maps_[file];
  if (maps.empty()) {
    const uint64_t base = Image::base(file);
    for (const Extent& extent : image_.file(file).code) {
      if (extent.end <= extent.begin) continue;
      const size_t size = std::min<size_t>(extent.end - extent.begin, image_.file(file).at(extent.begin).size());
      maps.push_back(
          {base + extent.begin, base + extent.begin + size, std::vector<bool>(size), std::vector<bool>(size)});
    }
    for (const FrameEntry& frame : image_.file(file).frames) starts_[file].insert(base + frame.begin);
    for (const std::vector<Symbol>* symbols : {&image_.file(file).symbols, &image_.file(file).debug_symbols}) {
      for (const Symbol& symbol : *symbols) {
        if (symbol.defined && (symbol.type == STT_FUNC || symbol.type == STT_GNU_IFUNC))
          starts_[file].insert(base + symbol.value);
      }
    }
    for (const GoFunction& function : image_.file(file).go_functions) starts_[file].insert(base + function.begin);
  }
  for (CodeMap& map : maps) {
    if (address >= map.begin && address < map.end) return &map;
  }
  return nullptr;
}

const Reachability::CodeMap* Reachability::map_of(uint64_t address) const {
  return const_cast<Reachability*>(this)->map_of(address);
}

bool Reachability::is_function_start(uint64_t address) const {
  return map_of(address) != nullptr && starts_[image_.file_of(address)].contains(address);
}

const FrameEntry* Reachability::frame_of(uint64_t address) const {
  const std::vector<FrameEntry>& frames = image_.file(image_.file_of(address)).frames;
  const uint64_t own = address - Image::base(image_.file_of(address));
  const auto next = std::ranges::upper_bound(frames, own, {}, &FrameEntry::begin);
  if (next == frames.begin() || own >= (next - 1)->end) return nullptr;
  return &*(next - 1);
}

Extent Reachability::frame_at(uint64_t address) const {
  const uint64_t base = Image::base(image_.file_of(address));
  if (const FrameEntry* frame = frame_of(address)) return {base + frame->begin, base + frame->end};
  if (const GoFunction* function = go_entry_at(address)) return {base + function->begin, base + function->end};
  return {};
}

const GoFunction* Reachability::go_entry_at(uint64_t address) const {
  const std::vector<GoFunction>& all = image_.file(image_.file_of(address)).go_functions;
  const uint64_t own = address - Image::base(image_.file_of(address));
  const auto next = std::ranges::upper_bound(all, own, {}, &GoFunction::begin);
  return next != all.begin() && own < (next - 1)->end ? &*(next - 1) : nullptr;
}

bool Reachability::is_go_code(uint64_t address) const {
  return go_entry_at(address) != nullptr;
}

bool Reachability::is_linkers_slot(const Instruction& instruction) const {
  if (slot_targets(instruction).empty()) return false;
  const auto place = static_cast<uint64_t>(instruction.memory.displacement);
  return objects_.is_linkers(place) || !image_.is_writable(place);
}

/// "os/exec.(*Cmd).Start", "syscall.Errno.Error": two dots behind the package's path.
bool Reachability::is_go_method(uint64_t address) const {
  const std::vector<GoFunction>& all = image_.file(image_.file_of(address)).go_functions;
  const auto own =
      std::ranges::lower_bound(all, address - Image::base(image_.file_of(address)), {}, &GoFunction::begin);
  if (own == all.end() || Image::base(image_.file_of(address)) + own->begin != address) return false;
  const std::string_view path = own->name.substr(0, own->name.find('['));
  return std::ranges::count(own->name.substr(path.rfind('/') + 1), '.') > 1;
}

std::optional<Instruction> Reachability::instruction_at(uint64_t address) const {
  return decode(image_.at(address), address);
}

/// A call at the end of a function does not return. Other instructions run on: the frame of clone3 ends before its
/// system call.
bool Reachability::goes_on(const Instruction& instruction) const {
  if (!instruction.falls_through()) return false;
  if (instruction.flow != Flow::kCall && instruction.flow != Flow::kIndirectCall) return true;
  if (is_function_start(instruction.end())) return false;
  const FrameEntry* frame = frame_of(instruction.address);
  return frame == nullptr || instruction.end() != Image::base(image_.file_of(instruction.address)) + frame->end;
}

// ---- What is reached ----

void Reachability::add_entry(uint64_t address, Reason reason, std::string_view what) {
  reach_function(address, reason, 0, 0, what);
  open_.insert(address);
}

void Reachability::reach_function(uint64_t address, Reason reason, uint64_t site, uint64_t caller,
                                  std::string_view what) {
  if (map_of(address) == nullptr) return;
  const bool called = reason == Reason::kCall || reason == Reason::kJump;
  if (called && held_.contains(address)) {
    held_calls_.push_back({address, site, caller, reason});
    return;
  }
  const auto [it, is_new] = functions_.try_emplace(address, ReachedFunction{site, caller, reason, what, round_});
  if (is_new) queue_.push_back(address);
}

bool Reachability::release() {
  held_.clear();
  for (const HeldCall& call : held_calls_) reach_function(call.function, call.reason, call.site, call.caller);
  return !std::exchange(held_calls_, {}).empty();
}

void Reachability::run() {
  ++round_;
  while (!queue_.empty()) {
    const uint64_t function = queue_.front();
    queue_.pop_front();
    follow(function);
    if (++followed_ % kGiveBackEvery != 0) continue;
    for (size_t i = 0; i < image_.file_count(); ++i) image_.file(i).give_back();
  }
}

void Reachability::follow(uint64_t function) {
  inside_.push_back({function, function});
  while (!inside_.empty()) {
    const Work work = inside_.back();
    inside_.pop_back();
    follow_stretch(work.address, work.function);
  }
}

/// Instructions one behind the other, until control does not go on or was here before.
void Reachability::follow_stretch(uint64_t begin, uint64_t function) {
  CodeMap* map = map_of(begin);
  if (map == nullptr) return;
  map->leader[begin - map->begin] = true;
  recent_.clear();
  if (const FrameEntry* frame = frame_of(begin)) add_landing_pads(*frame, image_.file_of(begin), function);
  for (uint64_t at = begin; at >= map->begin && at < map->end;) {
    if (map->visited[at - map->begin]) return;
    const auto instruction = instruction_at(at);
    map->visited[at - map->begin] = true;
    if (!instruction) {
      // Where the frame's instructions do not lead, it is data that was taken for code.
      const Extent extent = frame_at(at);
      const bool is_code = extent.end != 0 && std::ranges::binary_search(facts_.of(extent).boundaries, at);
      if (is_code) unknown_code_.push_back(at);
      return;
    }
    remember(*instruction);
    take(*instruction, function);
    if (!goes_on(*instruction)) return;
    at = instruction->end();
  }
}

void Reachability::remember(const Instruction& instruction) {
  if (recent_.size() == kRecent) recent_.erase(recent_.begin());
  recent_.push_back(instruction);
}

/// All instructions of a function, whether a path leads to them or not.
void Reachability::sweep(const Extent& extent, uint64_t function) {
  CodeMap* map = map_of(extent.begin);
  if (map == nullptr) return;
  bool leads = true;
  for (uint64_t at = extent.begin; at < extent.end && at < map->end;) {
    if (leads) map->leader[at - map->begin] = true;
    const auto instruction = instruction_at(at);
    if (!instruction) {
      ++at;
      leads = true;
      continue;
    }
    if (!map->visited[at - map->begin]) {
      map->visited[at - map->begin] = true;
      if (leads) recent_.clear();
      remember(*instruction);
      take(*instruction, function);
    }
    leads = !goes_on(*instruction);
    at = instruction->end();
  }
}

void Reachability::add_landing_pads(const FrameEntry& frame, uint64_t file, uint64_t function) {
  if (frame.language_data == 0 && frame.personality == 0) return;
  const uint64_t base = Image::base(file);
  if (!unwound_.insert(base + frame.begin).second) return;
  for (const uint64_t pad : landing_pads(image_.file(file), frame)) {
    open_.insert(base + pad);
    inside_.push_back({base + pad, function});
  }
  if (frame.personality == 0) return;
  const uint64_t personality = base + frame.personality;
  if (image_.is_code(personality)) {
    take_address(personality, base + frame.begin, function);
  } else {
    take_pointers({personality, personality + 8}, base + frame.begin, function);
  }
}

void Reachability::take(const Instruction& instruction, uint64_t function) {
  take_flow(instruction, function);
  take_memory(instruction, function);
  take_relative(instruction, function);
  for (const int64_t number : {instruction.immediate, instruction.memory.displacement}) {
    if (instruction.flow == Flow::kNext && is_vsyscall(static_cast<uint64_t>(number))) {
      vsyscalls_.push_back({instruction.address, function, static_cast<uint64_t>(number)});
    }
  }
  if (image_.has_pointers_in_code()) {
    for (const Pointer& pointer : image_.pointers_in({instruction.address, instruction.end()}))
      take_address(pointer.target, instruction.address, function);
  }
  if (image_.has_plain_addresses() && image_.file_of(instruction.address) == 0) take_plain(instruction, function);
}

/// In a program at fixed addresses any number may be an address.
void Reachability::take_plain(const Instruction& instruction, uint64_t function) {
  const auto is_address = [&](int64_t number) {
    return number > 0 && image_.file(0).segment_of(static_cast<uint64_t>(number)) != nullptr;
  };
  if (instruction.flow == Flow::kNext && is_address(instruction.immediate))
    take_address(static_cast<uint64_t>(instruction.immediate), instruction.address, function);
  const Memory& memory = instruction.memory;
  // What a jump table is for is found out elsewhere.
  if (!memory.present || memory.segment || memory.is_fixed() || instruction.flow == Flow::kIndirectJump) return;
  if (!is_address(memory.displacement)) return;
  const auto address = static_cast<uint64_t>(memory.displacement);
  if (memory.base != kNoRegister || memory.index != kNoRegister) {
    if (image_.is_code(address)) take_address(address, instruction.address, function);
    take_indexed(address, instruction.address, function);
  } else if (instruction.flow == Flow::kNext) {
    take_address(address, instruction.address, function);
  }
}

void Reachability::jump_to(uint64_t target, uint64_t site, uint64_t function) {
  CodeMap* map = map_of(target);
  if (map == nullptr) return;
  edges_.emplace_back(target, site, false);
  const bool same = frame_of(target) != nullptr && frame_of(target) == frame_of(site);
  if (!same && is_function_start(target)) {
    map->leader[target - map->begin] = true;
    reach_function(target, Reason::kJump, site, function);
    return;
  }
  map->leader[target - map->begin] = true;
  if (!map->visited[target - map->begin]) inside_.push_back({target, function});
}

void Reachability::take_flow(const Instruction& instruction, uint64_t function) {
  switch (instruction.flow) {
    case Flow::kJump:
    case Flow::kBranch:
      jump_to(instruction.target, instruction.address, function);
      break;
    case Flow::kCall:
      edges_.emplace_back(instruction.target, instruction.address, true);
      reach_function(instruction.target, Reason::kCall, instruction.address, function);
      break;
    case Flow::kIndirectCall:
    case Flow::kIndirectJump:
      for (const Pointer& pointer : slot_targets(instruction)) {
        const bool call = instruction.flow == Flow::kIndirectCall;
        edges_.emplace_back(pointer.target, instruction.address, call);
        reach_function(pointer.target, call ? Reason::kCall : Reason::kJump, instruction.address, function);
      }
      if (instruction.flow == Flow::kIndirectCall && slot_targets(instruction).empty()) {
        indirect_calls_.push_back(instruction.address);
      }
      if (instruction.flow == Flow::kIndirectJump) take_indirect_jump(instruction, function);
      break;
    case Flow::kSyscall:
    case Flow::kInt80:
    case Flow::kSysenter:
      kernel_calls_.push_back({instruction.address, function, instruction.flow});
      break;
    default:
      break;
  }
}

std::span<const Pointer> Reachability::slot_targets(const Instruction& instruction) const {
  const Memory& memory = instruction.memory;
  const bool plain = memory.present && !memory.segment && memory.base == kNoRegister && memory.index == kNoRegister;
  if (!memory.is_fixed() && !plain) return {};
  const auto place = static_cast<uint64_t>(memory.displacement);
  return image_.pointers_in({place, place + 1});
}

void Reachability::take_memory(const Instruction& instruction, uint64_t function) {
  const Memory& memory = instruction.memory;
  if (!memory.present || memory.segment) return;
  const auto place = static_cast<uint64_t>(memory.displacement);
  const bool indirect = instruction.flow == Flow::kIndirectCall || instruction.flow == Flow::kIndirectJump;
  if (instruction.op == Op::kLea) {
    if (!memory.is_fixed()) return;
    take_address(place, instruction.address, function);
    if (!image_.is_code(place) && is_indexed(instruction)) take_indexed(place, instruction.address, function);
    return;
  }
  if (memory.base == kNoRegister) take_copied({place, place + 1}, instruction.address, function);
  if (memory.base != kRipRegister) return;  // Plain addresses are seen by take().
  if (memory.index != kNoRegister) {
    take_object(place, instruction.address, function);
    return;
  }
  take_copied({place, place + instruction.memory_bytes}, instruction.address, function);
  if (instruction.writes_memory) stores_[place].push_back(instruction.address);
  if (indirect || instruction.op == Op::kStore || instruction.op == Op::kStoreImm) return;
  if (instruction.op == Op::kLoad && take_called_slot(instruction, function)) return;
  const uint64_t size = instruction.op == Op::kOther ? instruction.memory_bytes : 8;
  take_pointers({place, place + size}, instruction.address, function);
}

/// A function's address is loaded, and only called: then its callers are known. Compilers do it in loops, and Rust for
/// each function that may be missing.
bool Reachability::take_called_slot(const Instruction& load, uint64_t function) {
  const std::span<const Pointer> targets = slot_targets(load);
  if (targets.empty() || !image_.is_code(targets.front().target)) return false;
  const auto calls = only_calls(load);
  if (!calls) return false;
  for (const Instruction& call : *calls) {
    for (const Pointer& pointer : targets) {
      edges_.emplace_back(pointer.target, call.address, call.flow == Flow::kIndirectCall);
      reach_function(pointer.target, Reason::kCall, call.address, function);
    }
  }
  return true;
}

/// The calls through the register that is loaded, if nothing else is done with it. Only for registers that calls keep
/// and that no instruction uses without naming them.
std::optional<std::vector<Instruction>> Reachability::only_calls(const Instruction& load) const {
  constexpr uint16_t kNamed = 1U << kRbp | 1U << kR12 | 1U << kR13 | 1U << kR14 | 1U << kR15 | 1U << kRbx;
  if (load.width != 8 || load.reg >= 16 || (kNamed >> load.reg & 1) == 0) return std::nullopt;
  std::vector<Instruction> calls;
  std::unordered_set<uint64_t> seen;
  std::vector<uint64_t> work = {load.end()};
  if (const FrameEntry* frame = frame_of(load.address)) {  // A call may end in one of these.
    const size_t file = image_.file_of(load.address);
    for (const uint64_t pad : landing_pads(image_.file(file), *frame)) work.push_back(Image::base(file) + pad);
  }
  while (!work.empty()) {
    const uint64_t at = work.back();
    work.pop_back();
    if (!seen.insert(at).second) continue;
    const auto instruction = instruction_at(at);
    if (!instruction || seen.size() > kMaxUses) return std::nullopt;
    const bool indirect = instruction->flow == Flow::kIndirectCall || instruction->flow == Flow::kIndirectJump;
    const bool mentions = (instruction->mentions >> load.reg & 1) != 0;
    const bool replaced =
        instruction->writes_register(load.reg) &&
        (instruction->op == Op::kPop || instruction->op == Op::kLoad || instruction->op == Op::kMove ||
         instruction->op == Op::kLea || instruction->op == Op::kMoveImm || instruction->op == Op::kZero);
    const Memory& memory = instruction->memory;
    const bool in_address = memory.present && (memory.base == load.reg || memory.index == load.reg);
    const bool as_source = instruction->op == Op::kMove && instruction->source == load.reg;
    if (indirect && !memory.present && instruction->reg == load.reg) {
      calls.push_back(*instruction);
    } else if (replaced && !in_address && !as_source && instruction->width >= 4) {
      continue;
    } else if (mentions || instruction->writes_register(load.reg) || instruction->flow == Flow::kIndirectJump) {
      return std::nullopt;
    }
    if (instruction->flow == Flow::kJump || instruction->flow == Flow::kBranch) {
      const bool leaves = frame_of(instruction->target) == nullptr || is_function_start(instruction->target);
      if (leaves) return std::nullopt;
      work.push_back(instruction->target);
    }
    if (goes_on(*instruction)) work.push_back(instruction->end());
  }
  return calls;
}

void Reachability::take_address(uint64_t address, uint64_t site, uint64_t function) {
  if (image_.is_code(address)) {
    open_.insert(address);
    reach_function(address, Reason::kAddress, site, function);
  } else if (image_.is_data(address)) {
    take_object(address, site, function);
    return;
  }
  if (image_.is_code(address) && image_.is_data(address)) take_object(address, site, function);
}

void Reachability::take_object(uint64_t address, uint64_t site, uint64_t function) {
  if (!image_.is_data(address)) return;
  if (objects_.is_linkers(address)) return;
  addresses_taken_.insert(address);
  const Extent object = objects_.object_at(address);
  if (!objects_taken_.insert(object.begin).second) return;
  taken_extents_.emplace_back(object.begin, object.end);
  take_pointers(object, site, function);
  take_copied(object, site, function);
  for (const auto& [copy, original] : image_.copies()) {
    if (original.begin < object.end && object.begin < original.end) take_object(copy.begin, site, function);
  }
}

/// What the loader copies into the program's data from a library's.
void Reachability::take_copied(const Extent& extent, uint64_t site, uint64_t function) {
  for (const auto& [copy, original] : image_.copies()) {
    if (copy.begin < extent.end && extent.begin < copy.end) take_pointers(original, site, function);
  }
}

/// Data that code finds by an address and an index. What begins at [1] is found by an address in front of it, which is
/// in another object where symbols tell objects apart.
void Reachability::take_indexed(uint64_t address, uint64_t site, uint64_t function) {
  constexpr uint64_t kMaxAhead = 1024;
  if (!image_.has_file(address)) return;
  if (!image_.file(image_.file_of(address)).go_functions.empty()) {  // All of its functions are reached.
    take_object(address, site, function);
    return;
  }
  if (!image_.is_data(address)) {  // In front of a segment.
    const size_t file = image_.file_of(address);
    for (const Segment& segment : image_.file(file).segments) {
      const uint64_t begin = Image::base(file) + segment.address;
      if (begin > address && begin - address <= kMaxAhead) take_object(begin, site, function);
    }
    return;
  }
  if (objects_.is_linkers(address)) return;
  take_object(address, site, function);
  const Extent object = objects_.object_at(address);
  if (object.begin == address && object.end - address > 8) return;
  for (uint64_t next = object.end; next - address <= kMaxAhead && image_.is_data(next);) {
    if (objects_.is_named(next)) take_object(next, site, function);
    next = objects_.object_at(next).end;
  }
}

/// Whether something is added to the address that an instruction makes.
bool Reachability::is_indexed(const Instruction& made) const {
  constexpr unsigned kMaxLooked = 40;
  constexpr uint16_t kKept = 1U << kRbx | 1U << kRbp | 1U << kR12 | 1U << kR13 | 1U << kR14 | 1U << kR15;
  uint64_t at = made.end();
  for (unsigned i = 0; i < kMaxLooked; ++i) {
    const auto instruction = instruction_at(at);
    if (!instruction) return false;
    const Memory& memory = instruction->memory;
    const bool base = memory.present && memory.base == made.reg && memory.index != kNoRegister;
    const bool index = memory.present && memory.index == made.reg;
    const bool sum = instruction->op == Op::kAdd && (instruction->reg == made.reg || instruction->source == made.reg);
    if (base || index || sum) return true;
    const bool call = instruction->flow == Flow::kCall || instruction->flow == Flow::kIndirectCall;
    if (instruction->writes_register(made.reg) || (call && (kKept >> made.reg & 1) == 0) || !goes_on(*instruction)) {
      return false;
    }
    at = instruction->end();
  }
  return false;
}

/// Tables of distances: a number is read from a table, and the table's address added. LLVM makes them of a switch whose
/// cases are addresses of constants. Tables for jumps are read elsewhere.
void Reachability::take_relative(const Instruction& instruction, uint64_t function) {
  const Memory& memory = instruction.memory;
  const bool read = instruction.op == Op::kLoad && instruction.sign_extends && instruction.source_width == 4 &&
                    memory.base < 16 && memory.index < 16 && memory.scale == 4 && memory.displacement == 0;
  const bool sum = instruction.op == Op::kAdd || (instruction.op == Op::kLea && memory.base < 16 && memory.index < 16);
  if ((!read && !sum) || instruction.width != 8) return;
  if (const auto next = instruction_at(instruction.end()); sum && next && next->flow == Flow::kIndirectJump) return;
  const Extent extent = frame_at(instruction.address);
  for (const uint64_t target : find_distances(image_, facts_, recent_, extent)) {
    if (!image_.is_code(target)) {
      if (read) take_object(target, instruction.address, function);
    } else if (sum && is_function_start(target) && !extent.contains(target)) {
      take_address(target, instruction.address, function);
    }
  }
}

void Reachability::take_pointers(const Extent& extent, uint64_t site, uint64_t function) {
  // One that begins before the extent may reach into it.
  for (const Pointer& pointer : image_.pointers_in({extent.begin - std::min<uint64_t>(extent.begin, 7), extent.end})) {
    const uint64_t target = pointer.target;
    if (image_.is_code(target)) {
      open_.insert(target);
      reach_function(target, Reason::kPointer, site, function);
    } else if (image_.is_data(target)) {
      take_object(target, site, function);
    }
  }
}

void Reachability::take_indirect_jump(const Instruction& instruction, uint64_t function) {
  const Extent extent = frame_at(instruction.address);
  const JumpTable table = find_jump_table(image_, facts_, recent_, extent);
  for (const uint64_t target : table.targets) jump_to(target, instruction.address, function);
  const auto leaves = [&](uint64_t target) { return !extent.contains(target); };
  if (instruction.memory.present && instruction.memory.base == kNoRegister && instruction.memory.index != kNoRegister &&
      (table.targets.empty() || std::ranges::any_of(table.targets, leaves))) {
    take_indexed(static_cast<uint64_t>(instruction.memory.displacement), instruction.address, function);
  }
  if (!table.incomplete || is_go_code(instruction.address)) return;  // All of a Go function is reached.
  const Extent whole = extent.end != 0 ? extent : symbol_at(instruction.address);
  if (whole.end == 0) {
    unknown_jumps_.push_back(instruction.address);
  } else if (swept_.emplace(whole.begin, whole.end).second) {
    sweep(whole, function);
  }
}

/// Where a symbol says that a function stands: for assembly that tells the unwinder nothing, such as GMP's. Of several
/// that overlap, from the first one's beginning to the last one's end.
Extent Reachability::symbol_at(uint64_t address) const {
  const size_t file = image_.file_of(address);
  const uint64_t base = Image::base(file);
  Extent whole;
  for (const std::vector<Symbol>* symbols : {&image_.file(file).symbols, &image_.file(file).debug_symbols}) {
    for (const Symbol& symbol : *symbols) {
      const Extent extent{base + symbol.value, base + symbol.value + symbol.size};
      const bool function = symbol.defined && symbol.type == STT_FUNC && image_.is_code(extent.begin);
      if (!function || extent.end < extent.begin || !extent.contains(address)) continue;
      whole = whole.end == 0 ? extent : Extent{std::min(whole.begin, extent.begin), std::max(whole.end, extent.end)};
    }
  }
  return whole;
}

// ---- Questions of values ----

void Reachability::index() {
  std::ranges::sort(edges_, [](const Edge& a, const Edge& b) { return a.to != b.to ? a.to < b.to : a.from < b.from; });
  const auto same = [](const Edge& a, const Edge& b) { return a.to == b.to && a.from == b.from && a.call == b.call; };
  edges_.erase(std::unique(edges_.begin(), edges_.end(), same), edges_.end());
  std::ranges::sort(taken_extents_);
}

std::span<const Edge> Reachability::edges_to(uint64_t address) const {
  // Not equal_range(), which clang 14 cannot compile.
  const auto first = std::ranges::lower_bound(edges_, address, {}, &Edge::to);
  return {first, std::ranges::upper_bound(edges_, address, {}, &Edge::to)};
}

bool Reachability::is_leader(uint64_t address) const {
  const CodeMap* map = map_of(address);
  return map != nullptr && map->leader[address - map->begin];
}

std::vector<uint64_t> Reachability::stretches_into(uint64_t address) const {
  std::vector<uint64_t> found;
  const CodeMap* map = map_of(address);
  if (map == nullptr) return found;
  size_t tried = 0;
  for (uint64_t at = address; at > map->begin && tried < kMaxStretchesBack;) {
    --at;
    if (!map->leader[at - map->begin]) continue;
    ++tried;
    for (uint64_t inside = at; inside < address;) {
      const auto instruction = instruction_at(inside);
      if (!instruction || !goes_on(*instruction)) break;
      inside = instruction->end();
      if (inside == address) found.push_back(at);
      if (inside < address && map->leader[inside - map->begin]) break;
    }
  }
  return found;
}

std::optional<std::vector<uint64_t>> Reachability::stores_to(uint64_t address, bool exactly) const {
  if (addresses_taken_.contains(address)) return std::nullopt;
  const auto next = std::upper_bound(taken_extents_.begin(), taken_extents_.end(), std::pair(address, UINT64_MAX));
  if (!exactly && next != taken_extents_.begin() && (next - 1)->second > address) return std::nullopt;
  const auto found = stores_.find(address);
  return found == stores_.end() ? std::vector<uint64_t>() : found->second;
}

}  // namespace sandbox::scan
