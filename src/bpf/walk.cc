#include "bpf/walk.h"

#include <algorithm>
#include <array>
#include <optional>

namespace sandbox::bpf {
namespace {

/// A register or a scratch word: its value where it is known.
using Word = std::optional<uint32_t>;

struct State {
  bool reached = false;
  size_t steps = 0;  ///< The most instructions before this one.
  Word a = 0;
  Word x = 0;
  std::array<Word, BPF_MEMWORDS> memory = {};
};

void merge(State& into, const State& from) {
  if (!into.reached) {
    into = from;
    return;
  }
  into.steps = std::max(into.steps, from.steps);
  const auto same = [](Word& a, const Word& b) {
    if (a != b) a.reset();
  };
  same(into.a, from.a);
  same(into.x, from.x);
  for (size_t i = 0; i < into.memory.size(); ++i) same(into.memory[i], from.memory[i]);
}

Word operand_of(const Instruction& instruction, const State& state) {
  return takes_x(instruction.code) ? state.x : Word(instruction.k);
}

/// Precondition: not by 0, where it is a division.
Word calculated(const Instruction& instruction, const State& state) {
  const Word operand = operand_of(instruction, state);
  if (BPF_OP(instruction.code) == BPF_AND && operand == Word(0)) return 0;
  if (!state.a || !operand) return std::nullopt;
  return calculate(instruction.code, *state.a, *operand);
}

class Walker {
 public:
  Walker(const Program& program, uint32_t audit_arch, uint32_t number)
      : program_(program), arch_(audit_arch), number_(number), states_(program.size()) {}

  Walk follow() {
    walk_.reached.assign(program_.size(), false);
    states_.front().reached = true;
    for (size_t at = 0; at < program_.size(); ++at) {  // Jumps go forward only: one pass sees every path.
      if (states_[at].reached) visit(at);
    }
    std::sort(walk_.answers.begin(), walk_.answers.end());
    walk_.answers.erase(std::unique(walk_.answers.begin(), walk_.answers.end()), walk_.answers.end());
    return std::move(walk_);
  }

 private:
  void visit(size_t at) {
    const Instruction& instruction = program_[at];
    walk_.reached[at] = true;
    State state = states_[at];
    ++state.steps;
    if (is_return(instruction.code)) {
      end(BPF_RVAL(instruction.code) == BPF_A ? state.a : Word(instruction.k), state.steps);
    } else if (is_branch(instruction.code)) {
      branch(at, state);
    } else {
      if (!step(instruction, state)) return;
      merge(states_[successors(instruction, at).yes], state);
    }
  }

  void end(Word answer, size_t steps) {
    walk_.longest = std::max(walk_.longest, steps);
    if (answer) {
      walk_.answers.push_back(*answer);
    } else {
      walk_.computed = true;
    }
  }

  void branch(size_t at, const State& state) {
    const Instruction& instruction = program_[at];
    const Successors next = successors(instruction, at);
    const Word operand = operand_of(instruction, state);
    const bool known = state.a && operand;
    const bool taken = known && holds(instruction.code, *state.a, *operand);
    if (!known || taken) merge(states_[next.yes], state);
    if (!known || !taken) merge(states_[next.no], state);
  }

  /// Whether the program goes on behind a calculation: a division by 0 ends it with the answer 0.
  bool calculate_a(const Instruction& instruction, State& state) {
    const Word operand = operand_of(instruction, state);
    if (BPF_OP(instruction.code) == BPF_DIV && operand.value_or(0) == 0) {
      end(0, state.steps);
      if (operand) return false;
    }
    state.a = calculated(instruction, state);
    return true;
  }

  [[nodiscard]] Word loaded(const Instruction& instruction, const State& state) const {
    switch (BPF_MODE(instruction.code)) {
      case BPF_ABS:
        if (instruction.k == kNumberOffset) return number_;
        if (instruction.k == kArchOffset) return arch_;
        return std::nullopt;
      case BPF_MEM:
        return state.memory[instruction.k];
      case BPF_LEN:
        return sizeof(seccomp_data);
      default:
        return instruction.k;
    }
  }

  /// Whether the program goes on.
  bool step(const Instruction& instruction, State& state) {
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
        state.a = loaded(instruction, state);
        break;
      case BPF_LDX:
        state.x = loaded(instruction, state);
        break;
      case BPF_ST:
        state.memory[instruction.k] = state.a;
        break;
      case BPF_STX:
        state.memory[instruction.k] = state.x;
        break;
      case BPF_ALU:
        return calculate_a(instruction, state);
      case BPF_MISC:
        (BPF_MISCOP(instruction.code) == BPF_TAX ? state.x : state.a) =
            BPF_MISCOP(instruction.code) == BPF_TAX ? state.a : state.x;
        break;
      default:  // A jump without a condition.
        break;
    }
    return true;
  }

  const Program& program_;
  uint32_t arch_;
  uint32_t number_;
  std::vector<State> states_;
  Walk walk_;
};

Accumulator behind(const Instruction& instruction, Accumulator before) {
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
      if (BPF_MODE(instruction.code) != BPF_ABS) return {};
      if (instruction.k == kNumberOffset) return {Accumulator::Field::kNumber};
      if (instruction.k == kArchOffset) return {Accumulator::Field::kArch};
      if (instruction.k < kArgsOffset) return {};
      return {Accumulator::Field::kArgument, instruction.k};
    case BPF_ALU:
      // libseccomp and others mask a word before they compare it.
      if (BPF_OP(instruction.code) == BPF_AND && before.field == Accumulator::Field::kArgument) return before;
      return {};
    case BPF_MISC:
      return BPF_MISCOP(instruction.code) == BPF_TXA ? Accumulator() : before;
    default:
      return before;
  }
}

}  // namespace

Walk walk(const Program& program, uint32_t audit_arch, uint32_t number) {
  return Walker(program, audit_arch, number).follow();
}

std::vector<Accumulator> accumulators(const Program& program) {
  std::vector<std::optional<Accumulator>> found(program.size());
  const auto reach = [&](size_t at, Accumulator accumulator) {
    if (!found[at]) {
      found[at] = accumulator;
    } else if (*found[at] != accumulator) {
      found[at] = Accumulator();
    }
  };
  reach(0, {});
  for (size_t at = 0; at < program.size(); ++at) {
    if (!found[at] || is_return(program[at].code)) continue;
    const Accumulator next = behind(program[at], *found[at]);
    const Successors places = successors(program[at], at);
    reach(places.yes, next);
    reach(places.no, next);
  }
  std::vector<Accumulator> all;
  all.reserve(found.size());
  for (const auto& accumulator : found) all.push_back(accumulator.value_or(Accumulator()));
  return all;
}

KnownA known_after(const Instruction& instruction, KnownA before) {
  if ((access_of(instruction).writes & kStorageA) == 0) return before;
  if (instruction.code != (BPF_LD | BPF_W | BPF_ABS)) return KnownA::kNothing;
  if (instruction.k == kNumberOffset) return KnownA::kNumber;
  return instruction.k == kArchOffset ? KnownA::kArch : KnownA::kNothing;
}

Successors successors(const Instruction& instruction, size_t at, KnownA known, uint32_t audit_arch, uint32_t number) {
  const Successors both = successors(instruction, at);
  if (!is_branch(instruction.code) || known == KnownA::kNothing || takes_x(instruction.code)) return both;
  const size_t one =
      holds(instruction.code, known == KnownA::kNumber ? number : audit_arch, instruction.k) ? both.yes : both.no;
  return {one, one};
}

}  // namespace sandbox::bpf
