// The built-in tables against the libseccomp of this machine, number by number.
#include <gtest/gtest.h>
#include <seccomp.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "arch/abi.h"
#include "arch/newer_calls.h"
#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

uint32_t token_of(const AbiInfo& abi) {
  return seccomp_arch_resolve_name(std::string(abi.name).c_str());
}

/// libseccomp's name for a number; empty if it has none.
std::string libseccomp_name(uint32_t token, uint32_t number) {
  const std::unique_ptr<char, decltype(&std::free)> name(
      seccomp_syscall_resolve_num_arch(token, static_cast<int>(number)), &std::free);
  return name ? name.get() : "";
}

/// Whether our own list adds the call to this ABI; libseccomp may not have heard of it yet.
bool is_newer(const AbiInfo& abi, std::string_view name) {
  for (const NewerCall& call : kNewerCalls) {
    if (call.name == name && call.abis.contains(abi.abi)) return true;
  }
  return false;
}

class Libseccomp : public ::testing::TestWithParam<AbiInfo> {};

TEST_P(Libseccomp, HasTheSameNameForEveryNumber) {
  const AbiInfo& abi = GetParam();
  const uint32_t token = token_of(abi);
  ASSERT_NE(token, 0U);
  const auto check = [&](uint32_t number) {
    const std::string ours(name_of(abi.abi, number).value_or(""));
    const std::string theirs = libseccomp_name(token, number);
    if (theirs.empty() && is_newer(abi, ours)) return;
    EXPECT_EQ(ours, theirs) << number;
  };
  for (uint32_t i = 0; i < 1024; ++i) check(abi.first_number + i);
  if (abi.abi == Abi::kArm) {
    for (uint32_t number = 0xf0000; number < 0xf0010; ++number) check(number);
  }
}

TEST_P(Libseccomp, HasTheSameNumberForEveryNameOrAPseudoNumber) {
  const AbiInfo& abi = GetParam();
  const uint32_t token = token_of(abi);
  for (const std::string_view name : names_on(abi.abi)) {
    const int theirs = seccomp_syscall_resolve_name_arch(token, std::string(name).c_str());
    const uint32_t ours = *number_of(abi.abi, name);
    if (is_newer(abi, name) && libseccomp_name(token, ours).empty()) continue;
    EXPECT_NE(theirs, __NR_SCMP_ERROR) << name;
    EXPECT_TRUE(theirs < 0 || ours == static_cast<uint32_t>(theirs)) << name << ": " << ours << ", " << theirs;
    EXPECT_EQ(libseccomp_name(token, ours), name);
  }
}

TEST_P(Libseccomp, HasNoCallThatTheTableLacks) {
  const AbiInfo& abi = GetParam();
  for (const AbiInfo& other : all_abis()) {
    for (const std::string_view name : names_on(other.abi)) {
      if (number_of(abi.abi, name)) continue;
      EXPECT_LT(seccomp_syscall_resolve_name_arch(token_of(abi), std::string(name).c_str()), 0) << name;
    }
  }
}

TEST_P(Libseccomp, HasTheSameAuditValue) {
  const AbiInfo& abi = GetParam();
  // libseccomp tells x32 from x86_64 by a token of its own, which the kernel never shows to a filter.
  const uint32_t expected = abi.abi == Abi::kX32 ? SCMP_ARCH_X86_64 : token_of(abi);
  EXPECT_EQ(abi.audit_arch, expected);
}

std::string abi_name(const ::testing::TestParamInfo<AbiInfo>& test) {
  return std::string(test.param.name);
}

INSTANTIATE_TEST_SUITE_P(EveryAbi, Libseccomp, ::testing::ValuesIn(all_abis().begin(), all_abis().end()), abi_name);

TEST(TableSource, IsTheLibseccompOfThisMachine) {
  const scmp_version* version = seccomp_version();
  EXPECT_EQ(table_source(), std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                                std::to_string(version->micro));
}

TEST(NativeAbi, IsWhatLibseccompTakesItFor) {
  EXPECT_EQ(token_of(info(native_abi())), seccomp_arch_native());
}

}  // namespace
}  // namespace sandbox::arch
