// Every bit of every instruction of a program, turned over one at a time: diff() finds what that changes, or proves
// that it changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "arch/abi.h"
#include "bpf/diff.h"
#include "bpf/interpret.h"
#include "compile/compile.h"
#include "judged_policies.h"
#include "libseccomp_program.h"

namespace sandbox::differential {
namespace {

using bpf::Instruction;
using bpf::SystemCall;
using bpf::ValidatedProgram;

constexpr uint32_t kX86_64 = 0xC000003E;
constexpr compile::Token kToken = {0x12345678, 0x9abcdef0, 0x0fedcba9, 0x87654321, 0, 0xffffffff};

/// Rules that need every kind of comparison; libseccomp can express them too.
constexpr const char* kPolicy = R"(
seccomp:
  default_action: errno
  syscalls:
  - action: allow
    names: [read, write, close, mmap, brk, getpid, uname, gettid, futex, exit_group, openat, statx, getcwd, umask, tee]
  - action: kill_process
    names: [ptrace, kexec_load]
  - action: allow
    names_with_args:
    - {name: lseek, arguments: [{argument: 1, operation: LessThan, value: 0x300000005}]}
    - {name: socket, arguments: [{argument: 0, operation: Equal, value: 1}]}
    - {name: mprotect, arguments: [{argument: 2, operation: BitsNotSet, value: 4}]}
    - {name: fcntl, arguments: [{argument: 1, operation: GreaterOrEqual, value: 1030}]}
    - {name: clone, arguments: [{argument: 0, operation: MaskedEqual, mask: 0x7e020000, value: 0}]}
  - action: trap
    names_with_args:
    - {name: prctl, arguments: [{argument: 0, operation: NotEqual, value: 22}]}
)";

bpf::Program flipped(bpf::Program program, size_t index, unsigned bit) {
  Instruction& instruction = program[index];
  if (bit < 16) {
    instruction.code = static_cast<uint16_t>(instruction.code ^ 1U << bit);
  } else if (bit < 24) {
    instruction.jt = static_cast<uint8_t>(instruction.jt ^ 1U << (bit - 16));
  } else if (bit < 32) {
    instruction.jf = static_cast<uint8_t>(instruction.jf ^ 1U << (bit - 24));
  } else {
    instruction.k ^= 1U << (bit - 32);
  }
  return program;
}

/// Calls at which a change may show: words that the program compares with, their neighbours and others with one bit
/// changed; arguments that carry the token, whole and nearly so.
class Calls {
 public:
  Calls(const ValidatedProgram& program, Dice& dice) : dice_(dice) {
    for (const Instruction& instruction : program.instructions()) constants_.push_back(instruction.k);
    for (const uint32_t end : {0U, 1U, 0x7fffffffU, 0x80000000U, UINT32_MAX}) constants_.push_back(end);
    for (const uint32_t constant : constants_) {  // Every number that is compared, and its neighbours.
      for (const uint32_t number : {constant - 1, constant, constant + 1}) {
        calls_.push_back({number, kX86_64, {}, 0});
        calls_.push_back(drawn(number));
      }
    }
    while (calls_.size() < 100'000) {
      calls_.push_back(drawn(dice_.one_in(3) ? static_cast<uint32_t>(dice_.below(340)) : word()));
    }
    for (const SystemCall& call : calls_) answers_.push_back(answer(program, call));
  }

  static uint32_t answer(const ValidatedProgram& program, const SystemCall& call) {
    return bpf::as_the_kernel_reads(bpf::interpret(program, call, bpf::Endian::kLittle).value);
  }

  /// Whether the program answers all calls as the one does that this was made of.
  [[nodiscard]] bool same(const ValidatedProgram& program) const {
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (answer(program, calls_[i]) != answers_[i]) return false;
    }
    return true;
  }

 private:
  uint32_t word() {
    const uint32_t word = dice_.one_in(8) ? static_cast<uint32_t>(dice_.bits()) : dice_.pick(constants_);
    switch (dice_.below(4)) {
      case 0:
        return word ^ 1U << dice_.below(32);
      case 1:
        return word + static_cast<uint32_t>(dice_.below(3)) - 1;
      default:
        return word;
    }
  }

  SystemCall drawn(uint32_t number) {
    SystemCall call = {number, dice_.one_in(50) ? word() : kX86_64, {}, dice_.bits()};
    for (uint64_t& arg : call.args) arg = uint64_t{dice_.one_in(2) ? 0 : word()} << 32U | word();
    if (dice_.one_in(3)) {
      for (size_t i = 0; i < 3; ++i) call.args.at(3 + i) = kToken.at(2 * i) | uint64_t{kToken.at(2 * i + 1)} << 32U;
      if (dice_.one_in(3)) call.args.at(3 + dice_.below(3)) ^= uint64_t{1} << dice_.below(64);
    }
    return call;
  }

  Dice& dice_;
  std::vector<uint32_t> constants_;
  std::vector<SystemCall> calls_;
  std::vector<uint32_t> answers_;
};

/// Why a change may be harmless, as far as the instruction alone tells.
std::string reason(const Instruction& instruction, unsigned bit) {
  const bool branch = BPF_CLASS(instruction.code) == BPF_JMP && BPF_OP(instruction.code) != BPF_JA;
  const bool has_k = BPF_CLASS(instruction.code) != BPF_MISC &&
                     !(BPF_CLASS(instruction.code) == BPF_ALU && BPF_SRC(instruction.code) == BPF_X);
  if (bit >= 16 && bit < 32 && !branch) return "distance of what is no branch";
  if (bit >= 32 && !has_k) return "constant of what takes none";
  if (bit >= 32 && BPF_CLASS(instruction.code) == BPF_RET) return "data that the kernel does not look at";
  if (bit < 16) return "code";
  return bit < 32 ? "distance of a branch" : "constant that is compared";
}

void try_every_bit(const ValidatedProgram& program) {
  Dice dice;
  const Calls calls(program, dice);
  const std::vector<bpf::ArchEndian> archs = {{kX86_64, bpf::Endian::kLittle}};
  size_t invalid = 0;
  size_t different = 0;
  size_t sampled = 0;  // Different ones that the calls that were drawn found, too.
  std::map<std::string, size_t> harmless;
  std::map<std::string, size_t> beyond;
  for (size_t i = 0; i < program.size(); ++i) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      const auto changed = bpf::validate(flipped(program.instructions(), i, bit));
      if (!changed) {
        ++invalid;
        continue;
      }
      const bpf::Comparison result = bpf::diff(program, *changed, {.archs = archs, .limits = {}});
      SCOPED_TRACE("instruction " + std::to_string(i) + ", bit " + std::to_string(bit));
      for (const bpf::Difference& difference : result.differences) {
        ASSERT_EQ(Calls::answer(program, difference.witness), difference.left);
        ASSERT_EQ(Calls::answer(*changed, difference.witness), difference.right);
        ASSERT_NE(difference.left, difference.right);
      }
      if (result.equal()) {
        ++harmless[reason(program.instructions()[i], bit)];
        ASSERT_TRUE(calls.same(*changed)) << "called equal";
      } else if (!result.differences.empty()) {
        ++different;
        sampled += calls.same(*changed) ? 0 : 1;
      } else {
        const uint16_t code = changed->instructions()[i].code;
        // Behind a token check A holds what the arithmetic of the check came to.
        ASSERT_TRUE(BPF_CLASS(code) == BPF_ALU || code == (BPF_RET | BPF_A)) << "undecided, without arithmetic";
        ++beyond[std::to_string(code)];
      }
    }
  }
  std::printf("%zu instructions: %zu bits make no valid program; %zu change it (%zu of them seen by sampling)\n",
              program.size(), invalid, different, sampled);
  for (const auto& [why, count] : harmless) std::printf("  %zu are harmless: %s\n", count, why.c_str());
  for (const auto& [code, count] : beyond) std::printf("  %zu are undecided: code %s\n", count, code.c_str());
  EXPECT_GT(different, 10 * program.size());
}

resolve::PolicyRules rules() {
  const ReadPolicy read = read_rules(kPolicy, plain_environment());
  EXPECT_TRUE(read.rules) << read.messages;
  return *read.rules;
}

TEST(DiffMutation, OfOurOwnProgramWithTheToken) {
  const resolve::PolicyRules policy = rules();
  const auto filter = compile::compile({&policy, 1}, {.launcher = arch::Abi::kX86_64});
  ASSERT_TRUE(filter.ok());
  const auto program = bpf::validate(compile::with_lasting_token(*filter, kToken));
  ASSERT_TRUE(program.ok());
  EXPECT_GE(program->size(), 60U);
  try_every_bit(*program);
}

TEST(DiffMutation, OfLibseccompsProgram) {
  if (arch::native_abi() != arch::Abi::kX86_64) GTEST_SKIP() << "libseccomp would make another program here";
  resolve::PolicyRules policy = rules();
  for (resolve::CallRules& call : policy.front().calls) {  // libseccomp compares 64 bits only.
    for (resolve::Clause& clause : call.clauses) {
      for (resolve::Condition& condition : clause.conditions) condition.width = 64;
    }
  }
  const auto program = libseccomp_program(policy.front());
  ASSERT_TRUE(program);
  EXPECT_GE(program->size(), 60U);
  try_every_bit(*program);
}

}  // namespace
}  // namespace sandbox::differential
