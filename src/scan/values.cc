#include "scan/values.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "scan/named_rules.h"

namespace sandbox::scan {
namespace {

constexpr size_t kMaxStates = 20'000;
constexpr size_t kMaxStatesInAll = 3'000'000;  ///< Of all searches in a program: real ones take some thousands.
constexpr size_t kMaxTransforms = 8;
constexpr size_t kMaxValues = 2'000;
constexpr unsigned kMaxDepth = 8;
constexpr size_t kMaxInstructions = 4'000;
constexpr uint64_t kLongestStore = 64;

constexpr unsigned kEqual = 0x4;  // The conditions of je and jne.
constexpr unsigned kNotEqual = 0x5;

constexpr uint16_t kCalleeSaved =
    1U << kRbx | 1U << kRbp | 1U << kRsp | 1U << kR12 | 1U << kR13 | 1U << kR14 | 1U << kR15;

uint64_t mask_of(uint64_t bytes) {
  return bytes >= 8 ? UINT64_MAX : (uint64_t{1} << (8 * bytes)) - 1;
}

uint64_t apply(const Transform& transform, uint64_t value) {
  switch (transform.kind) {
    case Transform::Kind::kAdd:
      return value + transform.number;
    case Transform::Kind::kAnd:
      return value & transform.number;
    case Transform::Kind::kOr:
      return value | transform.number;
    case Transform::Kind::kXor:
      return value ^ transform.number;
    case Transform::Kind::kShl:
      return transform.number < 64 ? value << transform.number : 0;
    case Transform::Kind::kZeroExtend:
      return value & mask_of(transform.number);
    case Transform::Kind::kSignExtend: {
      const uint64_t mask = mask_of(transform.number);
      const uint64_t sign = (mask >> 1) + 1;
      return (value & mask & sign) != 0 ? value | ~mask : value & mask;
    }
  }
  return value;
}

/// A value of the place, as it comes out behind all that is done with it.
uint64_t transformed(uint64_t value, const ValueState& state) {
  value &= mask_of(state.place.width);
  for (size_t i = state.transforms.size(); i-- > 0;) value = apply(state.transforms[i], value);
  return value;
}

}  // namespace

class ValueSearch::Search {
 public:
  Search(ValueSearch& values, const Reachability& reach) : values_(values), reach_(reach) {}

  Values run(State first) {
    const uint64_t start = first.at;
    push(std::move(first));
    while (!work_.empty()) {
      const State state = std::move(work_.back());
      work_.pop_back();
      if (state.place.kind == Place::Kind::kVariable || state.place.kind == Place::Kind::kThrough) {
        at_variable(state);
      } else {
        before_instruction(state);
      }
      if (seen_.size() > kMaxStates || result_.known.size() > kMaxValues) {
        lose(state.at);
        break;
      }
    }
    // A way that begins at a pointer that nothing ever sets is not taken.
    if (result_.known.empty() && !dead_) lose(start);
    return std::move(result_);
  }

  /// One instruction alone: what is found goes to `step`.
  StepResult single(const Instruction& over, State state, bool entered) {
    StepResult result;
    step_ = &result;
    if (entered && !enter_call(state)) {
      lose(over.address);
    } else if (step(over, state, entered)) {
      result.further.push_back(std::move(state));
    }
    return result;
  }

 private:
  void lose(uint64_t at) {
    const NamedRule* rule = named_rule_for(reach_.image().file(reach_.image().file_of(at)));
    if (values_.of_ == Of::kNumbers && rule != nullptr && !rule->numbers.empty()) {
      for (const uint32_t number : rule->numbers) result(number);
      return;
    }
    if (step_ != nullptr) step_->lost = true;
    if (result_.complete) result_.lost_at = at;
    result_.complete = false;
  }

  void result(uint64_t value) {
    if (step_ != nullptr) {
      step_->values.push_back(value);
    } else {
      result_.known.insert(value);
    }
  }

  void push(State state) {
    if (step_ != nullptr) {
      step_->further.push_back(std::move(state));
      return;
    }
    if (state.transforms.size() > kMaxTransforms || ++values_.states_ > kMaxStatesInAll) return lose(state.at);
    if (seen_.insert(state).second) work_.push_back(std::move(state));
  }

  void found(uint64_t value, const State& state) { result(transformed(value, state)); }

  // ---- Ways back ----

  void before_instruction(const State& state) {
    if (reach_.is_swept(state.at)) return lose(state.at);
    bool any = false;
    for (const uint64_t start : reach_.stretches_into(state.at)) {
      any = true;
      back_through(start, state);
    }
    if (!reach_.is_leader(state.at)) {
      if (!any) lose(state.at);
      return;
    }
    if (!values_.only_known_callers(state.at)) {
      if (!by_own_indirect_calls(state)) return lose(state.at);
      any = true;
    }
    for (const Edge& edge : reach_.edges_to(state.at)) {
      any = true;
      const auto from = reach_.instruction_at(edge.from);
      if (!from) return lose(state.at);
      State before = state;
      if (edge.call && !enter_call(before)) return lose(edge.from);
      if (from->flow == Flow::kBranch && (from->opcode & 0xf) == kEqual && told_by_compare(*from, state)) continue;
      if (step(*from, before, edge.call)) {
        before.at = edge.from;
        push(std::move(before));
      }
    }
    if (!any) lose(state.at);
  }

  /// libcap's rule: the callers are the library's own indirect calls that have a constant in the argument.
  bool by_own_indirect_calls(const State& state) {
    const size_t file = reach_.image().file_of(state.at);
    const NamedRule* rule = named_rule_for(reach_.image().file(file));
    const bool fits = rule != nullptr && rule->own_indirect_calls && state.place.kind == Place::Kind::kRegister;
    if (!fits || values_.asks_callers_) return false;
    values_.asks_callers_ = true;
    dead_ = true;  // If none of these calls is reached.
    for (const uint64_t call : reach_.indirect_calls()) {
      if (reach_.image().file_of(call) != file) continue;
      const Values values = values_.before(call, state.place.reg, state.place.width);
      if (!values.complete) continue;
      for (const uint64_t value : values.known) found(value, state);
    }
    values_.asks_callers_ = false;
    return true;
  }

  /// "test rax, rax; je": behind the branch the register has the value that it was compared with.
  bool told_by_compare(const Instruction& branch, const State& state) {
    const auto starts = reach_.stretches_into(branch.address);
    if (starts.size() != 1 || reach_.is_leader(branch.address)) return false;
    uint64_t at = starts.front();
    std::optional<Instruction> last;
    while (at < branch.address) {
      last = reach_.instruction_at(at);
      if (!last) return false;
      at = last->end();
    }
    return last && told_by(*last, state);
  }

  bool told_by(const Instruction& compare, const State& state) {
    const auto value = ValueSearch::told_by(compare, state);
    if (value) result(*value);
    return value.has_value();
  }

  /// From the callee's first instruction to the caller's: the return address lies between.
  static bool enter_call(State& state) {
    if (state.place.kind != Place::Kind::kMemory || state.place.reg != kRsp) return true;
    state.place.offset -= 8;
    return state.place.offset >= 0;
  }

  void back_through(uint64_t start, const State& state) {
    std::vector<Instruction> stretch;
    for (uint64_t at = start; at < state.at;) {
      const auto instruction = reach_.instruction_at(at);
      if (!instruction) return lose(at);
      stretch.push_back(*instruction);
      at = instruction->end();
    }
    State before = state;
    for (size_t i = stretch.size(); i-- > 0;) {
      const bool unequal = stretch[i].flow == Flow::kBranch && (stretch[i].opcode & 0xf) == kNotEqual;
      if (unequal && i > 0 && told_by(stretch[i - 1], before)) return;
      find_on_stack({stretch.data(), i + 1}, before.place);
      if (!step(stretch[i], before, false)) return;
      if (reach_.is_swept(stretch[i].address)) return lose(stretch[i].address);
      if (before.place.kind == Place::Kind::kVariable || before.place.kind == Place::Kind::kThrough) {
        before.at = stretch[i].address;
        return push(std::move(before));
      }
    }
    before.at = start;
    push(std::move(before));
  }

  // ---- One instruction back ----

  /// Changes the state to what it is before the instruction. False: this way ends, with a value, or without one.
  bool step(const Instruction& at, State& state, bool entered) {
    const bool call = at.flow == Flow::kCall || at.flow == Flow::kIndirectCall;
    if (call && !entered) {
      if (!values_.call_returns(at, 0)) return false;
      return past_call(at, state);
    }
    return state.place.kind == Place::Kind::kRegister ? step_register(at, state) : step_memory(at, state);
  }

  /// Whether the function that has the instruction ever takes the address of the place, or of something in front of it:
  /// then what stores through a pointer may store there, and so may a called function. Only for the stack: what stands
  /// at another register may always be known to others.
  bool may_be_passed_on(const Instruction& where, const Place& place) {
    const Extent function = reach_.frame_at(where.address);
    if (reach_.is_go_code(where.address)) return false;  // What has an address that others know, Go keeps elsewhere.
    if (function.end == 0) return true;
    const FrameFacts& frame = values_.frame_facts(function);
    if (place.reg != kRsp && !(place.reg == kRbp && frame.has_frame_pointer))
      return !is_setxid_sender(code_of_function(where.address));
    const auto& taken = place.reg == kRsp ? frame.taken_from_stack : frame.taken_from_frame;
    return frame.is_odd || std::ranges::any_of(taken, [&](int64_t offset) { return offset <= place.offset; });
  }

  /// Whether an instruction that stores, and not at the place's own register, may store to the place.
  bool may_alias(const Instruction& at, const Place& place) {
    const Extent function = reach_.frame_at(at.address);
    if (reach_.is_go_code(at.address)) return false;
    if (function.end == 0) return true;
    if (place.reg != kRsp && is_setxid_sender(code_of_function(at.address))) return false;
    if (at.memory.present && !at.memory.segment) {
      if (at.memory.base == place.reg) return true;  // With an index.
      const bool in_frame = at.memory.base == kRbp && values_.frame_facts(function).has_frame_pointer;
      if (at.memory.base == kRsp || in_frame) return true;
    }
    return may_be_passed_on(at, place);
  }

  /// Where functions keep the registers that the ABI has them keep. Go's functions keep none.
  bool past_call(const Instruction& at, State& state) {
    const uint16_t kept = reach_.is_go_code(at.address) ? uint16_t{1U << kRsp} : kCalleeSaved;
    const bool memory = state.place.kind == Place::Kind::kMemory;
    const bool changed = memory && may_be_passed_on(at, state.place);
    if (state.place.reg < 16 && (kept >> state.place.reg & 1) != 0 && !changed) return true;
    lose(at.address);
    return false;
  }

  void transform(State& state, Transform::Kind kind, uint64_t number) { state.transforms.push_back({kind, number}); }

  bool step_register(const Instruction& at, State& state) {
    if (!at.writes_register(state.place.reg)) return true;
    const bool whole = at.width >= 4 || at.width >= state.place.width;
    switch (at.op) {
      case Op::kMoveImm:
        if (!whole && at.width == 1) {
          set_byte(at, state, static_cast<uint64_t>(at.immediate) & 0xff);
          return false;
        }
        if (!whole) break;
        found(static_cast<uint64_t>(at.immediate) & mask_of(at.width), state);
        return false;
      case Op::kZero:
        found(0, state);
        return false;
      case Op::kSbbSelf:
        found(0, state);
        found(mask_of(at.width), state);
        return false;
      case Op::kMove:
      case Op::kLoad:
        if (!whole) break;
        return from_source(at, state);
      case Op::kLea:
        return from_address(at, state);
      case Op::kCmov: {
        State moved = state;
        if (from_source(at, moved)) {
          moved.at = at.address;
          push(std::move(moved));
        }
        return true;
      }
      case Op::kSetcc:
        if (state.place.width == 1) {
          found(0, state);
          found(1, state);
          return false;
        }
        set_byte(at, state, 0);
        set_byte(at, state, 1);
        return false;
      case Op::kPop:
        if (at.reg != state.place.reg) {  // rsp itself.
          lose(at.address);
          return false;
        }
        state.place = {Place::Kind::kMemory, kRsp, state.place.width, 0, 0};
        return true;
      case Op::kLeave:
        if (state.place.reg != kRbp) break;
        state.place = {Place::Kind::kMemory, kRbp, state.place.width, 0, 0};
        return true;
      default:
        return arithmetic(at, state);
    }
    lose(at.address);
    return false;
  }

  /// The low byte is set, the rest is as it was.
  void set_byte(const Instruction& at, const State& state, uint64_t byte) {
    State other = state;
    other.at = at.address;
    transform(other, Transform::Kind::kOr, byte);
    transform(other, Transform::Kind::kAnd, ~uint64_t{0xff});
    push(std::move(other));
  }

  bool arithmetic(const Instruction& at, State& state) {
    const auto number = static_cast<uint64_t>(at.immediate);
    if (at.reg != state.place.reg || at.width < 4) {
      lose(at.address);
      return false;
    }
    if (at.width == 4) transform(state, Transform::Kind::kZeroExtend, 4);
    switch (at.op) {
      case Op::kAddImm:
        transform(state, Transform::Kind::kAdd, number);
        return true;
      case Op::kAndImm:
        transform(state, Transform::Kind::kAnd, number);
        return true;
      case Op::kOrImm:
        transform(state, Transform::Kind::kOr, number);
        return true;
      case Op::kXorImm:
        transform(state, Transform::Kind::kXor, number);
        return true;
      case Op::kShlImm:
        transform(state, Transform::Kind::kShl, number & 63);
        return true;
      default:
        break;
    }
    lose(at.address);
    return false;
  }

  /// The register gets what another one, or memory, has.
  bool from_source(const Instruction& at, State& state) {
    if (at.source_width < state.place.width) {
      transform(state, at.sign_extends ? Transform::Kind::kSignExtend : Transform::Kind::kZeroExtend, at.source_width);
      state.place.width = at.source_width;
    }
    if (!at.memory.present) {
      state.place.reg = at.source;
      return true;
    }
    const Memory& memory = at.memory;
    if (memory.segment || memory.index != kNoRegister) {
      lose(at.address);
      return false;
    }
    if (memory.base == kRipRegister || memory.base == kNoRegister) {
      state.place = {Place::Kind::kVariable, kNoRegister, state.place.width, 0,
                     static_cast<uint64_t>(memory.displacement)};
      return true;
    }
    state.place = {Place::Kind::kMemory, memory.base, state.place.width, memory.displacement, 0};
    return true;
  }

  bool from_address(const Instruction& at, State& state) {
    const Memory& memory = at.memory;
    if (at.width == 4) transform(state, Transform::Kind::kZeroExtend, 4);
    if (memory.index == kNoRegister && memory.base < 16) {
      transform(state, Transform::Kind::kAdd, static_cast<uint64_t>(memory.displacement));
      state.place.reg = memory.base;
      return true;
    }
    if (memory.index == kNoRegister && memory.base == kRipRegister) {
      found(static_cast<uint64_t>(memory.displacement), state);
      return false;
    }
    lose(at.address);
    return false;
  }

  // ---- Memory at a register ----

  bool step_memory(const Instruction& at, State& state) {
    Place& place = state.place;
    if (at.op == Op::kPush || at.op == Op::kPushImm) return step_push(at, state);
    const bool same_base = at.memory.present && at.memory.base == place.reg && at.memory.index == kNoRegister;
    if (at.writes_memory && !(same_base && !at.memory.segment) && may_alias(at, place)) {
      lose(at.address);
      return false;
    }
    if (at.writes_memory && same_base && !at.memory.segment) {
      const bool stores = at.op == Op::kStore || at.op == Op::kStoreImm;
      const int64_t size = stores ? at.width : static_cast<int64_t>(kLongestStore);
      const int64_t begin = at.memory.displacement;
      const bool apart = begin >= place.offset + place.width || begin + size <= place.offset;
      if (!apart) return from_store(at, state, stores && begin == place.offset && size >= place.width);
    }
    if (!at.writes_register(place.reg)) return true;
    return step_base(at, state);
  }

  bool from_store(const Instruction& at, State& state, bool exact) {
    if (!exact) {
      lose(at.address);
      return false;
    }
    if (at.op == Op::kStoreImm) {
      found(static_cast<uint64_t>(at.immediate), state);
      return false;
    }
    state.place = {Place::Kind::kRegister, at.source, state.place.width, 0, 0};
    return true;
  }

  bool step_push(const Instruction& at, State& state) {
    Place& place = state.place;
    if (place.reg != kRsp) return true;
    if (place.offset >= 8) {
      place.offset -= 8;
      return true;
    }
    if (place.offset != 0) {
      lose(at.address);
      return false;
    }
    if (at.op == Op::kPushImm) {
      found(static_cast<uint64_t>(at.immediate), state);
      return false;
    }
    place = {Place::Kind::kRegister, at.source, place.width, 0, 0};
    return true;
  }

  /// The register that the memory is found by is changed.
  bool step_base(const Instruction& at, State& state) {
    Place& place = state.place;
    const bool whole = at.width == 8;
    if (at.op == Op::kPop && at.reg != place.reg) {
      place.offset += 8;
      return true;
    }
    if (at.op == Op::kLeave && place.reg == kRsp) {
      place.reg = kRbp;
      place.offset += 8;
      return true;
    }
    if (at.op == Op::kAddImm && whole) {
      place.offset += at.immediate;
      return true;
    }
    if (at.op == Op::kMove && whole && at.source_width == 8) {
      place.reg = at.source;
      return true;
    }
    if (at.op == Op::kLea && whole && at.memory.index == kNoRegister && at.memory.base < 16) {
      place.reg = at.memory.base;
      place.offset += at.memory.displacement;
      return true;
    }
    if (at.op == Op::kLea && at.memory.is_fixed()) {
      place = {Place::Kind::kVariable, kNoRegister, place.width, 0,
               static_cast<uint64_t>(at.memory.displacement + place.offset)};
      return true;
    }
    if (at.op == Op::kLoad && at.memory.is_fixed() && whole) {
      place = {Place::Kind::kThrough, kNoRegister, place.width, place.offset,
               static_cast<uint64_t>(at.memory.displacement)};
      return true;
    }
    lose(at.address);
    return false;
  }

  // ---- Variables ----

  void at_variable(const State& state) {
    const Place& place = state.place;
    const Image& image = reach_.image();
    const bool through = place.kind == Place::Kind::kThrough;
    if (!image.is_data(place.address)) return lose(state.at);
    if (!image.pointers_in({place.address, place.address + 8}).empty()) return lose(state.at);
    uint64_t begins_as = 0;
    if (!through) {
      const std::span<const uint8_t> bytes = image.at(place.address);
      std::memcpy(&begins_as, bytes.data(), std::min<size_t>(bytes.size(), place.width));
      found(begins_as, state);
      if (!image.is_writable(place.address)) return;
    }
    for (uint64_t before = 1; before < kLongestStore; ++before) {
      const auto wide = reach_.stores_to(place.address - before, true);
      if (!wide) continue;
      for (const uint64_t store : *wide) {
        const auto at = reach_.instruction_at(store);
        const bool plain = at && (at->op == Op::kStore || at->op == Op::kStoreImm);
        if ((plain ? at->width : kLongestStore) > before) return lose(store);
      }
    }
    if (through && !is_setxid_handler(code_of_function(state.at))) return lose(state.at);
    // The pointer of SETXID, and variables of Go's, are not changed by way of an address in front of them.
    const bool own = through || reach_.is_go_code(state.at);
    const auto stores = reach_.stores_to(place.address, own);
    if (!stores) return lose(state.at);
    if (through && stores->empty()) {
      if (!is_null(place.address)) return lose(state.at);
      dead_ = true;
    }
    for (const uint64_t store : *stores) from_variable_store(store, state);
  }

  [[nodiscard]] std::span<const uint8_t> code_of_function(uint64_t address) const {
    const Extent function = reach_.frame_at(address);
    const std::span<const uint8_t> code = reach_.image().at(function.begin);
    return function.end == 0 ? code.first(0) : code.first(std::min<size_t>(code.size(), function.end - function.begin));
  }

  [[nodiscard]] bool is_null(uint64_t address) const {
    const std::span<const uint8_t> bytes = reach_.image().at(address);
    return std::ranges::all_of(bytes.first(std::min<size_t>(bytes.size(), 8)), [](uint8_t byte) { return byte == 0; });
  }

  void from_variable_store(uint64_t store, const State& state) {
    const auto at = reach_.instruction_at(store);
    const bool through = state.place.kind == Place::Kind::kThrough;
    State before = state;
    before.at = store;
    if (at && at->op == Op::kStoreImm && at->width >= (through ? 8 : state.place.width)) {
      if (through && at->immediate == 0) return;  // No structure is there.
      if (through) return lose(store);
      return found(static_cast<uint64_t>(at->immediate), before);
    }
    if (!at || at->op != Op::kStore || at->width < (through ? 8 : state.place.width)) return lose(store);
    before.place = through ? Place{Place::Kind::kMemory, at->source, state.place.width, state.place.offset, 0}
                           : Place{Place::Kind::kRegister, at->source, state.place.width, 0, 0};
    push(std::move(before));
  }

  ValueSearch& values_;
  const Reachability& reach_;
  std::vector<State> work_;
  std::set<State> seen_;
  Values result_;
  StepResult* step_ = nullptr;  ///< Of single().
  bool dead_ = false;
};

Values ValueSearch::at(const ValueState& state) {
  return Search(*this, reach_).run(state);
}

Values ValueSearch::before(uint64_t address, uint8_t reg, uint8_t width) {
  ValueState first;
  first.at = address;
  first.place.reg = reg;
  first.place.width = width;
  return at(first);
}

StepResult ValueSearch::step_back(const Instruction& over, const ValueState& state, bool entered) {
  return Search(*this, reach_).single(over, state, entered);
}

std::optional<uint64_t> ValueSearch::told_by(const Instruction& compare, const ValueState& state) {
  const Place& place = state.place;
  const bool same = place.kind == Place::Kind::kRegister && compare.reg == place.reg && compare.width >= place.width;
  const bool itself = compare.op == Op::kTest && compare.source == kNoRegister;
  if (!same || (!itself && compare.op != Op::kCompare)) return std::nullopt;
  return transformed(itself ? 0 : static_cast<uint64_t>(compare.immediate), state);
}

bool ValueSearch::only_known_callers(uint64_t address) const {
  if (of_ == Of::kArguments && reach_.is_go_method(address)) return false;
  return !reach_.has_unknown_callers(address) || is_musl_cancellation_point(reach_.image().at(address));
}

/// Memory at a register that holds a place on the stack is named by the stack's register: stores name it so.
void ValueSearch::find_on_stack(std::span<const Instruction> stretch, Place& place) {
  if (place.kind != Place::Kind::kMemory || place.reg == kRsp) return;
  for (size_t i = stretch.size(); i-- > 0;) {
    const Instruction& at = stretch[i];
    if (at.writes_register(place.reg)) {
      const bool copy = at.op == Op::kMove && at.width == 8 && at.source == kRsp;
      const bool sum = at.op == Op::kLea && at.width == 8 && at.memory.base == kRsp && at.memory.index == kNoRegister;
      if (copy || sum) {
        place.reg = kRsp;
        if (sum) place.offset += at.memory.displacement;
      }
      return;
    }
    if (at.writes_register(kRsp)) return;
  }
}

const ValueSearch::FrameFacts& ValueSearch::frame_facts(const Extent& function) {
  const auto [it, is_new] = frames_.try_emplace(function.begin);
  FrameFacts& facts = it->second;
  if (!is_new) return facts;
  for (uint64_t at = function.begin; at < function.end;) {
    const auto instruction = reach_.instruction_at(at);
    if (!instruction) {
      facts.is_odd = true;
      return facts;
    }
    at = instruction->end();
    const bool sum = instruction->op == Op::kLea;
    const bool copy = instruction->op == Op::kMove && instruction->width == 8;
    const uint8_t from = sum ? instruction->memory.base : copy ? instruction->source : kNoRegister;
    const bool pushed = instruction->op == Op::kPush && instruction->source == kRsp;
    if (from == kRsp && instruction->reg == kRbp) facts.has_frame_pointer = true;
    if (pushed) facts.taken_from_stack.push_back(0);
    if ((!sum && !copy) || instruction->reg == kRsp || instruction->reg == kRbp) continue;
    const int64_t offset = sum ? instruction->memory.displacement : 0;
    if (from == kRsp) facts.taken_from_stack.push_back(offset);
    if (from == kRbp) facts.taken_from_frame.push_back(offset);
  }
  // The two registers name the same places by offsets that are not compared.
  if (facts.has_frame_pointer && !facts.taken_from_frame.empty()) facts.taken_from_stack.push_back(INT64_MIN);
  if (facts.has_frame_pointer && !facts.taken_from_stack.empty()) facts.taken_from_frame.push_back(INT64_MIN);
  return facts;
}

// ---- Functions that do not return ----

bool ValueSearch::call_returns(const Instruction& call, unsigned depth) {
  if (call.flow == Flow::kCall) return returns(call.target, depth);
  // What a program's own variable holds can be replaced, a slot of the linker's not.
  if (!reach_.is_linkers_slot(call)) return true;
  const auto targets = reach_.slot_targets(call);
  if (targets.empty()) return true;
  return std::ranges::any_of(targets, [&](const Pointer& pointer) { return returns(pointer.target, depth); });
}

bool ValueSearch::returns(uint64_t function, unsigned depth) {
  if (depth > kMaxDepth) return true;
  const auto [it, is_new] = returns_.try_emplace(function, true);  // True also for one that calls itself.
  if (!is_new) return it->second;
  const bool result = path_returns(function, depth);
  returns_[function] = result;
  return result;
}

bool ValueSearch::path_returns(uint64_t function, unsigned depth) {
  std::set<uint64_t> seen;
  std::vector<uint64_t> work = {function};
  while (!work.empty()) {
    const uint64_t at = work.back();
    work.pop_back();
    if (!seen.insert(at).second) continue;
    const auto instruction = reach_.instruction_at(at);
    if (!instruction || seen.size() > kMaxInstructions) return true;
    switch (instruction->flow) {
      case Flow::kReturn:
        return true;
      case Flow::kIndirectJump:
        if (call_returns(*instruction, depth + 1)) return true;
        continue;
      case Flow::kJump:
        work.push_back(instruction->target);
        continue;
      case Flow::kBranch:
        work.push_back(instruction->target);
        break;
      case Flow::kCall:
      case Flow::kIndirectCall:
        if (!call_returns(*instruction, depth + 1)) continue;
        break;
      default:
        break;
    }
    if (reach_.goes_on(*instruction)) work.push_back(instruction->end());
  }
  return false;
}

}  // namespace sandbox::scan
