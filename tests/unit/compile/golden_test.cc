// One program a shape, whole. What programs do is tested elsewhere; here one sees what they are.
#include <gtest/gtest.h>

#include <string>

#include "bpf/disasm.h"
#include "compile/compile.h"
#include "support/compile_rules.h"
#include "support/rules.h"

namespace sandbox::compile {
namespace {

using arch::Abi;
using policy::Operation;
using resolve::RuleSet;
using testing::always;
using testing::clause;
using testing::condition;
using testing::kAllow;
using testing::kPermission;

std::string text_of(const RuleSet& rules, const CompileOptions& options = {}) {
  const auto filter = testing::compile_rules(rules, options);
  return filter ? bpf::disassemble(filter->program.instructions()) : "too long";
}

TEST(Golden, AnythingGoes) {
  EXPECT_EQ(text_of({Abi::kAarch64, kAllow, {}}),
            "   0  ld   arch\n"
            "   1  jeq  0xc00000b7  then 2 else 6\n"
            "   2  ld   number\n"
            "   3  jge  0xffffffff  then 4 else 5\n"
            "   4  ret  errno 38\n"
            "   5  ret  allow\n"
            "   6  ret  kill_process\n");
}

TEST(Golden, DenyList) {
  EXPECT_EQ(
      text_of({Abi::kX86_64, kAllow, {always(57, kPermission), always(58, kPermission), always(322, kPermission)}}),
      "   0  ld   arch\n"
      "   1  jeq  0xc000003e  then 2 else 13\n"
      "   2  ld   number\n"
      "   3  jge  0x143       then 4 else 7\n"
      "   4  jge  0x224       then 5 else 6\n"
      "   5  jge  0x40000000  then 10 else 12\n"
      "   6  jge  0x200       then 10 else 12\n"
      "   7  jge  0x3b        then 8 else 9\n"
      "   8  jge  0x142       then 11 else 12\n"
      "   9  jge  0x39        then 11 else 12\n"
      "  10  ret  errno 38\n"
      "  11  ret  errno 1\n"
      "  12  ret  allow\n"
      "  13  ret  kill_process\n");
}

TEST(Golden, DenyListAtBest) {
  EXPECT_EQ(
      text_of({Abi::kX86_64, kAllow, {always(57, kPermission), always(58, kPermission), always(322, kPermission)}},
              {.effort = Effort::kBest}),
      "   0  ld   arch\n"
      "   1  jeq  0xc000003e  then 2 else 12\n"
      "   2  ld   number\n"
      "   3  jge  0x200       then 4 else 6\n"
      "   4  jge  0x224       then 5 else 9\n"
      "   5  jge  0x40000000  then 9 else 11\n"
      "   6  jge  0x3b        then 7 else 8\n"
      "   7  jeq  0x142       then 10 else 11\n"
      "   8  jge  0x39        then 10 else 11\n"
      "   9  ret  errno 38\n"
      "  10  ret  errno 1\n"
      "  11  ret  allow\n"
      "  12  ret  kill_process\n");
}

TEST(Golden, DenyListWithToken) {
  // From 8 to 30 the token's check: 23 instructions, the same for every call that is not opened.
  EXPECT_EQ(text_of({Abi::kX86_64, kAllow, {always(59, kPermission)}}, {Abi::kX86_64}),
            "   0  ld   arch\n"
            "   1  jeq  0xc000003e  then 2 else 34\n"
            "   2  ld   number\n"
            "   3  jge  0x200       then 4 else 6\n"
            "   4  jge  0x224       then 5 else 7\n"
            "   5  jge  0x40000000  then 7 else 33\n"
            "   6  jeq  0x3b        then 8 else 33\n"
            "   7  ret  errno 38\n"
            "   8  ld   args[3]+0\n"
            "   9  xor  0x0\n"
            "  10  tax\n"
            "  11  ld   args[3]+4\n"
            "  12  xor  0x0\n"
            "  13  or   x\n"
            "  14  tax\n"
            "  15  ld   args[4]+0\n"
            "  16  xor  0x0\n"
            "  17  or   x\n"
            "  18  tax\n"
            "  19  ld   args[4]+4\n"
            "  20  xor  0x0\n"
            "  21  or   x\n"
            "  22  tax\n"
            "  23  ld   args[5]+0\n"
            "  24  xor  0x0\n"
            "  25  or   x\n"
            "  26  tax\n"
            "  27  ld   args[5]+4\n"
            "  28  xor  0x0\n"
            "  29  or   x\n"
            "  30  jeq  0x0         then 31 else 32\n"
            "  31  ret  user_notif\n"
            "  32  ret  errno 1\n"
            "  33  ret  allow\n"
            "  34  ret  kill_process\n");
}

TEST(Golden, ChainOfConditions) {
  std::vector<resolve::Condition> both = {condition(Operation::kEqual, 64, 0x1'00000002),
                                          condition(Operation::kBitsSet, 64, 0x10)};
  both[1].argument = 1;
  const RuleSet rules = {
      Abi::kX86_64,
      kAllow,
      {{41, {clause(kPermission, both), clause(kPermission, {condition(Operation::kGreaterThan, 64, 7)})}}}};
  EXPECT_EQ(text_of(rules),
            "   0  ld   arch\n"
            "   1  jeq  0xc000003e  then 2 else 20\n"
            "   2  ld   number\n"
            "   3  jge  0x200       then 4 else 6\n"
            "   4  jge  0x224       then 5 else 7\n"
            "   5  jge  0x40000000  then 7 else 19\n"
            "   6  jeq  0x29        then 8 else 19\n"
            "   7  ret  errno 38\n"
            "   8  ld   args[0]+4\n"
            "   9  jeq  0x1         then 10 else 15\n"
            "  10  ld   args[0]+0\n"
            "  11  jeq  0x2         then 12 else 14\n"
            "  12  ld   args[1]+0\n"
            "  13  jset 0x10        then 18 else 14\n"
            "  14  ld   args[0]+4\n"
            "  15  jge  0x1         then 18 else 16\n"
            "  16  ld   args[0]+0\n"
            "  17  jge  0x8         then 18 else 19\n"
            "  18  ret  errno 1\n"
            "  19  ret  allow\n"
            "  20  ret  kill_process\n");
}

}  // namespace
}  // namespace sandbox::compile
