// Any bytes as two programs. What validate accepts is interpreted, walked, disassembled and compared, and all of these
// must tell of one and the same program.
//
// An input is a byte of modes, a byte that says how long the first program is, and instructions as the kernel has them.
// In the mode `kShaped` what they name is brought into range, so that most programs are valid.
#include <linux/filter.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/cost.h"
#include "bpf/diff.h"
#include "bpf/disasm.h"
#include "bpf/foreign_program.h"
#include "bpf/interpret.h"
#include "bpf/validate.h"
#include "bpf/walk.h"
#include "fuzzer.h"

namespace sandbox::fuzz {
namespace {

constexpr uint8_t kShaped = 1;     // What instructions name is brought into range.
constexpr uint8_t kPatient = 2;    // The comparison has more time.
constexpr uint8_t kBigEndian = 4;  // Of the ABI.
constexpr size_t kMaxNumbers = 10;
constexpr size_t kMaxArguments = 5;

constexpr auto kCodes = std::to_array<uint16_t>({
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_LEN,
    BPF_LDX | BPF_W | BPF_LEN,
    BPF_LD | BPF_IMM,
    BPF_LDX | BPF_IMM,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_ST,
    BPF_STX,
    BPF_MISC | BPF_TAX,
    BPF_MISC | BPF_TXA,
    BPF_RET | BPF_K,
    BPF_RET | BPF_A,
    BPF_JMP | BPF_JA,
    BPF_JMP | BPF_JEQ,
    BPF_JMP | BPF_JGT,
    BPF_JMP | BPF_JGE,
    BPF_JMP | BPF_JSET,
    BPF_ALU | BPF_ADD,
    BPF_ALU | BPF_SUB,
    BPF_ALU | BPF_MUL,
    BPF_ALU | BPF_DIV,
    BPF_ALU | BPF_AND,
    BPF_ALU | BPF_OR,
    BPF_ALU | BPF_XOR,
    BPF_ALU | BPF_LSH,
    BPF_ALU | BPF_RSH,
    BPF_ALU | BPF_NEG,
});

/// `behind` instructions follow. Scratch words are still read before they are written, and the end may be missing.
bpf::Instruction shaped(bpf::Instruction instruction, size_t behind) {
  const bool from_x = (instruction.code & 0x100U) != 0;
  instruction.code = kCodes[(instruction.code & 0xffU) % kCodes.size()];
  switch (BPF_CLASS(instruction.code)) {
    case BPF_JMP:
      if (behind == 0) break;
      if (BPF_OP(instruction.code) == BPF_JA) {
        instruction.k %= static_cast<uint32_t>(behind);
      } else {
        instruction.jt = static_cast<uint8_t>(instruction.jt % behind);
        instruction.jf = static_cast<uint8_t>(instruction.jf % behind);
        if (from_x) instruction.code |= BPF_X;
      }
      break;
    case BPF_ALU:
      if (BPF_OP(instruction.code) == BPF_NEG) break;
      if (from_x) instruction.code |= BPF_X;
      if (BPF_OP(instruction.code) == BPF_LSH || BPF_OP(instruction.code) == BPF_RSH) instruction.k %= 32;
      if (BPF_OP(instruction.code) == BPF_DIV) instruction.k |= 1;
      break;
    case BPF_LD:
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      if (BPF_CLASS(instruction.code) == BPF_LD && BPF_MODE(instruction.code) == BPF_ABS) {
        instruction.k = instruction.k % 16 * 4;
      } else if (BPF_MODE(instruction.code) != BPF_IMM || BPF_CLASS(instruction.code) >= BPF_ST) {
        instruction.k %= BPF_MEMWORDS;
      }
      break;
    default:
      break;
  }
  return instruction;
}

bpf::Program read_program(Bytes& bytes, size_t count, bool shape) {
  bpf::Program program;
  for (size_t i = 0; i < count; ++i) {
    bpf::Instruction instruction = {};
    instruction.code = bytes.half();
    instruction.jt = bytes.byte();
    instruction.jf = bytes.byte();
    instruction.k = bytes.word();
    program.push_back(shape ? shaped(instruction, count - 1 - i) : instruction);
  }
  return program;
}

/// Calls at the boundaries of what the programs compare with.
std::vector<bpf::SystemCall> telling_calls(const bpf::Program& left, const bpf::Program& right) {
  std::set<uint32_t> constants = {0, 1, 59, 0x40000000};
  for (const bpf::Program* program : {&left, &right}) {
    for (const bpf::Instruction& instruction : *program) {
      if (constants.size() >= 3 * kMaxNumbers) break;
      if (BPF_CLASS(instruction.code) == BPF_RET) continue;
      constants.insert({instruction.k - 1, instruction.k, instruction.k + 1});
    }
  }
  const std::vector<uint32_t> words(constants.begin(), constants.end());
  std::vector<bpf::SystemCall> calls;
  size_t turn = 0;
  const auto next = [&] { return words[turn++ % words.size()]; };
  for (const uint32_t arch : {arch::info(arch::Abi::kX86_64).audit_arch, words[words.size() / 2]}) {
    for (size_t i = 0; i < words.size(); i += words.size() / kMaxNumbers + 1) {
      for (size_t j = 0; j < kMaxArguments; ++j) {
        bpf::SystemCall call = {words[i], arch, {}, 0};
        for (uint64_t& argument : call.args) argument = next() | uint64_t{next()} << 32U;
        if (j == 0) call.args = {};
        if (j % 2 == 1) call.instruction_pointer = next();
        calls.push_back(call);
      }
      ++turn;  // So that the same words do not always come together.
    }
  }
  return calls;
}

void check_disassembly(const bpf::Program& program) {
  const std::string text = bpf::disassemble(program);
  if (static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) != program.size()) fail("lines are missing");
  for (const char c : text) {
    if (c != '\n' && (c < ' ' || c > '~')) fail("the disassembly cannot be printed");
  }
}

void check_call(const bpf::ValidatedProgram& program, const bpf::SystemCall& call, bpf::Endian endian,
                const bpf::Walk& walk) {
  const bpf::Outcome outcome = bpf::interpret(program, call, endian);
  const std::vector<size_t> way = bpf::trace(program, call, endian);
  if (way.size() != outcome.steps || !std::ranges::is_sorted(way)) fail("the trace is not what was executed");
  for (const size_t at : way) {
    if (at >= program.size() || !walk.reached.at(at)) fail("walk has not been at " + std::to_string(at));
  }
  if (outcome.steps > walk.longest) fail("a way is longer than the longest");
  if (walk.longest > bpf::longest_path(program)) fail("the longest way of a call is longer than that of all calls");
  if (!walk.computed && !std::ranges::binary_search(walk.answers, outcome.value)) {
    fail("walk does not know the answer " + std::to_string(outcome.value));
  }
  if (bpf::is_cached_allow(program, call.arch, call.number) && outcome.value != SECCOMP_RET_ALLOW) {
    fail("a call would be cached that is not always allowed");
  }
}

bool covers(const bpf::CallSet& calls, const bpf::SystemCall& call) {
  if (call.number < calls.numbers.first || call.number > calls.numbers.last) return false;
  return std::ranges::any_of(
      calls.archs, [&](const bpf::Interval& archs) { return call.arch >= archs.first && call.arch <= archs.last; });
}

class Comparison {
 public:
  Comparison(const bpf::ValidatedProgram& left, const bpf::ValidatedProgram& right, bpf::Endian endian, bool patient)
      : left_(left), right_(right), endian_(endian) {
    archs_ = {{arch::info(arch::Abi::kX86_64).audit_arch, endian}};
    bpf::DiffOptions options;
    options.archs = archs_;
    options.max_differences = 64;
    const unsigned more = patient ? 3 : 0;  // All that `diff` allows itself takes seconds under the sanitizers.
    options.limits = {uint64_t{1} << (15U + more), uint64_t{1} << (13U + more), size_t{1} << (12U + more)};
    result_ = bpf::diff(left, right, options);
  }

  void check_witnesses() const {
    for (const bpf::Difference& difference : result_.differences) {
      const bpf::SystemCall& call = difference.witness;
      const bool named = call.arch == archs_.front().arch;
      const bpf::Endian endian = named ? endian_ : bpf::Endian::kLittle;
      if (!covers(difference.calls, call)) fail("the witness is none of the calls");
      if (difference.left == difference.right) fail("a difference without a difference");
      if (bpf::as_the_kernel_reads(bpf::interpret(left_, call, endian).value) != difference.left ||
          bpf::as_the_kernel_reads(bpf::interpret(right_, call, endian).value) != difference.right) {
        fail("the witness shows another difference");
      }
    }
  }

  void check(const bpf::SystemCall& call) const {
    const uint32_t left = bpf::as_the_kernel_reads(bpf::interpret(left_, call, endian_).value);
    const uint32_t right = bpf::as_the_kernel_reads(bpf::interpret(right_, call, endian_).value);
    if (left == right || !result_.complete) return;
    const auto same = [&](const bpf::Difference& d) {
      return covers(d.calls, call) && d.left == left && d.right == right;
    };
    const auto open = [&](const bpf::Undecided& u) { return covers(u.calls, call); };
    if (!std::ranges::any_of(result_.differences, same) && !std::ranges::any_of(result_.undecided, open)) {
      fail("a difference was not found, for call " + std::to_string(call.number));
    }
  }

  [[nodiscard]] bool denies_equality() const { return !result_.differences.empty(); }

 private:
  const bpf::ValidatedProgram& left_;
  const bpf::ValidatedProgram& right_;
  bpf::Endian endian_;
  std::vector<bpf::ArchEndian> archs_;
  bpf::Comparison result_;
};

void try_programs(Bytes bytes) {
  const uint8_t mode = bytes.byte();
  const size_t share = bytes.byte();
  const size_t count = std::min<size_t>(bytes.rest().size() / 8, 2 * bpf::kMaxInstructions + 2);
  const bool shape = (mode & kShaped) != 0;
  const size_t first = count * share / 256;
  const bpf::Program programs[] = {read_program(bytes, first, shape), read_program(bytes, count - first, shape)};
  std::vector<bpf::ValidatedProgram> valid;
  for (const bpf::Program& program : programs) {
    check_disassembly(program);
    auto validated = bpf::validate(program);
    if (!validated) {
      check_message(validated.error().message);
      if (validated.error().index > program.size()) fail("the error is behind the program");
      continue;
    }
    valid.push_back(std::move(*validated));
  }
  if (valid.empty()) return;
  ++accepted;
  const bpf::Endian endian = (mode & kBigEndian) != 0 ? bpf::Endian::kBig : bpf::Endian::kLittle;
  const std::vector<bpf::SystemCall> calls = telling_calls(programs[0], programs[1]);
  for (const bpf::ValidatedProgram& program : valid) {
    const auto unusable = bpf::unusable_return(program);
    if (unusable) check_message(unusable->message);
    bpf::entry_reads(program);
    if (bpf::accumulators(program.instructions()).size() != program.size()) fail("an instruction is missing");
    const bpf::SystemCall* before = nullptr;
    bpf::Walk walk;
    for (const bpf::SystemCall& call : calls) {
      if (before == nullptr || before->arch != call.arch || before->number != call.number) {
        walk = bpf::walk(program.instructions(), call.arch, call.number);
      }
      before = &call;
      check_call(program, call, endian, walk);
    }
  }
  const bool patient = (mode & kPatient) != 0;
  if (Comparison(valid.front(), valid.front(), endian, patient).denies_equality())
    fail("a program differs from itself");
  if (valid.size() < 2) return;
  const Comparison comparison(valid.front(), valid.back(), endian, patient);
  comparison.check_witnesses();
  for (const bpf::SystemCall& call : calls) comparison.check(call);
}

}  // namespace
}  // namespace sandbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes = sandbox::fuzz::text_of(data, size);
  sandbox::fuzz::try_programs(sandbox::fuzz::Bytes(bytes));
  return 0;
}
