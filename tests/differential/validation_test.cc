// `validate` takes a program exactly where the kernel does: random programs, programs of random policies, and both with
// bits, jumps and constants changed. SANDBOX_RUN_TEST_PROGRAMS=N tries N of them.
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "bpf/disasm.h"
#include "bpf/validate.h"
#include "random_policy.h"
#include "subject.h"
#include "support/random.h"
#include "support/random_program.h"

namespace sandbox::differential {
namespace {

constexpr size_t kBatch = 1000;

size_t program_count() {
  const char* given = std::getenv("SANDBOX_RUN_TEST_PROGRAMS");
  return given != nullptr ? std::strtoul(given, nullptr, 10) : 20'000;
}

/// What seccomp(2) says of a program, without installing it: a listener is asked for where no descriptor can be had,
/// which the kernel finds out when it has checked the program.
int errno_of(bpf::Program& program) {
  sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter) == 0 ? 0 : errno;
}

/// EMFILE for a program that the kernel would take, EINVAL for another.
std::vector<int> kernel_answers(std::span<bpf::Program> programs) {
  void* memory = mmap(nullptr, kBatch * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(memory, MAP_FAILED);
  auto* answers = static_cast<int*>(memory);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none = {0, 0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_NOFILE, &none) != 0) _exit(1);
    for (size_t i = 0; i < programs.size(); ++i) answers[i] = errno_of(programs[i]);
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  std::vector<int> result(answers, answers + programs.size());
  munmap(memory, kBatch * sizeof(int));
  return result;
}

class Programs {
 public:
  explicit Programs(sandbox::testing::Random& random)
      : random_(random),
        valid_(random, {{0, 1, 59, 0xc000003e}, {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1, SECCOMP_RET_TRAP}}) {
    Random of_policies(random.bits());
    while (compiled_.size() < 20) {
      std::string errors;
      auto rules = load(random_policy({}, of_policies), arch::native_abi(), errors);
      if (!rules) continue;
      const auto subject = Subject::make(std::move(*rules), of_policies);
      if (subject) compiled_.push_back(subject->launcher().instructions());
    }
  }

  bpf::Program draw() {
    bpf::Program program;
    switch (random_.below(4)) {
      case 0:
        program = anything();
        break;
      case 1:
        program = random_.any_of(compiled_);
        break;
      default:
        program = valid_.draw(30).instructions();
    }
    // Programs as long as the kernel takes them, and longer.
    if (random_.one_in(200))
      program.insert(program.begin(), bpf::kMaxInstructions - 5 + random_.below(6), load_word(0));
    for (size_t changes = random_.below(4); changes > 0 && !program.empty(); --changes) change(program);
    if (program.size() > UINT16_MAX) program.resize(UINT16_MAX);
    return program;
  }

 private:
  static bpf::Instruction load_word(uint32_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}; }

  uint32_t constant() {
    switch (random_.below(4)) {
      case 0:
        return static_cast<uint32_t>(random_.below(80));
      case 1:
        return static_cast<uint32_t>(0 - random_.below(3));
      case 2:
        return uint32_t{1} << random_.below(32);
      default:
        return static_cast<uint32_t>(random_.bits());
    }
  }

  /// Any code, and mostly one that classic BPF has.
  uint16_t code() {
    if (random_.one_in(20)) return static_cast<uint16_t>(random_.bits());
    return static_cast<uint16_t>(random_.below(256));
  }

  bpf::Program anything() {
    bpf::Program program;
    for (size_t count = random_.below(6); count > 0; --count) {
      program.push_back({code(), static_cast<uint8_t>(random_.below(6)), static_cast<uint8_t>(random_.below(6)),
                         random_.one_in(2) ? static_cast<uint32_t>(random_.below(20)) : constant()});
    }
    if (!random_.one_in(8)) program.push_back({BPF_RET | BPF_K, 0, 0, constant()});
    return program;
  }

  void change(bpf::Program& program) {
    bpf::Instruction& instruction = program[random_.below(program.size())];
    switch (random_.below(7)) {
      case 0:
        instruction.code ^= static_cast<uint16_t>(1U << random_.below(8));
        break;
      case 1:
        instruction.code = code();
        break;
      case 2:
        instruction.k = constant();
        break;
      case 3:
        instruction.k ^= uint32_t{1} << random_.below(7);
        break;
      case 4:
        (random_.one_in(2) ? instruction.jt : instruction.jf) = static_cast<uint8_t>(random_.below(256));
        break;
      case 5:  // The way to the end, and one further.
        instruction.jt = static_cast<uint8_t>(program.size() - 2 - (&instruction - program.data()) + random_.below(3));
        break;
      default:
        program.erase(program.begin() + (&instruction - program.data()));
    }
  }

  sandbox::testing::Random& random_;
  sandbox::testing::RandomPrograms valid_;
  std::vector<bpf::Program> compiled_;
};

TEST(Validation, IsTheKernels) {
  std::vector<bpf::Program> trial = {{{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
  if (kernel_answers(trial).front() == EINVAL) GTEST_SKIP() << "the kernel has no listeners (Linux 5.0)";
  sandbox::testing::Random random(run_seed());
  Programs programs(random);
  const size_t count = program_count();
  size_t taken = 0;
  for (size_t done = 0; done < count;) {
    std::vector<bpf::Program> batch(std::min(kBatch, count - done));
    for (bpf::Program& program : batch) program = programs.draw();
    const std::vector<int> answers = kernel_answers(batch);
    for (size_t i = 0; i < batch.size(); ++i, ++done) {
      const auto ours = bpf::validate(batch[i]);
      ASSERT_TRUE(answers[i] == EMFILE || answers[i] == EINVAL) << "errno " << answers[i];
      ASSERT_EQ(ours.ok(), answers[i] == EMFILE)
          << (ours.ok() ? "" : ours.error().message) << " in program " << done << ":\n"
          << bpf::disassemble(batch[i]);
      taken += ours.ok() ? 1 : 0;
    }
  }
  std::printf("%zu programs, %zu of them valid\n", count, taken);
  EXPECT_TRUE(count < 1000 || (taken > count / 5 && taken < count - count / 5)) << "too much of one kind";
}

}  // namespace
}  // namespace sandbox::differential
