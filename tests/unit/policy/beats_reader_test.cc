#include "policy/beats_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "arch/errno_names.h"
#include "policy/beats_writer.h"
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

/// The number on x86_64.
int number_of(const ErrnoValue& error) {
  return error.name.empty() ? error.number : arch::errno_number(arch::Abi::kX86_64, error.name).value_or(0);
}

/// The integer of a value that is nothing else.
Integer integer(const Value& value) {
  EXPECT_EQ(value.terms.size(), 1U);
  if (value.terms.size() != 1) return {};
  EXPECT_EQ(value.terms[0].constant, "");
  return value.terms[0].integer;
}

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
  EXPECT_EQ(number_of(policy.default_error), 38);
  ASSERT_EQ(policy.groups.size(), 2U);
  const Group& group = policy.groups[0];
  EXPECT_EQ(group.action, Action::kErrno);
  EXPECT_EQ(number_of(group.error), 13);
  EXPECT_EQ(names_of(group), (Names{"execve", "fork"}));
  ASSERT_EQ(group.names_with_args.size(), 1U);
  EXPECT_EQ(group.names_with_args[0].name.text, "socket");
  ASSERT_EQ(group.names_with_args[0].conditions.size(), 2U);
  const Condition& first = group.names_with_args[0].conditions[0];
  EXPECT_EQ(first.argument, 0);
  EXPECT_EQ(first.operation, Operation::kEqual);
  EXPECT_EQ(integer(first.value).magnitude, 16U);
  const Condition& second = group.names_with_args[0].conditions[1];
  EXPECT_EQ(second.argument, 1);
  EXPECT_EQ(second.operation, Operation::kMaskedEqual);
  EXPECT_EQ(integer(second.value).magnitude, 2U);
  EXPECT_EQ(integer(second.mask).magnitude, 15U);
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
  EXPECT_EQ(number_of(policy.default_error), 1);
  EXPECT_EQ(number_of(policy.groups.at(0).error), 1);
  const Condition condition = read_condition("{operation: NotEqual}");
  EXPECT_EQ(condition.argument, 0);
  EXPECT_TRUE(condition.value.terms.empty()) << "no bits: 0";
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
  EXPECT_EQ(number_of(policy.default_error), 5);
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
  EXPECT_EQ(integer(policy.groups[0].names_with_args.at(0).conditions.at(0).value).magnitude, 7U);
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
    return integer(read_condition("{operation: Equal, value: " + text + "}").value);
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
  const Integer least = integer(read_condition("{operation: Equal, value: -9223372036854775808}").value);
  EXPECT_TRUE(least.negative);
  EXPECT_EQ(least.magnitude, uint64_t{1} << 63U);
  EXPECT_TRUE(integer(read_condition("{operation: Equal, value: -0x1}").value).negative);
  EXPECT_FALSE(integer(read_condition("{operation: Equal, value: -0}").value).negative);
}

TEST(BeatsReader, ReadsErrnoNamesAndNumbers) {
  const auto number = [](const std::string& text) {
    const Policy policy = read("seccomp: {default_action: errno, default_errno: " + text +
                               ", syscalls: [{action: errno, errno: " + text + ", names: [read]}]}\n");
    EXPECT_EQ(number_of(policy.groups.at(0).error), number_of(policy.default_error));
    return number_of(policy.default_error);
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

/// A policy with these keys beside a complete one.
std::string with_keys(const std::string& keys) {
  return "seccomp:\n  default_action: allow\n  syscalls: [{action: log, names: [read]}]\n" + keys;
}

std::string problems(const std::string& yaml) {
  testing::PolicyText text(yaml);
  text.read();
  return text.problems();
}

TEST(BeatsReader, ReadsArchitectures) {
  const Policy policy = read(with_keys("  architectures: [amd64, x86, s390x]\n"));
  ASSERT_EQ(policy.architectures.size(), 3U);
  EXPECT_EQ(policy.architectures[0].abi, arch::Abi::kX86_64);
  EXPECT_EQ(policy.architectures[1].abi, arch::Abi::kX86);
  EXPECT_EQ(policy.architectures[2].abi, arch::Abi::kS390x);
  EXPECT_TRUE(read(with_keys("")).architectures.empty());
  EXPECT_EQ(problems(with_keys("  architectures: [x86, i386]\n")), "4:24: warning: ABI 'i386' is listed twice\n");
  EXPECT_EQ(problems(with_keys("  architectures: []\n")),
            "4:18: error: 'architectures' is an empty list; expected at least one ABI\n");
  EXPECT_EQ(problems(with_keys("  architectures: x86\n")),
            "4:18: error: 'architectures' must be a list of ABIs, found 'x86'\n");
  EXPECT_EQ(problems(with_keys("  architectures: [x86-64]\n")),
            "4:19: error: unknown ABI 'x86-64'; did you mean 'x86_64'?\n");
}

TEST(BeatsReader, ReadsFlags) {
  const Flags flags = read(with_keys("  flags: [log, spec_allow]\n")).flags;
  EXPECT_TRUE(flags.log);
  EXPECT_TRUE(flags.spec_allow);
  EXPECT_FALSE(flags.tsync);
  EXPECT_TRUE(read(with_keys("  flags: [tsync]\n")).flags.tsync);
  EXPECT_FALSE(read(with_keys("")).flags.log);
  EXPECT_EQ(problems(with_keys("  flags: [logs]\n")), "4:11: error: unknown flag 'logs'; did you mean 'log'?\n");
  EXPECT_EQ(problems(with_keys("  flags: [x]\n")),
            "4:11: error: unknown flag 'x'; expected log, spec_allow or tsync\n");
}

TEST(BeatsReader, ReadsAKernelVersion) {
  EXPECT_EQ(read(with_keys("  kernel: \"5.10\"\n")).kernel, (arch::KernelVersion{5, 10}));
  EXPECT_EQ(read(with_keys("  kernel: 5.10\n")).kernel, (arch::KernelVersion{5, 10})) << "as written, no fraction";
  EXPECT_EQ(read(with_keys("")).kernel, std::nullopt);
  EXPECT_EQ(problems(with_keys("  kernel: 6\n")),
            "4:11: error: 'kernel' must be a Linux version such as \"6.1\", found '6'\n");
}

TEST(BeatsReader, ReadsWhetherMissingCallsAreSkipped) {
  const Policy skips = read(with_keys("  skip_missing_calls: true\n"));
  EXPECT_TRUE(skips.skip_missing_calls);
  EXPECT_TRUE(read(write_beats(skips)).skip_missing_calls) << write_beats(skips);
  EXPECT_FALSE(read(with_keys("  skip_missing_calls: false\n")).skip_missing_calls);
  EXPECT_FALSE(read(with_keys("")).skip_missing_calls);
  EXPECT_EQ(problems(with_keys("  skip_missing_calls: 1\n")),
            "4:23: error: 'skip_missing_calls' must be true or false, found '1'\n");
}

TEST(BeatsReader, RemembersWhereTheKernelVersionStands) {
  testing::PolicyText text(with_keys("  kernel: \"5.10\"\n"));
  const auto policy = text.read();
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(text.covered(policy->kernel_range), "kernel");
  EXPECT_EQ(text.source().locate(policy->kernel_range.offset).line, 4U);
  EXPECT_EQ(read(with_keys("")).kernel_range.length, 0U);
  testing::PolicyText dotted(
      "seccomp.default_action: allow\nseccomp.kernel: 5.10\nseccomp.syscalls: [{action: log, names: [read]}]\n");
  const auto same = dotted.read();
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(dotted.covered(same->kernel_range), "seccomp.kernel");
}

TEST(BeatsReader, ReadsConstants) {
  const Value value = read_condition("{operation: Equal, value: AF_INET | 0x10}").value;
  ASSERT_EQ(value.terms.size(), 2U);
  EXPECT_EQ(value.terms[0].constant, "AF_INET");
  EXPECT_EQ(value.terms[1].integer.magnitude, 16U);
  const Value mask = read_condition("{operation: MaskedEqual, value: 0, mask: SOCK_CLOEXEC}").mask;
  ASSERT_EQ(mask.terms.size(), 1U);
  EXPECT_EQ(mask.terms[0].constant, "SOCK_CLOEXEC");
}

TEST(BeatsReader, ReadsAWidth) {
  EXPECT_FALSE(read_condition("{operation: Equal, value: 1}").wide);
  EXPECT_TRUE(read_condition("{operation: Equal, value: 1, width: 64}").wide);
  for (const char* width : {"32", "-64", "0"}) {
    const std::string yaml =
        "seccomp: {default_action: allow, syscalls: [{action: log, names_with_args: [{name: read, arguments: [\n"
        "{operation: Equal, width: " +
        std::string(width) + "}]}]}]}\n";
    EXPECT_EQ(problems(yaml), "2:27: error: 'width' must be 64, found '" + std::string(width) +
                                  "'; without it the bits that the kernel reads are compared\n");
  }
}

TEST(BeatsReader, KeepsTheEntriesForOneNameApart) {
  const Policy policy = read(
      "seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    names_with_args:\n"
      "    - {name: socket, arguments: [{operation: Equal, value: 1}]}\n"
      "    - {name: socket, arguments: [{operation: Equal, value: 2}]}\n");
  ASSERT_EQ(policy.groups.at(0).names_with_args.size(), 2U);
  EXPECT_EQ(integer(policy.groups[0].names_with_args[1].conditions.at(0).value).magnitude, 2U);
}

TEST(BeatsReader, KeepsNamesAsWritten) {
  const Policy policy = read(
      "seccomp: {default_action: allow, syscalls: [{action: errno, names: [no_such_call, read, read, 'Read']}]}\n");
  EXPECT_EQ(names_of(policy.groups.at(0)), (Names{"no_such_call", "read", "read", "Read"}));
}

}  // namespace
}  // namespace sandbox::policy
