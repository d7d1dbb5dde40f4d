#include "policy/scalar.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

TreeNode scalar(std::string text) {
  TreeNode node;
  node.kind = TreeNode::Kind::kScalar;
  node.plain = true;
  node.text = std::move(text);
  return node;
}

/// What a reader makes of a text, and the message when it refuses it.
template <typename Read>
auto read(const std::string& text, Read reader) {
  testing::PolicyText policy("x\n");
  auto value = reader(scalar(text), policy.diagnostics());
  std::string problems = policy.problems();
  EXPECT_EQ(problems.empty(), value.has_value()) << problems;
  return std::pair(std::move(value), std::move(problems));
}

auto read_value_text(const std::string& text) {
  return read(text, [](const TreeNode& node, Diagnostics& problems) { return read_value(node, "'value'", problems); });
}

/// The terms of a value as "10", "-1" or the constant's name, with spaces between.
std::string terms(const std::string& text) {
  const auto value = read_value_text(text).first;
  std::string result;
  for (const Term& term : value.value_or(Value{}).terms) {
    if (!result.empty()) result += ' ';
    const std::string sign = term.integer.negative ? "-" : "";
    result += term.constant.empty() ? sign + std::to_string(term.integer.magnitude) : term.constant;
  }
  return result;
}

std::string refusal(const std::string& text) {
  return read_value_text(text).second;
}

TEST(ReadValue, TakesIntegers) {
  EXPECT_EQ(terms("0"), "0");
  EXPECT_EQ(terms("0x10"), "16");
  EXPECT_EQ(terms("0o17"), "15");
  EXPECT_EQ(terms("-1"), "-1");
  EXPECT_EQ(terms("18446744073709551615"), "18446744073709551615");
}

TEST(ReadValue, TakesConstants) {
  EXPECT_EQ(terms("AF_UNIX"), "AF_UNIX");
  EXPECT_EQ(terms("MAP_32BIT"), "MAP_32BIT") << "a constant of some ABI";
}

TEST(ReadValue, TakesTermsWithBarsBetween) {
  EXPECT_EQ(terms("CLONE_NEWUSER|CLONE_NEWNS"), "CLONE_NEWUSER CLONE_NEWNS");
  EXPECT_EQ(terms(" O_RDWR | 0x10 |3 "), "O_RDWR 16 3");
  EXPECT_EQ(terms("1|2"), "1 2");
}

TEST(ReadValue, RefusesUnknownConstants) {
  EXPECT_EQ(refusal("AF_INETT"), "1:1: error: unknown constant 'AF_INETT'; did you mean 'AF_INET'?\n");
  EXPECT_EQ(refusal("AF_INET|AF_UNIXX"), "1:1: error: unknown constant 'AF_UNIXX'; did you mean 'AF_UNIX'?\n");
  EXPECT_EQ(refusal("qqqqqqqqqqqqqqqqqqqqqq"),
            "1:1: error: unknown constant 'qqqqqqqqqqqqqqqqqqqqqq'; expected an integer, or a name such as AF_INET or "
            "CLONE_NEWUSER\n");
  EXPECT_NE(refusal("af_inet"), "") << "names are the kernel's";
  EXPECT_NE(refusal("AF_INET AF_UNIX"), "");
}

TEST(ReadValue, RefusesWhatIsNoValue) {
  EXPECT_EQ(refusal(""), "1:1: error: 'value' must be an integer such as 17, 0x11 or 0o21, found ''\n");
  EXPECT_EQ(refusal("12x"), "1:1: error: 'value' must be an integer such as 17, 0x11 or 0o21, found '12x'\n");
  EXPECT_EQ(refusal("0x"), "1:1: error: 'value' must be an integer such as 17, 0x11 or 0o21, found '0x'\n");
  EXPECT_EQ(refusal("-0x"), "1:1: error: 'value' must be an integer such as 17, 0x11 or 0o21, found '-0x'\n");
  EXPECT_EQ(refusal("--1"), "1:1: error: 'value' must be an integer such as 17, 0x11 or 0o21, found '--1'\n");
  EXPECT_EQ(refusal("010"), "1:1: error: 'value' has a leading zero: '010'; write 0o10 for octal, or 10\n");
  EXPECT_EQ(refusal("0x10000000000000000"), "1:1: error: 'value' does not fit in 64 bits: '0x10000000000000000'\n");
  EXPECT_EQ(refusal("-9223372036854775809"), "1:1: error: 'value' does not fit in 64 bits: '-9223372036854775809'\n");
}

TEST(ReadValue, RefusesTermsThatCannotBeJoined) {
  const std::string expected = "1:1: error: 'value' must be integers and names of constants joined with '|', found ";
  EXPECT_EQ(refusal("-1|2"), expected + "'-1' in '-1|2'\n");
  EXPECT_EQ(refusal("AF_INET|-1"), expected + "'-1' in 'AF_INET|-1'\n");
  EXPECT_EQ(refusal("1||2"), expected + "'' in '1||2'\n");
  EXPECT_EQ(refusal("AF_INET|"), expected + "'' in 'AF_INET|'\n");
  EXPECT_EQ(refusal("|"), expected + "'' in '|'\n");
  EXPECT_EQ(refusal("1|0x10000000000000000"), expected + "'0x10000000000000000' in '1|0x10000000000000000'\n");
}

auto read_abi_text(const std::string& text) {
  return read(text, [](const TreeNode& node, Diagnostics& problems) { return read_abi(node, problems); });
}

TEST(ReadAbi, TakesNamesAndWhatPeopleType) {
  for (const arch::AbiInfo& abi : arch::all_abis()) {
    EXPECT_EQ(read_abi_text(std::string(abi.name)).first, abi.abi);
  }
  EXPECT_EQ(read_abi_text("amd64").first, arch::Abi::kX86_64);
  for (const char* name : {"386", "i386", "i686"}) EXPECT_EQ(read_abi_text(name).first, arch::Abi::kX86) << name;
  EXPECT_EQ(read_abi_text("arm64").first, arch::Abi::kAarch64);
  EXPECT_EQ(read_abi_text("armhf").first, arch::Abi::kArm);
}

TEST(ReadAbi, RefusesOthers) {
  EXPECT_EQ(read_abi_text("x86-64").second, "1:1: error: unknown ABI 'x86-64'; did you mean 'x86_64'?\n");
  EXPECT_TRUE(read_abi_text("sparc64").second.starts_with("1:1: error: unknown ABI 'sparc64'; "));
  EXPECT_NE(read_abi_text("").second, "");
}

auto read_version(const std::string& text) {
  return read(text, [](const TreeNode& node, Diagnostics& problems) {
    return read_kernel_version(node, "'kernel'", problems);
  });
}

TEST(ReadKernelVersion, TakesReleases) {
  EXPECT_EQ(read_version("6.1").first, (arch::KernelVersion{6, 1}));
  EXPECT_EQ(read_version("5.10.23").first, (arch::KernelVersion{5, 10}));
  EXPECT_EQ(read_version("6.1.0-18-amd64").first, (arch::KernelVersion{6, 1}));
}

TEST(ReadKernelVersion, RefusesOthers) {
  for (const char* text : {"6", "latest", "v6.1", "6.x", "6.", "", "6.01", "-6.1", "6,1"}) {
    EXPECT_EQ(read_version(text).second,
              "1:1: error: 'kernel' must be a Linux version such as \"6.1\", found '" + std::string(text) + "'\n");
  }
}

TEST(ReadErrno, KeepsNamesForTheAbisToResolve) {
  const auto reader = [](const TreeNode& node, Diagnostics& problems) { return read_errno(node, "'errno'", problems); };
  EXPECT_EQ(read("ENOSYS", reader).first->name, "ENOSYS");
  const auto number = read("38", reader).first;
  EXPECT_EQ(number->name, "");
  EXPECT_EQ(number->number, 38);
  EXPECT_EQ(read("ENOSYSS", reader).second, "1:1: error: unknown errno 'ENOSYSS'; did you mean 'ENOSYS'?\n");
  EXPECT_EQ(read("4096", reader).second,
            "1:1: error: 'errno' must be a name or a number from 1 to 4095, found '4096'\n");
}

TEST(ReadValue, RefusesMorePartsThanARegisterHasBits) {
  std::string text = "1";
  for (int i = 1; i < 64; ++i) text += "|1";
  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(refusal(text + "|1"),
            "1:1: error: 'value' has more than 64 parts joined with '|'; no register has so many bits\n");
}

}  // namespace
}  // namespace sandbox::policy
