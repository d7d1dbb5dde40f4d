#include "bpf/paths.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bpf/instruction.h"

namespace sandbox::bpf {
namespace {

using Ref = Diagrams::Ref;

constexpr uint32_t kActions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                 SECCOMP_RET_ERRNO,        SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
                                 SECCOMP_RET_LOG,          SECCOMP_RET_ALLOW};
constexpr uint32_t kMaxErrno = 4095;
constexpr unsigned kErrnoBits = 12;
constexpr unsigned kDataBits = 16;

/// The words of struct seccomp_data in the order in which diagrams ask for them, by byte offset. With the higher half
/// of an argument first (where the low one stands first in memory, as nearly everywhere), as programs compare them.
constexpr uint32_t kOrder[] = {kArchOffset, kNumberOffset, 20, 16, 28, 24, 36, 32, 44, 40, 52, 48, 60, 56, 12, 8};
static_assert(std::size(kOrder) == Paths::kWords);
constexpr uint32_t kFirstArgumentWord = Paths::kFirstArgumentVariable / Paths::kWordBits;

bool has_data(uint32_t action) {
  return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRAP || action == SECCOMP_RET_TRACE;
}

/// Registers that nothing reads any more would only tell apart places that are the same.
std::vector<Storage> live_registers(const Program& program) {
  std::vector<Storage> live(program.size());
  for (size_t i = program.size(); i-- > 0;) {
    Storage behind = 0;
    if (!is_return(program[i].code)) {
      const Successors next = successors(program[i], i);
      behind = live[next.yes] | live[next.no];
    }
    const Access access = access_of(program[i]);  // A division may end the program, so what it reads is used.
    live[i] = (behind & ~access.writes) | access.reads;
  }
  return live;
}

SymbolicWord calculated(Diagrams& diagrams, uint16_t operation, const SymbolicWord& a, const SymbolicWord& b) {
  switch (operation) {
    case BPF_ADD:
      return sum(diagrams, a, b);
    case BPF_SUB:
      return difference(diagrams, a, b);
    case BPF_MUL:
      return product(diagrams, a, b);
    case BPF_DIV:
      return quotient(diagrams, a, b);
    case BPF_AND:
      return bitwise_and(diagrams, a, b);
    case BPF_OR:
      return bitwise_or(diagrams, a, b);
    case BPF_XOR:
      return bitwise_xor(diagrams, a, b);
    case BPF_LSH:
      return shifted_left(diagrams, a, b);
    case BPF_RSH:
      return shifted_right(diagrams, a, b);
    default:  // BPF_NEG.
      return difference(diagrams, constant_word(0, a.size()), a);
  }
}

}  // namespace

uint32_t as_the_kernel_reads(uint32_t value) {
  const uint32_t action = value & SECCOMP_RET_ACTION_FULL;
  const uint32_t data = value & SECCOMP_RET_DATA;
  if (std::find(std::begin(kActions), std::end(kActions), action) == std::end(kActions)) {
    return SECCOMP_RET_KILL_PROCESS;
  }
  if (action == SECCOMP_RET_ERRNO) return action | std::min(data, kMaxErrno);
  return has_data(action) ? value : action;
}

Paths::Ref Paths::follow(const ValidatedProgram& program, Side side) {
  const Program& instructions = program.instructions();
  Walk walk = {side, instructions, live_registers(instructions), {}, {}};
  walk.at.resize(instructions.size());
  State entry = {};
  entry.fill(constant(0));
  place_at(walk, 0, entry);
  // Jumps go forward only, so all places of an instruction are known when its turn comes.
  for (size_t i = 0; i < instructions.size(); ++i) {
    for (const auto& [state, place] : walk.at[i]) step(walk, place);
  }
  // And back: the outcome from each place on is made of the outcomes of what follows.
  for (size_t i = instructions.size(); i-- > 0;) {
    for (const auto& [state, index] : walk.at[i]) {
      Place& place = walk.places[index];
      begin();
      place.function =
          diagrams_.choose(place.condition, walk.places[place.yes].function, walk.places[place.no].function);
      if (diagrams_.gave_up()) place.function = blocked({side, i, Obstacle::Kind::kPaths});
    }
  }
  return walk.places.front().function;
}

std::optional<uint32_t> Paths::outcome(Ref leaf) const {
  const uint64_t value = diagrams_.value_of(leaf);
  if ((value & kOutcome) == 0) return std::nullopt;
  return static_cast<uint32_t>(value);
}

const Obstacle& Paths::obstacle(Ref leaf) const {
  return obstacles_[static_cast<uint32_t>(diagrams_.value_of(leaf))];
}

const Obstacle& Paths::unknown(uint32_t variable) const {
  return unknowns_[(variable - kFirstUnknownVariable) / kWordBits];
}

DataBit Paths::bit_of(uint32_t variable) const {
  uint32_t word = variable / kWordBits;
  uint32_t place = variable % kWordBits;
  if (order_ == BitOrder::kBitByBit && variable >= kFirstArgumentVariable) {
    word = kFirstArgumentWord + (variable - kFirstArgumentVariable) % (kWords - kFirstArgumentWord);
    place = (variable - kFirstArgumentVariable) / (kWords - kFirstArgumentWord);
  }
  return {kOrder[word], kWordBits - 1 - place};
}

/// What the instruction at this place does: its condition and the places that follow it.
void Paths::step(Walk& walk, size_t index) {
  const Place& place = walk.places[index];
  const Instruction& instruction = walk.program[place.instruction];
  const Obstacle here = {walk.side, place.instruction, Obstacle::Kind::kValue};
  switch (BPF_CLASS(instruction.code)) {
    case BPF_JMP:
      branch(walk, index);
      break;
    case BPF_RET: {
      const bool fixed = BPF_RVAL(instruction.code) != BPF_A;
      end(walk, index, fixed ? answer(instruction.k) : outcome_of(place.state[0], here));
      break;
    }
    default:
      compute(walk, index);
      break;
  }
}

void Paths::branch(Walk& walk, size_t index) {
  const Place place = walk.places[index];
  const Instruction& instruction = walk.program[place.instruction];
  const Successors next = successors(instruction, place.instruction);
  Ref condition = Diagrams::kTrue;
  size_t yes = 0;
  if (!is_branch(instruction.code)) {
    yes = place_at(walk, next.yes, place.state);
  } else {
    const Value operand = takes_x(instruction.code) ? place.state[kX] : constant(instruction.k);
    const Obstacle here = {walk.side, place.instruction, Obstacle::Kind::kValue};
    condition = comparison(BPF_OP(instruction.code), place.state[0], operand, here);
    // A way that no call takes is not followed: its states would be for nothing.
    if (condition != Diagrams::kFalse) yes = place_at(walk, next.yes, place.state);
  }
  size_t no = yes;
  if (condition != Diagrams::kTrue) no = place_at(walk, next.no, place.state);
  if (condition == Diagrams::kFalse) yes = no;
  Place& result = walk.places[index];
  result.condition = condition;
  result.yes = yes;
  result.no = no;
}

void Paths::end(Walk& walk, size_t index, Ref function) {
  const size_t end = end_place(walk, function);
  walk.places[index].yes = walk.places[index].no = end;
}

/// Instructions that change a register or a scratch word.
void Paths::compute(Walk& walk, size_t index) {
  const size_t at = walk.places[index].instruction;
  State state = walk.places[index].state;
  const Instruction& instruction = walk.program[at];
  Ref ended = Diagrams::kFalse;  // Where a division by 0 ends the program.
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
    case BPF_LDX: {
      Value& target = state[BPF_CLASS(instruction.code) == BPF_LD ? 0 : kX];
      switch (BPF_MODE(instruction.code)) {
        case BPF_ABS:
          target = data(instruction.k);
          break;
        case BPF_MEM:
          target = state[kScratch + instruction.k];
          break;
        default:  // BPF_IMM or BPF_LEN.
          target = constant(BPF_MODE(instruction.code) == BPF_LEN ? sizeof(seccomp_data) : instruction.k);
          break;
      }
      break;
    }
    case BPF_ST:
    case BPF_STX:
      state[kScratch + instruction.k] = state[BPF_CLASS(instruction.code) == BPF_ST ? 0 : kX];
      break;
    case BPF_MISC:
      (BPF_MISCOP(instruction.code) == BPF_TAX ? state[kX] : state[0]) =
          BPF_MISCOP(instruction.code) == BPF_TAX ? state[0] : state[kX];
      break;
    default: {  // BPF_ALU.
      const Obstacle here = {walk.side, at, Obstacle::Kind::kValue};
      const Value operand = takes_x(instruction.code) ? state[kX] : constant(instruction.k);
      if (BPF_OP(instruction.code) == BPF_DIV) ended = comparison(BPF_JEQ, operand, constant(0), here);
      if (ended != Diagrams::kTrue) state[0] = result_of(BPF_OP(instruction.code), state[0], operand, here);
      break;
    }
  }
  const size_t no = ended == Diagrams::kTrue ? 0 : place_at(walk, at + 1, state);
  const size_t yes = ended == Diagrams::kFalse ? no : end_place(walk, answer(0));
  walk.places[index].condition = ended;
  walk.places[index].yes = yes;
  walk.places[index].no = ended == Diagrams::kTrue ? yes : no;
}

size_t Paths::place_at(Walk& walk, size_t instruction, State state) {
  for (size_t i = 0; i < state.size(); ++i) {
    if ((walk.live[instruction] >> i & 1U) == 0) state[i] = constant(0);
  }
  if (const auto known = walk.at[instruction].find(state); known != walk.at[instruction].end()) return known->second;
  if (walk.places.size() >= limits_.states) {
    return end_place(walk, blocked({walk.side, instruction, Obstacle::Kind::kPaths}));
  }
  const size_t index = walk.places.size();
  walk.at[instruction][state] = index;
  Place place;
  place.instruction = instruction;
  place.state = state;
  walk.places.push_back(place);
  return index;
}

size_t Paths::end_place(Walk& walk, Ref function) {
  Place place;
  place.function = function;
  walk.places.push_back(place);
  return walk.places.size() - 1;
}

Paths::Value Paths::intern(SymbolicWord word) {
  const auto [entry, made] = value_index_.emplace(std::move(word), static_cast<Value>(values_.size()));
  if (made) values_.push_back(entry->first);
  return entry->second;
}

Paths::Value Paths::data(uint32_t offset) {
  const auto place = static_cast<uint32_t>(std::find(std::begin(kOrder), std::end(kOrder), offset) - kOrder);
  uint32_t first = place * kWordBits;
  uint32_t step = 1;
  if (order_ == BitOrder::kBitByBit && place >= kFirstArgumentWord) {
    first = kFirstArgumentVariable + place - kFirstArgumentWord;
    step = kWords - kFirstArgumentWord;
  }
  SymbolicWord word(kWordBits);
  for (uint32_t i = 0; i < kWordBits; ++i) word[kWordBits - 1 - i] = diagrams_.variable(first + i * step);
  return intern(std::move(word));
}

Paths::Value Paths::result_of(uint16_t operation, Value a, Value b, const Obstacle& here) {
  const std::array<uint32_t, 3> key = {operation, a, b};
  if (const auto known = results_.find(key); known != results_.end()) return known->second;
  begin();
  SymbolicWord word = calculated(diagrams_, operation, values_[a], values_[b]);
  const Value value = diagrams_.gave_up() ? unknown_value(here) : intern(std::move(word));
  results_[key] = value;
  return value;
}

Ref Paths::comparison(uint16_t operation, Value a, Value b, const Obstacle& here) {
  const std::array<uint32_t, 3> key = {operation, a, b};
  if (const auto known = comparisons_.find(key); known != comparisons_.end()) return known->second;
  begin();
  const auto compare = operation == BPF_JEQ   ? equal
                       : operation == BPF_JGE ? greater_or_equal
                       : operation == BPF_JGT ? greater
                                              : any_common_bit;
  Ref condition = compare(diagrams_, values_[a], values_[b]);
  if (diagrams_.gave_up()) condition = values_[unknown_value(here)].front();
  comparisons_[key] = condition;
  return condition;
}

/// A word of variables of its own.
Paths::Value Paths::unknown_value(const Obstacle& here) {
  const auto first = static_cast<uint32_t>(kFirstUnknownVariable + unknowns_.size() * kWordBits);
  unknowns_.push_back(named(here));
  SymbolicWord word(kWordBits);
  for (uint32_t i = 0; i < kWordBits; ++i) word[kWordBits - 1 - i] = diagrams_.variable(first + i);
  return intern(std::move(word));
}

/// The answer of a program that returns what it computed.
Ref Paths::outcome_of(Value value, const Obstacle& here) {
  const SymbolicWord& word = values_[value];
  if (const auto constant = constant_value(word)) return answer(*constant);
  begin();
  const SymbolicWord action_word(word.begin() + kDataBits, word.end());
  Ref result = answer(SECCOMP_RET_KILL_PROCESS);
  for (const uint32_t action : kActions) {
    const SymbolicWord wanted = constant_word(action >> kDataBits, kWordBits - kDataBits);
    const Ref is_it = equal(diagrams_, action_word, wanted);
    if (is_it == Diagrams::kFalse) continue;
    Ref then = answer(action);
    if (action == SECCOMP_RET_ERRNO) {
      const SymbolicWord excess(word.begin() + kErrnoBits, word.begin() + kDataBits);
      const Ref capped = any_common_bit(diagrams_, excess, constant_word(UINT32_MAX, excess.size()));
      then = diagrams_.choose(capped, answer(action | kMaxErrno), with_data(action, word, kErrnoBits, 0));
    } else if (has_data(action)) {
      then = with_data(action, word, kDataBits, 0);
    }
    result = diagrams_.choose(is_it, then, result);
  }
  return diagrams_.gave_up() ? blocked({here.side, here.instruction, Obstacle::Kind::kPaths}) : result;
}

/// `action` with the lowest `bits` of `value` as its data, and `data` above them.
Ref Paths::with_data(uint32_t action, const SymbolicWord& value, unsigned bits, uint32_t data) {
  if (bits == 0) return answer(action | data);
  const Ref bit = value[bits - 1];
  const uint32_t set = data | 1U << (bits - 1);
  const Ref high = bit == Diagrams::kFalse ? Diagrams::kFalse : with_data(action, value, bits - 1, set);
  const Ref low = bit == Diagrams::kTrue ? Diagrams::kFalse : with_data(action, value, bits - 1, data);
  return diagrams_.choose(bit, high, low);
}

Obstacle Paths::named(Obstacle obstacle) const {
  if (diagrams_.exhausted()) obstacle.kind = Obstacle::Kind::kOutOfReach;
  return obstacle;
}

Ref Paths::blocked(const Obstacle& obstacle) {
  const auto [entry, made] = obstacle_index_.emplace(named(obstacle), obstacles_.size());
  if (made) obstacles_.push_back(entry->first);
  return diagrams_.leaf(kObstacle | entry->second);
}

}  // namespace sandbox::bpf
