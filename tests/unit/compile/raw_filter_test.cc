#include "compile/raw_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bpf/interpret.h"
#include "compile/token_sites.h"
#include "support/compile_rules.h"
#include "support/random_program.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using resolve::RuleSet;
using testing::always;
using testing::compile_rules;

constexpr Token kToken = {0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x55555555, 0x66666666};
constexpr bpf::Instruction kPass = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
constexpr bpf::Instruction kStop = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS};

std::string bytes_of(const bpf::Program& program) {
  return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof program[0]};
}

std::string error_of(std::string_view bytes) {
  const auto filter = read_raw_filter(bytes, Abi::kX86_64);
  return filter ? "" : filter.error().message;
}

TEST(AbisIn, AreThoseThatAreComparedWith) {
  const auto asks = [](uint32_t offset, uint32_t value) {
    return abis_in({{BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value}, kPass});
  };
  EXPECT_EQ(asks(bpf::kArchOffset, 0xc000003e), std::vector{Abi::kX86_64});
  EXPECT_EQ(asks(bpf::kArchOffset, 0xc00000b7), std::vector{Abi::kAarch64});
  EXPECT_EQ(asks(bpf::kNumberOffset, 0x40000001), std::vector{Abi::kX32});
  EXPECT_EQ(asks(bpf::kNumberOffset, 0xc000003e), std::vector{Abi::kX32}) << "a number, and no ABI";
  for (const uint32_t value : {0x40000000U, UINT32_MAX, 5U}) EXPECT_TRUE(asks(bpf::kNumberOffset, value).empty());
  EXPECT_TRUE(asks(bpf::kArgsOffset, 0xc000003e).empty());
}

RawFilter read(const bpf::Program& program, Abi launcher = Abi::kX86_64) {
  auto filter = read_raw_filter(bytes_of(program), launcher);
  EXPECT_TRUE(filter.ok()) << filter.error().message;
  return std::move(*filter);
}

bpf::ValidatedProgram armed(const RawFilter& raw) {
  return *bpf::validate(with_lasting_token(raw.filter, kToken));
}

TEST(RawFilter, WhatIsNoProgramIsRefused) {
  EXPECT_EQ(error_of(""), "is empty, expected a filter");
  EXPECT_EQ(error_of("\6"), "has 1 bytes; raw BPF has 8 for each instruction");
  EXPECT_EQ(error_of(bytes_of({kPass}) + "1234"), "has 12 bytes; raw BPF has 8 for each instruction");
  EXPECT_EQ(error_of("seccomp:\n  default_action: allow\n"),
            "is neither a filter file nor raw BPF; policies are given by --policy");
  EXPECT_EQ(error_of("\x7f"
                     "ELF\2\1\1"),
            "is neither a filter file nor raw BPF; policies are given by --policy");
  EXPECT_EQ(error_of(std::string(8, '\0')), "instruction 0: the last instruction is not a return");
  EXPECT_EQ(error_of(bytes_of({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 64}, kPass})),
            "instruction 0: the load is outside struct seccomp_data");
  EXPECT_EQ(error_of(bytes_of({kPass, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO}})),
            "instruction 1: it returns errno 0, which makes a denied call look done");
  EXPECT_EQ(error_of(bytes_of({kPass, {BPF_RET | BPF_A, 0, 0, 0}})),
            "instruction 1: it returns A, and what that is cannot be told");
}

TEST(RawFilter, MayHave4096Instructions) {
  bpf::Program program(bpf::kMaxInstructions, kPass);
  EXPECT_EQ(error_of(bytes_of(program)), "");
  program.push_back(kPass);
  EXPECT_EQ(error_of(bytes_of(program)), "has 4097 instructions, a filter may have 4096");
  program.resize(100000, kPass);
  EXPECT_EQ(error_of(bytes_of(program)), "has 100000 instructions, a filter may have 4096");
}

TEST(RawFilter, NeedsRoomForThePrefix) {
  // Allows nothing: ld, jeq, ld, three jeq, 23 for the token, ret.
  bpf::Program program(bpf::kMaxInstructions - 30, kStop);
  const RawFilter largest = read(program);
  EXPECT_EQ(largest.prefix, 30U);
  EXPECT_EQ(largest.filter.program.size(), bpf::kMaxInstructions);
  program.push_back(kStop);
  EXPECT_EQ(error_of(bytes_of(program)),
            "has 4067 instructions, and with the 30 that let sandbox-run execute the program more than the 4096 that a "
            "filter may have");
}

TEST(RawFilter, WhatAllowsTheLauncherIsLeftAlone) {
  for (const bpf::Program& program :
       {bpf::Program{kPass},
        {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 2}, kStop, kPass}}) {
    const RawFilter raw = read(program);
    EXPECT_EQ(raw.prefix, 0U);
    EXPECT_TRUE(raw.filter.token_sites.empty());
    EXPECT_EQ(raw.filter.ranges, 0U);
    EXPECT_EQ(bytes_of(raw.filter.program.instructions()), bytes_of(program));
  }
}

TEST(RawFilter, OnlyCallsThatAreNotCachedGetTheToken) {
  // Allows all but execve.
  const bpf::Program program = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 59}, kStop, kPass};
  const RawFilter raw = read(program);
  ASSERT_GT(raw.prefix, 0U);
  const bpf::Program& whole = raw.filter.program.instructions();
  std::vector<uint32_t> compared;
  for (size_t i = 0; i < raw.prefix; ++i) {
    if (whole[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && whole[i].k != 0) compared.push_back(whole[i].k);
  }
  EXPECT_EQ(compared, (std::vector<uint32_t>{arch::info(Abi::kX86_64).audit_arch, 59}));
  EXPECT_TRUE(std::equal(program.begin(), program.end(), whole.begin() + static_cast<std::ptrdiff_t>(raw.prefix),
                         [](const auto& a, const auto& b) { return a.code == b.code && a.k == b.k; }));
}

TEST(RawFilter, AIsZeroForAProgramThatCountsOnIt) {
  // "jeq 0" as the first instruction: A is 0 there regardless of the call.
  const bpf::Program program = {
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7}, kPass};
  const RawFilter raw = read(program);
  ASSERT_GT(raw.prefix, 0U);
  EXPECT_EQ(raw.filter.program.instructions()[raw.prefix - 1].code, BPF_ALU | BPF_AND | BPF_K);
  EXPECT_EQ(raw.filter.program.instructions()[raw.prefix - 1].k, 0U);
  for (const uint32_t number : {0U, 1U, 59U, 231U, 1000U}) {
    for (const Abi abi : {Abi::kX86_64, Abi::kX86}) {
      const bpf::SystemCall call = testing::call_on(abi, number);
      EXPECT_EQ(interpret(armed(raw), call, bpf::Endian::kLittle).value, SECCOMP_RET_ERRNO | 7U) << number;
    }
  }
}

TEST(RawFilter, XIsZeroForAProgramThatCountsOnIt) {
  // Denies when X is 0, which it is at the start of every program.
  const bpf::Program program = {{BPF_MISC | BPF_TXA, 0, 0, 0},
                                {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
                                {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 7},
                                kPass};
  const bpf::ValidatedProgram with = armed(read(program));
  for (const uint32_t number : {0U, 1U, 59U, 231U}) {
    bpf::SystemCall call = testing::call_on(Abi::kX86_64, number);
    call.args.fill(0x123456789);
    EXPECT_EQ(interpret(with, call, bpf::Endian::kLittle).value, SECCOMP_RET_ERRNO | 7U) << number;
  }
}

/// A call with the token in its last three arguments.
bpf::SystemCall with_token_registers(bpf::SystemCall call) {
  for (size_t i = 0; i < 3; ++i) call.args[3 + i] = kToken[2 * i] | uint64_t{kToken[2 * i + 1]} << 32U;
  return call;
}

TEST(RawFilter, TheTokenOpensTheLaunchersCallsAndNoOthers) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    const bpf::ValidatedProgram program = armed(read({kStop}, abi.abi));
    const std::vector<uint32_t> own = launcher_calls(abi.abi);
    for (uint32_t number = abi.first_number; number < abi.first_number + 600; ++number) {
      const bpf::SystemCall call = testing::call_on(abi.abi, number);
      const bool opened = std::find(own.begin(), own.end(), number) != own.end();
      ASSERT_EQ(interpret(program, call, abi.endian).value, SECCOMP_RET_KILL_PROCESS);
      ASSERT_EQ(interpret(program, with_token_registers(call), abi.endian).value,
                opened ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS)
          << abi.name << " " << number;
    }
    bpf::SystemCall foreign = testing::call_on(abi.abi, own.front());
    foreign.arch ^= 1;
    EXPECT_EQ(interpret(program, with_token_registers(foreign), abi.endian).value, SECCOMP_RET_KILL_PROCESS);
  }
}

/// Random programs about the calls that matter here, and random calls.
class Randomly {
 public:
  Randomly(Abi abi, testing::Random& random) : abi_(arch::info(abi)), random_(random), programs_(random, pool(abi)) {}

  bpf::ValidatedProgram program() { return programs_.draw(random_.one_in(8) ? 400 : 30, random_.one_in(2)); }

  bpf::SystemCall call() {
    bpf::SystemCall call;
    call.number =
        random_.one_in(5) ? static_cast<uint32_t>(random_.below(500)) : random_.any_of(launcher_calls(abi_.abi));
    call.arch = random_.one_in(5) ? random_.any_of(arch::all_abis()).audit_arch : abi_.audit_arch;
    call.instruction_pointer = random_.bits();
    for (uint64_t& argument : call.args) argument = random_.one_in(2) ? random_.below(3) : random_.bits();
    if (random_.one_in(4)) call = with_token_registers(call);
    if (random_.one_in(8)) call.args[3 + random_.below(3)] ^= uint64_t{1} << random_.below(64);
    return call;
  }

 private:
  static testing::ProgramPool pool(Abi abi) {
    testing::ProgramPool pool;
    pool.numbers = launcher_calls(abi);
    pool.numbers.insert(pool.numbers.end(), {arch::info(abi).audit_arch, arch::info(Abi::kArm).audit_arch, 0, 5, 300});
    pool.returns = {SECCOMP_RET_ALLOW,     SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW | 1, SECCOMP_RET_ERRNO | 1,
                    SECCOMP_RET_ERRNO | 2, SECCOMP_RET_LOG,   SECCOMP_RET_TRACE | 3, SECCOMP_RET_KILL_PROCESS};
    return pool;
  }

  const arch::AbiInfo& abi_;
  testing::Random& random_;
  testing::RandomPrograms programs_;
};

bool shows_token(const bpf::SystemCall& call, const arch::AbiInfo& abi) {
  const bpf::SystemCall right = with_token_registers(call);
  const uint64_t mask = abi.register_bits == 64 ? UINT64_MAX : UINT32_MAX;
  for (size_t i = 3; i < 6; ++i) {
    if (((call.args[i] ^ right.args[i]) & mask) != 0) return false;
  }
  return true;
}

/// The prefix by itself has to pass as one of our compiler's: "" or what is wrong.
std::string wrong_token_site(const RawFilter& raw) {
  bpf::Program prefix(raw.filter.program.instructions().begin(),
                      raw.filter.program.instructions().begin() + static_cast<std::ptrdiff_t>(raw.prefix));
  prefix.push_back(kStop);
  const auto wrong = compile::wrong_token_site(*bpf::validate(std::move(prefix)), raw.filter.token_sites, Abi::kX86_64);
  return wrong ? wrong->message : "";
}

TEST(RawFilter, ThePrefixKeepsEveryVerdictAndEveryCachedCall) {
  testing::Random random(testing::test_seed());
  size_t prefixed = 0;
  size_t cleared = 0;
  size_t opened = 0;
  size_t cached = 0;
  for (int i = 0; i < 8000; ++i) {
    const arch::AbiInfo& abi = arch::info(random.one_in(3) ? random.any_of(arch::all_abis()).abi : Abi::kX86_64);
    Randomly randomly(abi.abi, random);
    const bpf::ValidatedProgram program = randomly.program();
    const RawFilter raw = read(program.instructions(), abi.abi);
    const bpf::ValidatedProgram with = armed(raw);
    const std::vector<uint32_t> own = launcher_calls(abi.abi);
    if (raw.prefix != 0) ++prefixed;
    if (raw.prefix != 0 && with.instructions()[raw.prefix - 1].code == (BPF_ALU | BPF_AND | BPF_K)) ++cleared;
    ASSERT_EQ(abi.abi == Abi::kX86_64 ? wrong_token_site(raw) : "", "") << i;
    for (int j = 0; j < 60; ++j) {
      const bpf::SystemCall call = randomly.call();
      const bool launcher = call.arch == abi.audit_arch && std::find(own.begin(), own.end(), call.number) != own.end();
      const uint32_t expected = interpret(program, call, abi.endian).value;
      const uint32_t value = interpret(with, call, abi.endian).value;
      if (launcher && shows_token(call, abi)) {
        ++opened;
        ASSERT_EQ(value & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ALLOW) << i;
      } else {
        ASSERT_EQ(value, expected) << "program " << i << ", call " << call.number;
      }
    }
    for (const uint32_t audit_arch : {abi.audit_arch, arch::info(Abi::kX86).audit_arch}) {
      for (const uint32_t number :
           {0U, 1U, 2U, 5U, 11U, 59U, 231U, 300U, 301U, 500U, 0x40000001U, UINT32_MAX, own[0], own[1], own[2]}) {
        const bool was = is_cached_allow(program, audit_arch, number);
        ASSERT_EQ(is_cached_allow(with, audit_arch, number), was) << "program " << i << ", call " << number;
        if (was && raw.prefix != 0) ++cached;
      }
    }
  }
  std::printf("%zu with a prefix, %zu that clears A; %zu calls opened; %zu calls cached\n", prefixed, cleared, opened,
              cached);
  EXPECT_GT(prefixed, 1000U);
  EXPECT_GT(cleared, 100U);
  EXPECT_GT(opened, 1000U);
  EXPECT_GT(cached, 200U);
}

TEST(RawFilter, WhatIsWrittenComesBack) {
  const auto filter = compile_rules(RuleSet{Abi::kX86_64, testing::kAllow, {always(59, testing::kPermission)}});
  ASSERT_TRUE(filter.ok());
  const std::string bytes = write_raw_filter(filter->program);
  EXPECT_EQ(bytes, bytes_of(filter->program.instructions()));
  const auto raw = read_raw_filter(bytes, Abi::kX86_64);
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(bytes_of(raw->filter.program.instructions()).substr(8 * raw->prefix), bytes);
}

}  // namespace
}  // namespace sandbox::compile
