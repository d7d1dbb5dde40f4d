#include "policy/beats_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

/// Reads a policy that must be without any problem.
Policy read(std::string yaml) {
  testing::PolicyText text(std::move(yaml));
  auto policy = text.read();
  EXPECT_EQ(text.problems(), "");
  return policy.value_or(Policy{});
}

std::vector<std::string> names_of(const Group& group) {
  std::vector<std::string> names;
  for (const Name& name : group.names) names.push_back(name.text);
  return names;
}

using Names = std::vector<std::string>;

/// The only condition of a policy that holds this one, in flow style.
Condition read_condition(const std::string& condition) {
  const Policy policy =
      read("seccomp: {default_action: allow, syscalls: [{action: errno, names_with_args: [{name: socket, arguments: [" +
           condition + "]}]}]}\n");
  if (policy.groups.size() != 1 || policy.groups[0].names_with_args.size() != 1) return {};
  return policy.groups[0].names_with_args[0].conditions.at(0);
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::toupper(c); });
  return result;
}
std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

constexpr char kEveryKey[] = R"(seccomp:
  enabled: true
  default_action: errno
  default_errno: ENOSYS
  syscalls:
  - action: errno
    errno: EACCES
    names:
    - execve
    - fork
    names_with_args:
    - name: socket
      arguments:
      - argument: 0
        operation: Equal
        value: 0x10
      - position: 1
        operation: MaskedEqual
        value: 0o2
        mask: 15
  - action: allow
    names: [read]
)";

TEST(BeatsReader, ReadsEveryKey) {
  const Policy policy = read(kEveryKey);
  EXPECT_TRUE(policy.enabled);
  EXPECT_EQ(policy.default_action, Action::kErrno);
  EXPECT_EQ(policy.default_errno, 38);
  ASSERT_EQ(policy.groups.size(), 2U);
  const Group& group = policy.groups[0];
  EXPECT_EQ(group.action, Action::kErrno);
  EXPECT_EQ(group.errno_number, 13);
  EXPECT_EQ(names_of(group), (Names{"execve", "fork"}));
  ASSERT_EQ(group.names_with_args.size(), 1U);
  EXPECT_EQ(group.names_with_args[0].name.text, "socket");
  ASSERT_EQ(group.names_with_args[0].conditions.size(), 2U);
  const Condition& first = group.names_with_args[0].conditions[0];
  EXPECT_EQ(first.argument, 0);
  EXPECT_EQ(first.operation, Operation::kEqual);
  EXPECT_EQ(first.value.magnitude, 16U);
  const Condition& second = group.names_with_args[0].conditions[1];
  EXPECT_EQ(second.argument, 1);
  EXPECT_EQ(second.operation, Operation::kMaskedEqual);
  EXPECT_EQ(second.value.magnitude, 2U);
  EXPECT_EQ(second.mask.magnitude, 15U);
  EXPECT_EQ(policy.groups[1].action, Action::kAllow);
  EXPECT_EQ(names_of(policy.groups[1]), (Names{"read"}));
}

TEST(BeatsReader, RemembersWhereNamesAndGroupsStand) {
  testing::PolicyText text(kEveryKey);
  const auto policy = text.read();
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(text.covered(policy->groups[0].names[1].range), "fork");
  EXPECT_EQ(text.covered(policy->groups[0].names_with_args[0].name.range), "socket");
  EXPECT_EQ(text.covered(policy->enabled_range), "enabled");
  EXPECT_EQ(text.source().locate(policy->groups[1].range.offset).line, 21U);
  EXPECT_EQ(text.source().locate(policy->groups[0].names_with_args[0].conditions[1].range.offset).line, 17U);
}

TEST(BeatsReader, FillsInDefaults) {
  const Policy policy = read("seccomp:\n  default_action: errno\n  syscalls:\n  - action: errno\n    names: [fork]\n");
  EXPECT_TRUE(policy.enabled);
  EXPECT_EQ(policy.default_errno, 1);
  EXPECT_EQ(policy.groups.at(0).errno_number, 1);
  const Condition condition = read_condition("{operation: NotEqual}");
  EXPECT_EQ(condition.argument, 0);
  EXPECT_EQ(condition.value.magnitude, 0U);
}

TEST(BeatsReader, ReadsDottedKeys) {
  const Policy policy = read(
      "seccomp.enabled: true\n"
      "seccomp.default_action: allow\n"
      "seccomp.syscalls:\n- action: errno\n  names: [execve]\n");
  EXPECT_TRUE(policy.enabled);
  EXPECT_EQ(policy.default_action, Action::kAllow);
  EXPECT_EQ(names_of(policy.groups.at(0)), (Names{"execve"}));
}

TEST(BeatsReader, ReadsDottedKeysAndTheSectionTogether) {
  const Policy policy = read(
      "seccomp.default_action: errno\n"
      "name: my-shipper\n"
      "seccomp:\n  syscalls:\n  - {action: allow, names: [read]}\n"
      "seccomp.default_errno: 5\n"
      "seccomp.enabled: no\n");
  EXPECT_FALSE(policy.enabled);
  EXPECT_EQ(policy.default_action, Action::kErrno);
  EXPECT_EQ(policy.default_errno, 5);
  EXPECT_EQ(policy.groups.size(), 1U);
}

TEST(BeatsReader, LeavesTheRestOfABeatsConfigurationAlone) {
  const Policy policy = read(R"(
packetbeat.interfaces.device: any
packetbeat.flows: &flows
  timeout: 30s
  period: 10s
packetbeat.protocols:
- type: http
  ports: [80, 8080]
  <<: *flows
output.elasticsearch:
  hosts: ["localhost:9200"]
  name: !!str 12
  name: twice
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names:
    - execve
secomp_other: {unknown_key: 1}
processors:
- add_host_metadata: ~
)");
  EXPECT_EQ(names_of(policy.groups.at(0)), (Names{"execve"}));
}

TEST(BeatsReader, ReadsJson) {
  const Policy policy = read(
      "{\"seccomp\": {\"enabled\": true, \"default_action\": \"allow\",\n"
      "  \"syscalls\": [{\"action\": \"errno\", \"names\": [\"execve\", \"fork\"], \"names_with_args\": [{\"name\": "
      "\"socket\",\n"
      "    \"arguments\": [{\"argument\": 2, \"operation\": \"BitsSet\", \"value\": 7}]}]}]}}\n");
  EXPECT_EQ(names_of(policy.groups.at(0)), (Names{"execve", "fork"}));
  EXPECT_EQ(policy.groups[0].names_with_args.at(0).conditions.at(0).value.magnitude, 7U);
}

TEST(BeatsReader, ReadsEveryActionInAnyCase) {
  for (size_t i = 0; i < kActionNames.size(); ++i) {
    for (const std::string& word : {std::string(kActionNames[i]), upper(kActionNames[i])}) {
      const Policy policy =
          read("seccomp: {default_action: " + word + ", syscalls: [{action: '" + word + "', names: [read]}]}\n");
      EXPECT_EQ(policy.default_action, static_cast<Action>(i)) << word;
      EXPECT_EQ(policy.groups.at(0).action, static_cast<Action>(i)) << word;
    }
  }
}

TEST(BeatsReader, ReadsEveryOperationInAnyCase) {
  for (size_t i = 0; i < kOperationNames.size(); ++i) {
    const std::string_view name = kOperationNames[i];
    for (const std::string& word : {std::string(name), upper(name), lower(name)}) {
      const std::string mask = static_cast<Operation>(i) == Operation::kMaskedEqual ? ", mask: 1" : "";
      EXPECT_EQ(read_condition("{operation: " + word + ", value: 1" + mask + "}").operation, static_cast<Operation>(i))
          << word;
    }
  }
}

TEST(BeatsReader, ReadsValuesInEveryNotation) {
  const auto value = [](const std::string& text) {
    return read_condition("{operation: Equal, value: " + text + "}").value;
  };
  EXPECT_EQ(value("10").magnitude, 10U);
  EXPECT_EQ(value("0xFf").magnitude, 255U);
  EXPECT_EQ(value("0X10").magnitude, 16U);
  EXPECT_EQ(value("0o17").magnitude, 15U);
  EXPECT_EQ(value("'12'").magnitude, 12U) << "Beats take numbers in quotes";
  EXPECT_EQ(value("18446744073709551615").magnitude, UINT64_MAX);
  EXPECT_EQ(value("0xffffffffffffffff").magnitude, UINT64_MAX);
  EXPECT_FALSE(value("1").negative);
}

TEST(BeatsReader, ReadsNegativeValues) {
  const Integer least = read_condition("{operation: Equal, value: -9223372036854775808}").value;
  EXPECT_TRUE(least.negative);
  EXPECT_EQ(least.magnitude, uint64_t{1} << 63U);
  EXPECT_TRUE(read_condition("{operation: Equal, value: -0x1}").value.negative);
  EXPECT_FALSE(read_condition("{operation: Equal, value: -0}").value.negative);
}

TEST(BeatsReader, ReadsErrnoNamesAndNumbers) {
  const auto number = [](const std::string& text) {
    return read("seccomp: {default_action: errno, default_errno: " + text +
                ", syscalls: [{action: errno, errno: " + text + ", names: [read]}]}\n")
        .default_errno;
  };
  EXPECT_EQ(number("EPERM"), 1);
  EXPECT_EQ(number("ENOSYS"), 38);
  EXPECT_EQ(number("1"), 1);
  EXPECT_EQ(number("4095"), 4095);
  EXPECT_EQ(number("0x26"), 38);
}

TEST(BeatsReader, ReadsTruthValues) {
  for (const char* word : {"true", "True", "TRUE", "yes", "on"}) {
    EXPECT_TRUE(read(std::string("seccomp: {enabled: ") + word +
                     ", default_action: allow, syscalls: [{action: log, names: [read]}]}\n")
                    .enabled);
  }
  for (const char* word : {"false", "False", "no", "off"}) {
    EXPECT_FALSE(read(std::string("seccomp: {enabled: ") + word + "}\n").enabled) << "and nothing else is needed";
  }
}

TEST(BeatsReader, KeepsTheEntriesForOneNameApart) {
  const Policy policy = read(
      "seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    names_with_args:\n"
      "    - {name: socket, arguments: [{operation: Equal, value: 1}]}\n"
      "    - {name: socket, arguments: [{operation: Equal, value: 2}]}\n");
  ASSERT_EQ(policy.groups.at(0).names_with_args.size(), 2U);
  EXPECT_EQ(policy.groups[0].names_with_args[1].conditions.at(0).value.magnitude, 2U);
}

TEST(BeatsReader, KeepsNamesAsWritten) {
  const Policy policy = read(
      "seccomp: {default_action: allow, syscalls: [{action: errno, names: [no_such_call, read, read, 'Read']}]}\n");
  EXPECT_EQ(names_of(policy.groups.at(0)), (Names{"no_such_call", "read", "read", "Read"}));
}

}  // namespace
}  // namespace sandbox::policy
