// The kernel is asked what it accepts, and `validate` must say the same: of every code, and of random programs.
//
// A child offers one program after the other. After an error it goes on; once a filter is installed it cannot, for its
// next system call may be its last, so it notes the result in shared memory and ends by an illegal instruction.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "bpf/disasm.h"
#include "bpf/validate.h"
#include "support/random.h"

namespace sandbox::bpf {
namespace {

constexpr int kNotAsked = -1;

/// 0 when the kernel has installed the program for this process, else an errno.
int offer(const Program& program) {
  sock_fprog argument = {};
  argument.len = static_cast<unsigned short>(program.size());
  argument.filter = const_cast<Instruction*>(program.data());  // NOLINT: the kernel only reads.
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, &argument) == 0 ? 0 : errno;
}

[[noreturn]] void offer_until_accepted(std::span<const Program> programs, volatile int* results) {
  constexpr rlimit kNoCore = {0, 0};
  setrlimit(RLIMIT_CORE, &kNoCore);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (size_t i = 0; i < programs.size(); ++i) {
    const int result = offer(programs[i]);
    results[i] = result;
    if (result == 0) __builtin_trap();
  }
  _exit(0);
}

/// The kernel's answer to each program: 0 or an errno.
std::vector<int> ask_kernel(std::span<const Program> programs) {
  const size_t size = programs.size() * sizeof(int);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {};
  int* results = static_cast<int*>(memory);
  std::fill_n(results, programs.size(), kNotAsked);
  for (size_t done = 0; done < programs.size();) {
    const pid_t child = fork();
    if (child == 0) offer_until_accepted(programs.subspan(done), results + done);
    if (child < 0 || waitpid(child, nullptr, 0) != child || results[done] == kNotAsked) break;
    while (done < programs.size() && results[done] != kNotAsked) ++done;
  }
  std::vector<int> answers(results, results + programs.size());
  munmap(memory, size);
  return answers;
}

struct Counts {
  size_t accepted = 0;
  size_t refused = 0;
};

/// Holds `validate` against the kernel, program by program.
Counts compare(const std::vector<Program>& programs) {
  Counts counts;
  const std::vector<int> answers = ask_kernel(programs);
  EXPECT_EQ(answers.size(), programs.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto ours = validate(programs[i]);
    const int expected = ours ? 0 : EINVAL;
    EXPECT_EQ(answers[i], expected) << "validate: " << (ours ? "accepted" : ours.error().message)
                                    << "; the kernel: " << (answers[i] < 0 ? "was not asked" : strerror(answers[i]))
                                    << "; code "
                                    << programs[i][ours ? 0 : std::min(ours.error().index, programs[i].size() - 1)].code
                                    << " in\n"
                                    << disassemble(programs[i]);
    if (::testing::Test::HasFailure()) break;  // One is enough to read.
    ++(answers[i] == 0 ? counts.accepted : counts.refused);
  }
  return counts;
}

constexpr Instruction kReturn = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};

TEST(KernelChecker, KnowsTheSameCodes) {
  std::vector<Program> programs;
  for (uint32_t code = 0; code <= UINT16_MAX; ++code) {
    Program program = {{BPF_ST, 0, 0, 4}, {static_cast<uint16_t>(code), 0, 0, 4}};
    program.insert(program.end(), 6, kReturn);
    programs.push_back(program);
  }
  const Counts counts = compare(programs);
  EXPECT_EQ(counts.accepted, 41U);
}

TEST(KernelChecker, HasTheSameLimits) {
  std::vector<Program> programs;
  for (const size_t length : {1, 2, 4095, 4096, 4097, 5000}) programs.emplace_back(length, kReturn);
  for (uint32_t offset = 0; offset < 80; ++offset)
    programs.push_back({{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}, kReturn});
  for (uint32_t k = 0; k < 40; ++k) {
    programs.push_back({{BPF_ALU | BPF_LSH | BPF_K, 0, 0, k}, kReturn});
    programs.push_back({{BPF_ALU | BPF_DIV | BPF_K, 0, 0, k}, kReturn});
    programs.push_back({{BPF_ST, 0, 0, k}, kReturn});
    programs.push_back({{BPF_JMP | BPF_JA, 0, 0, k}, kReturn, kReturn});
    programs.push_back({{BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint8_t>(k), 0, 0}, kReturn, kReturn});
    programs.push_back({{BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<uint8_t>(k), 0}, kReturn, kReturn});
  }
  for (uint32_t extension = 0; extension < SKF_AD_MAX; ++extension) {
    programs.push_back({{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(SKF_AD_OFF) + extension}, kReturn});
  }
  compare(programs);
}

constexpr uint16_t kCodes[] = {
    BPF_LD | BPF_W | BPF_ABS,
    BPF_LD | BPF_W | BPF_LEN,
    BPF_LD | BPF_IMM,
    BPF_LDX | BPF_IMM,
    BPF_LD | BPF_MEM,
    BPF_LDX | BPF_MEM,
    BPF_LD | BPF_MEM,
    BPF_ST,
    BPF_STX,
    BPF_ST,
    BPF_ALU | BPF_ADD | BPF_K,
    BPF_ALU | BPF_DIV | BPF_K,
    BPF_ALU | BPF_DIV | BPF_X,
    BPF_ALU | BPF_LSH | BPF_K,
    BPF_ALU | BPF_NEG,
    BPF_MISC | BPF_TAX,
    BPF_JMP | BPF_JA,
    BPF_JMP | BPF_JEQ | BPF_K,
    BPF_JMP | BPF_JGT | BPF_X,
    BPF_JMP | BPF_JSET | BPF_K,
    BPF_RET | BPF_K,
    BPF_RET | BPF_A,
};
constexpr uint16_t kForbidden[] = {BPF_ALU | BPF_MOD | BPF_K, BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_W | BPF_IND,
                                   BPF_LDX | BPF_B | BPF_MSH, BPF_RET | BPF_X};

/// An instruction that has good prospects in front of `behind` others.
Instruction likely_instruction(testing::Random& random, size_t behind) {
  Instruction instruction = {random.any_of(kCodes), 0, 0, static_cast<uint32_t>(random.below(4))};
  switch (BPF_CLASS(instruction.code)) {
    case BPF_LD:
      if (BPF_MODE(instruction.code) == BPF_ABS) instruction.k *= 4;
      break;
    case BPF_ALU:
      instruction.k += 1;
      break;
    case BPF_JMP:
      instruction.jt = static_cast<uint8_t>(random.below(behind));
      instruction.jf = static_cast<uint8_t>(random.below(behind));
      instruction.k = static_cast<uint32_t>(random.below(behind));
      break;
    default:
      break;
  }
  return instruction;
}

Program likely_program(testing::Random& random) {
  const size_t length = 1 + random.below(14);
  Program program;
  for (size_t i = 0; i + 1 < length; ++i) program.push_back(likely_instruction(random, length - 1 - i));
  program.push_back(kReturn);
  return program;
}

void mutate(testing::Random& random, Program& program) {
  constexpr uint32_t kConstants[] = {0,  1,  3,  15,         16,         31,         32,
                                     33, 60, 64, 0x7FFFFFFF, 0x80000000, 0xFFFFF000, UINT32_MAX};
  const size_t at = random.below(program.size());
  Instruction& instruction = program[at];
  switch (random.below(7)) {
    case 0:
      instruction.k = random.any_of(kConstants);
      break;
    case 1:
      instruction.code = random.any_of(kForbidden);
      break;
    case 2:
      instruction.code = static_cast<uint16_t>(random.bits() & 0xFF);
      break;
    case 3:
      instruction.jt = static_cast<uint8_t>(program.size() - at - random.below(3));
      break;
    case 4:
      instruction.jf = static_cast<uint8_t>(program.size() - at - random.below(3));
      break;
    case 5:
      program.erase(program.begin() + static_cast<std::ptrdiff_t>(at));
      if (program.empty()) program.push_back(kReturn);
      break;
    default:
      program.insert(program.begin() + static_cast<std::ptrdiff_t>(at), likely_instruction(random, 8));
      break;
  }
}

TEST(KernelChecker, JudgesRandomProgramsAlike) {
  testing::Random random(testing::test_seed());
  std::vector<Program> programs;
  for (int i = 0; i < 6000; ++i) {
    Program program = likely_program(random);
    for (size_t mutations = random.below(3); mutations > 0; --mutations) mutate(random, program);
    programs.push_back(std::move(program));
  }
  const Counts counts = compare(programs);
  std::printf("%zu accepted, %zu refused\n", counts.accepted, counts.refused);
  EXPECT_GT(counts.accepted, 1000U);
  EXPECT_GT(counts.refused, 1000U);
}

TEST(KernelChecker, RefusesAnEmptyProgram) {
  const std::vector<Program> programs(1);
  EXPECT_EQ(ask_kernel(programs), std::vector<int>{EINVAL});
  EXPECT_FALSE(validate({}).ok());
}

}  // namespace
}  // namespace sandbox::bpf

int main(int argc, char** argv) {
  uint32_t action = SECCOMP_RET_ALLOW;
  if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0UL, &action) != 0) {
    std::printf("skipped: this kernel has no seccomp(2) with filters, or forbids it\n");
    return 77;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
