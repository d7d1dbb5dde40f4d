#include "walk.h"

#include <algorithm>
#include <array>
#include <optional>

namespace sandbox::tool {
namespace {

using bpf::Instruction;
using bpf::Program;

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

Word computed(const Instruction& instruction, const State& state) {
  if (BPF_OP(instruction.code) == BPF_NEG) return state.a ? Word(0U - *state.a) : Word();
  const Word operand = BPF_SRC(instruction.code) == BPF_X ? state.x : Word(instruction.k);
  if (BPF_OP(instruction.code) == BPF_AND && operand == Word(0)) return 0;
  if (!state.a || !operand) return std::nullopt;
  const uint32_t a = *state.a;
  const uint32_t b = *operand;
  switch (BPF_OP(instruction.code)) {
    case BPF_ADD:
      return a + b;
    case BPF_SUB:
      return a - b;
    case BPF_MUL:
      return a * b;
    case BPF_DIV:
      return b == 0 ? Word() : Word(a / b);
    case BPF_AND:
      return a & b;
    case BPF_OR:
      return a | b;
    case BPF_XOR:
      return a ^ b;
    case BPF_LSH:
      return b > 31 ? Word() : Word(a << b);
    case BPF_RSH:
      return b > 31 ? Word() : Word(a >> b);
    default:
      return std::nullopt;
  }
}

std::optional<bool> outcome(const Instruction& instruction, const State& state) {
  const Word operand = BPF_SRC(instruction.code) == BPF_X ? state.x : Word(instruction.k);
  if (!state.a || !operand) return std::nullopt;
  switch (BPF_OP(instruction.code)) {
    case BPF_JEQ:
      return *state.a == *operand;
    case BPF_JGE:
      return *state.a >= *operand;
    case BPF_JGT:
      return *state.a > *operand;
    default:
      return (*state.a & *operand) != 0;
  }
}

class Walker {
 public:
  Walker(const Program& program, uint32_t audit_arch, uint32_t number)
      : program_(program), arch_(audit_arch), number_(number), states_(program.size()) {}

  Walk follow() {
    Walk walk;
    walk.reached.assign(program_.size(), false);
    states_.front().reached = true;
    for (size_t at = 0; at < program_.size(); ++at) {  // Jumps go forward only: one pass sees every way.
      if (!states_[at].reached) continue;
      walk.reached[at] = true;
      State state = states_[at];
      ++state.steps;
      if (BPF_CLASS(program_[at].code) == BPF_RET) {
        walk.longest = std::max(walk.longest, state.steps);
        note_answer(program_[at], state, walk);
      } else if (BPF_CLASS(program_[at].code) == BPF_JMP) {
        jump(at, state);
      } else {
        step(program_[at], state);
        merge(states_[at + 1], state);
      }
    }
    std::sort(walk.answers.begin(), walk.answers.end());
    walk.answers.erase(std::unique(walk.answers.begin(), walk.answers.end()), walk.answers.end());
    return walk;
  }

 private:
  static void note_answer(const Instruction& instruction, const State& state, Walk& walk) {
    const Word value = BPF_RVAL(instruction.code) == BPF_A ? state.a : Word(instruction.k);
    if (value) {
      walk.answers.push_back(*value);
    } else {
      walk.computed = true;
    }
  }

  void jump(size_t at, const State& state) {
    const Instruction& instruction = program_[at];
    if (BPF_OP(instruction.code) == BPF_JA) {
      merge(states_[at + 1 + instruction.k], state);
      return;
    }
    const auto taken = outcome(instruction, state);
    if (taken != false) merge(states_[at + 1 + instruction.jt], state);
    if (taken != true) merge(states_[at + 1 + instruction.jf], state);
  }

  [[nodiscard]] Word loaded(const Instruction& instruction, const State& state) const {
    switch (BPF_MODE(instruction.code)) {
      case BPF_ABS:
        if (instruction.k == bpf::kNumberOffset) return number_;
        if (instruction.k == bpf::kArchOffset) return arch_;
        return std::nullopt;
      case BPF_MEM:
        return state.memory[instruction.k];
      case BPF_LEN:
        return sizeof(seccomp_data);
      default:
        return instruction.k;
    }
  }

  void step(const Instruction& instruction, State& state) const {
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
        state.a = computed(instruction, state);
        break;
      default:
        if (BPF_MISCOP(instruction.code) == BPF_TAX) {
          state.x = state.a;
        } else {
          state.a = state.x;
        }
    }
  }

  const Program& program_;
  uint32_t arch_;
  uint32_t number_;
  std::vector<State> states_;
};

Accumulator behind(const Instruction& instruction, Accumulator before) {
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
      if (BPF_MODE(instruction.code) != BPF_ABS) return {};
      if (instruction.k == bpf::kNumberOffset) return {Accumulator::Kind::kNumber};
      if (instruction.k == bpf::kArchOffset) return {Accumulator::Kind::kArch};
      if (instruction.k < bpf::kArgsOffset) return {};
      return {Accumulator::Kind::kArgument, instruction.k};
    case BPF_ALU:
      // libseccomp and others mask a word before they compare it.
      if (BPF_OP(instruction.code) == BPF_AND && before.kind == Accumulator::Kind::kArgument) return before;
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
    if (at >= found.size()) return;
    if (!found[at]) {
      found[at] = accumulator;
    } else if (*found[at] != accumulator) {
      found[at] = Accumulator();
    }
  };
  reach(0, {});
  for (size_t at = 0; at < program.size(); ++at) {
    if (!found[at]) continue;
    const Instruction& instruction = program[at];
    const Accumulator next = behind(instruction, *found[at]);
    if (BPF_CLASS(instruction.code) == BPF_RET) continue;
    if (BPF_CLASS(instruction.code) != BPF_JMP) {
      reach(at + 1, next);
    } else if (BPF_OP(instruction.code) == BPF_JA) {
      reach(at + 1 + instruction.k, next);
    } else {
      reach(at + 1 + instruction.jt, next);
      reach(at + 1 + instruction.jf, next);
    }
  }
  std::vector<Accumulator> all;
  all.reserve(found.size());
  for (const auto& accumulator : found) all.push_back(accumulator.value_or(Accumulator()));
  return all;
}

std::vector<arch::Abi> abis_in(const Program& program) {
  const std::vector<Accumulator> a = accumulators(program);
  const uint32_t x32_first = arch::info(arch::Abi::kX32).first_number;
  std::vector<arch::Abi> abis;
  const auto add = [&](arch::Abi abi) {
    if (std::find(abis.begin(), abis.end(), abi) == abis.end()) abis.push_back(abi);
  };
  for (size_t at = 0; at < program.size(); ++at) {
    if (BPF_CLASS(program[at].code) != BPF_JMP || BPF_OP(program[at].code) != BPF_JEQ) continue;
    const uint32_t k = program[at].k;
    for (const arch::AbiInfo& abi : arch::all_abis()) {
      const bool x32 = abi.abi == arch::Abi::kX32;
      if (a[at].kind == Accumulator::Kind::kArch && !x32 && k == abi.audit_arch) add(abi.abi);
      if (a[at].kind == Accumulator::Kind::kNumber && x32 && k > x32_first && k != UINT32_MAX) add(abi.abi);
    }
  }
  return abis;
}

}  // namespace sandbox::tool
