// What is put in front of raw BPF changes nothing but the launcher's own calls, and the kernel says so, too; filters of
// random policies pass through files unchanged; the interpreter says what the kernel does under random programs, of
// which SANDBOX_RUN_TEST_CALLS=N makes N calls.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "arch/syscalls.h"
#include "bpf/disasm.h"
#include "bpf/foreign_program.h"
#include "bpf/interpret.h"
#include "compile/ready_filter.h"
#include "kernel_judge.h"
#include "random_policy.h"
#include "subject.h"
#include "support/random_program.h"

namespace sandbox::differential {
namespace {

using Kind = KernelAnswer::Kind;

constexpr compile::Token kToken = {0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834, 0x1082276b, 0xf3a27251};

/// Read no argument, so that any may be given.
constexpr const char* kWithoutArguments[] = {"getpid", "getppid", "gettid", "getuid", "getegid", "sched_yield"};
/// Fail by the pointer or the descriptor in argument 0, regardless of the others.
constexpr const char* kFailing[] = {"execve", "write", "close", "fsync"};

uint32_t native_number(const char* name) {
  return *arch::number_of(arch::native_abi(), name);
}

class RawFilters : public ::testing::Test {
 protected:
  /// So that the filtered thread's free() makes no system call, and no core is dumped.
  static void SetUpTestSuite() {
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_MMAP_THRESHOLD, INT_MAX);
    mallopt(M_ARENA_MAX, 1);
    rlimit limit = {};
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
  }
};

sandbox::testing::ProgramPool pool() {
  sandbox::testing::ProgramPool pool;
  for (const char* name : kWithoutArguments) pool.numbers.push_back(native_number(name));
  for (const char* name : kFailing) pool.numbers.push_back(native_number(name));
  pool.numbers.push_back(arch::info(arch::native_abi()).audit_arch);
  pool.returns = {SECCOMP_RET_ALLOW,     SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW | 1,  SECCOMP_RET_ERRNO | 1,
                  SECCOMP_RET_ERRNO | 7, SECCOMP_RET_TRACE, SECCOMP_RET_KILL_THREAD};
  return pool;
}

std::vector<bpf::SystemCall> harmless_calls(sandbox::testing::Random& random) {
  std::vector<bpf::SystemCall> calls;
  const auto add = [&](uint32_t number, bool fails) {
    bpf::SystemCall call = {number, arch::info(arch::native_abi()).audit_arch, {}, 0};
    for (uint64_t& argument : call.args) argument = random.one_in(2) ? random.below(3) : random.bits();
    if (fails) call.args[0] = UINT64_MAX;
    calls.push_back(call);
  };
  for (int i = 0; i < 2; ++i) {
    for (const char* name : kWithoutArguments) add(native_number(name), false);
    for (const char* name : kFailing) add(native_number(name), true);
    add(static_cast<uint32_t>(600 + random.below(300)), false);
  }
  return calls;
}

TEST_F(RawFilters, TheKernelAnswersAsWithoutThePrefix) {
  sandbox::testing::Random random(run_seed());
  sandbox::testing::RandomPrograms programs(random, pool());
  const size_t count = policy_count(60);
  size_t prefixed = 0;
  size_t opened = 0;
  for (size_t i = 0; i < count; ++i) {
    const bpf::ValidatedProgram program = programs.draw(24, random.one_in(2));
    const auto raw = compile::read_raw_filter(compile::write_raw_filter(program), arch::native_abi());
    ASSERT_TRUE(raw.ok()) << raw.error().message;
    const auto armed = bpf::validate(compile::with_lasting_token(raw->filter, kToken));
    ASSERT_TRUE(armed.ok());
    std::vector<bpf::SystemCall> calls = harmless_calls(random);
    const std::vector<KernelAnswer> without = make_calls(&program, calls);
    ASSERT_EQ(make_calls(&*armed, calls), without) << "program " << i;
    if (raw->prefix == 0) continue;
    ++prefixed;
    // With the token the launcher's calls reach the kernel, which finds that their pointers lead nowhere.
    std::vector<bpf::SystemCall> own;
    for (const char* name : {"execve", "write"}) {
      own.push_back({native_number(name), arch::info(arch::native_abi()).audit_arch, {UINT64_MAX, UINT64_MAX, 1}, 0});
      for (size_t j = 0; j < 3; ++j) own.back().args[3 + j] = kToken[2 * j] | uint64_t{kToken[2 * j + 1]} << 32U;
    }
    const std::vector<KernelAnswer> expected = make_calls(nullptr, own);
    ASSERT_EQ(make_calls(&*armed, own), expected) << "program " << i;
    if (make_calls(&program, own) != expected) ++opened;
  }
  std::printf("%zu programs, %zu with a prefix, %zu that refuse the launcher\n", count, prefixed, opened);
  EXPECT_TRUE(count < 20 || (prefixed > count / 4 && opened > count / 8)) << "too few programs need the prefix";
}

/// The program with an errno for its last answer that shows the low bits of what it has calculated.
bpf::ValidatedProgram showing_a(const bpf::ValidatedProgram& program) {
  bpf::Program shown = program.instructions();
  shown.pop_back();
  const bpf::Program answer = {{BPF_ALU | BPF_AND | BPF_K, 0, 0, bpf::kMaxErrno},
                               {BPF_ALU | BPF_OR | BPF_K, 0, 0, SECCOMP_RET_ERRNO},
                               {BPF_RET | BPF_A, 0, 0, 0}};
  shown.insert(shown.end(), answer.begin(), answer.end());
  auto validated = bpf::validate(std::move(shown));
  EXPECT_TRUE(validated.ok());
  return std::move(*validated);
}

/// What the kernel makes of an answer to a call that without a filter gets `native`.
KernelAnswer expected(uint32_t answer, const KernelAnswer& native) {
  switch (answer & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return native;
    case SECCOMP_RET_ERRNO:
      return {Kind::kReturned, static_cast<int>(std::min(answer & SECCOMP_RET_DATA, bpf::kMaxErrno))};
    case SECCOMP_RET_TRACE:  // There is no tracer.
      return {Kind::kReturned, ENOSYS};
    case SECCOMP_RET_TRAP:
      return {Kind::kTrapped, 0, true};
    case SECCOMP_RET_KILL_THREAD:
      return {Kind::kThreadKilled};
    default:
      return {Kind::kProcessKilled};
  }
}

TEST_F(RawFilters, TheInterpreterAnswersAsTheKernel) {
  constexpr size_t kRounds = 6;
  sandbox::testing::Random random(run_seed());
  sandbox::testing::ProgramPool kinds = pool();
  kinds.returns.insert(kinds.returns.end(), {SECCOMP_RET_TRAP, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | 4000});
  sandbox::testing::RandomPrograms programs(random, kinds);
  const char* wanted = std::getenv("SANDBOX_RUN_TEST_CALLS");
  const size_t count = wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 6000;
  size_t made = 0;
  std::map<Kind, size_t> tally;
  std::set<int> errors;
  while (made < count) {
    const bpf::ValidatedProgram drawn = programs.draw(24, random.one_in(4));
    const bpf::ValidatedProgram program = random.one_in(3) ? drawn : showing_a(drawn);
    std::vector<bpf::SystemCall> calls;
    for (size_t round = 0; round < kRounds; ++round) {
      const std::vector<bpf::SystemCall> more = harmless_calls(random);
      calls.insert(calls.end(), more.begin(), more.end());
    }
    // Programs can read the instruction pointer, which is another one here.
    const auto reads_pointer = [](const bpf::Instruction& i) {
      return i.code == (BPF_LD | BPF_W | BPF_ABS) && (i.k == 8 || i.k == 12);
    };
    if (std::ranges::any_of(program.instructions(), reads_pointer)) continue;
    const std::vector<KernelAnswer> native = make_calls(nullptr, calls);
    const std::vector<KernelAnswer> answers = make_calls(&program, calls);
    for (size_t i = 0; i < calls.size(); ++i) {
      const uint32_t answer = bpf::interpret(program, calls[i], arch::info(arch::native_abi()).endian).value;
      ASSERT_EQ(describe(answers[i]), describe(expected(answer, native[i])))
          << "call " << calls[i].number << " gets " << answer << " by\n"
          << bpf::disassemble(program.instructions());
      ++tally[answers[i].kind];
      if (answers[i].kind == Kind::kReturned) errors.insert(answers[i].error);
    }
    made += calls.size();
  }
  std::printf("%zu calls: %zu returned, with %zu errnos, %zu trapped, %zu killed the thread, %zu the process\n", made,
              tally[Kind::kReturned], errors.size(), tally[Kind::kTrapped], tally[Kind::kThreadKilled],
              tally[Kind::kProcessKilled]);
  EXPECT_TRUE(count < 6000 || (tally.size() == 4 && errors.size() > 50)) << "too little was tried";
}

TEST_F(RawFilters, FiltersOfRandomPoliciesComeBackFromTheirFiles) {
  const uint64_t run = run_seed();
  const size_t count = policy_count(100);
  size_t with_token = 0;
  for (size_t i = 0; i < count; ++i) {
    Random random = nth_random(run, i);
    PolicyKind kind;
    kind.many_conditions = random.one_in(16);
    const std::string text = random_policy(kind, random);
    std::string errors;
    const auto rules = load(text, arch::native_abi(), errors);
    ASSERT_TRUE(rules) << errors << text;
    const resolve::PolicyRules policy = {*rules};
    const policy::Flags flags;
    const auto effort = random.one_in(8) ? compile::Effort::kBest : compile::Effort::kQuick;
    const auto ready =
        compile::compile_ready({&policy, 1}, {&flags, 1}, "p.yml", {.launcher = arch::native_abi(), .effort = effort});
    if (!ready) continue;  // Too long.
    const auto bytes = compile::write_filter(*ready, arch::native_abi());
    ASSERT_TRUE(bytes.ok()) << bytes.error().message << "\n" << text;
    const auto back = compile::read_filter(*bytes, arch::native_abi());
    ASSERT_TRUE(back.ok());
    const bpf::Program& there = ready->filter.program.instructions();
    const bpf::Program& again = back->filter.program.instructions();
    ASSERT_EQ(there.size(), again.size());
    ASSERT_EQ(std::memcmp(there.data(), again.data(), there.size() * sizeof there[0]), 0) << text;
    ASSERT_EQ(back->filter.token_sites, ready->filter.token_sites) << text;
    if (!back->filter.token_sites.empty()) ++with_token;

    // The same rules as raw BPF: with what is put in front, every number that was in the kernel's cache still is.
    const auto plain = compile::compile_ready({&policy, 1}, {&flags, 1}, "p.yml", {});
    if (!plain || plain->filter.program.size() + 31 > bpf::kMaxInstructions) continue;
    const auto raw = compile::read_filter(compile::write_raw_filter(plain->filter.program), arch::native_abi());
    ASSERT_TRUE(raw.ok()) << raw.error().message << "\n" << text;
    const uint32_t audit_arch = arch::info(arch::native_abi()).audit_arch;
    for (uint32_t number = 0; number < 1100; ++number) {
      ASSERT_EQ(is_cached_allow(raw->filter.program, audit_arch, number),
                is_cached_allow(plain->filter.program, audit_arch, number))
          << number << "\n"
          << text;
    }
  }
  std::printf("%zu policies, %zu with a token\n", count, with_token);
  EXPECT_TRUE(count < 20 || with_token > count / 10) << "too few policies need the token";
}

}  // namespace
}  // namespace sandbox::differential
