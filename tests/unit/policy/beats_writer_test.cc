#include "policy/beats_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

/// A value of one integer.
Value number(uint64_t magnitude, bool negative = false) {
  return {{{{magnitude, negative}, ""}}, {}};
}

Value flags(const std::string& constant, uint64_t more) {
  return {{{{}, constant}, {{more, false}, ""}}, {}};
}

std::string text_of(Operation operation, const Value& value, const Value& mask = {},
                    FlowStyle style = FlowStyle::kYaml) {
  Condition condition;
  condition.operation = operation;
  condition.value = value;
  condition.mask = mask;
  return condition_text(condition, style);
}

TEST(ConditionText, NumbersInDecimalBitsInHexadecimal) {
  EXPECT_EQ(text_of(Operation::kEqual, number(40)), "{argument: 0, operation: Equal, value: 40}");
  EXPECT_EQ(text_of(Operation::kLessThan, number(4095)), "{argument: 0, operation: LessThan, value: 4095}");
  EXPECT_EQ(text_of(Operation::kEqual, number(0x5401)), "{argument: 0, operation: Equal, value: 0x5401}");
  EXPECT_EQ(text_of(Operation::kNotEqual, number(100, true)), "{argument: 0, operation: NotEqual, value: -100}");
  EXPECT_EQ(text_of(Operation::kBitsSet, number(9)), "{argument: 0, operation: BitsSet, value: 9}");
  EXPECT_EQ(text_of(Operation::kBitsNotSet, number(24)), "{argument: 0, operation: BitsNotSet, value: 0x18}");
  EXPECT_EQ(text_of(Operation::kMaskedEqual, number(10), number(15)),
            "{argument: 0, operation: MaskedEqual, mask: 0xf, value: 0xa}");
  EXPECT_EQ(text_of(Operation::kEqual, flags("CLONE_VM", 17)), "{argument: 0, operation: Equal, value: CLONE_VM|0x11}");
  EXPECT_EQ(text_of(Operation::kEqual, Value()), "{argument: 0, operation: Equal, value: 0}");
}

TEST(ConditionText, JsonHasDecimalNumbersAndStrings) {
  EXPECT_EQ(text_of(Operation::kMaskedEqual, flags("O_CREAT", 17), number(0x5401), FlowStyle::kJson),
            R"({"argument": 0, "operation": "MaskedEqual", "mask": 21505, "value": "O_CREAT|0x11"})");
  EXPECT_EQ(text_of(Operation::kEqual, number(1, true), {}, FlowStyle::kJson),
            R"({"argument": 0, "operation": "Equal", "value": -1})");
}

/// Everything that a policy can say, in each of the styles, is read as what it was.
TEST(Groups, AreReadBackInEveryStyle) {
  testing::PolicyText text(
      "seccomp:\n  default_action: errno\n  syscalls:\n"
      "  - {action: errno, errno: ENOSYS, names: [read, '@signal']}\n"
      "  - action: errno\n    errno: 4000\n    names_with_args:\n"
      "    - name: clone\n      arguments: [{argument: 0, operation: BitsSet, value: CLONE_NEWUSER|0x10000}]\n"
      "    - name: socket\n      arguments:\n      - {argument: 1, operation: MaskedEqual, mask: 15, value: "
      "18446744073709551615}\n"
      "      - {argument: 2, operation: NotEqual, value: -1, width: 64}\n"
      "  - {action: trace, names: [ptrace], names_with_args: [{name: kill, arguments: [{operation: Equal}]}]}\n");
  const auto policy = text.read();
  ASSERT_EQ(text.problems(), "");
  const std::string block = write_beats(*policy);
  std::string yaml;
  std::string json;
  for (const Group& group : policy->groups) {
    yaml += (yaml.empty() ? "" : ", ") + flow_group(group);
    json += (json.empty() ? "" : ", ") + flow_group(group, FlowStyle::kJson);
  }
  for (const std::string& again : {block, "seccomp: {default_action: errno, syscalls: [" + yaml + "]}\n",
                                   R"({"seccomp": {"default_action": "errno", "syscalls": [)" + json + "]}}\n"}) {
    testing::PolicyText read(again);
    const auto same = read.read();
    ASSERT_EQ(read.problems(), "") << again;
    EXPECT_EQ(write_beats(*same), block) << again;
  }
  EXPECT_EQ(block,
            "seccomp:\n"
            "  default_action: errno\n"
            "  syscalls:\n"
            "  - action: errno\n"
            "    errno: ENOSYS\n"
            "    names:\n"
            "    - read\n"
            "    - \"@signal\"\n"
            "  - action: errno\n"
            "    errno: 4000\n"
            "    names_with_args:\n"
            "    - name: clone\n"
            "      arguments:\n"
            "      - {argument: 0, operation: BitsSet, value: CLONE_NEWUSER|0x10000}\n"
            "    - name: socket\n"
            "      arguments:\n"
            "      - {argument: 1, operation: MaskedEqual, mask: 0xf, value: 0xffffffffffffffff}\n"
            "      - {argument: 2, operation: NotEqual, value: -1, width: 64}\n"
            "  - action: trace\n"
            "    names:\n"
            "    - ptrace\n"
            "    names_with_args:\n"
            "    - name: kill\n"
            "      arguments:\n"
            "      - {argument: 0, operation: Equal, value: 0}\n");
}

}  // namespace
}  // namespace sandbox::policy
