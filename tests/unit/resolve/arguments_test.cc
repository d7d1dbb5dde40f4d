// What a condition compares: which argument, how many bits of it, with which value on which ABI.
#include <gtest/gtest.h>

#include <string>

#include "support/resolved.h"
#include "support/rules.h"

namespace sandbox::resolve {
namespace {

using arch::Abi;
using testing::kAllow;
using testing::kPermission;
using testing::ResolvedText;

/// A policy that denies `call` under one condition, given in flow style. `abis`: what `architectures` lists.
ResolvedText denied(const std::string& call, const std::string& condition, const std::string& abis = "x86_64") {
  return ResolvedText("seccomp:\n  default_action: allow\n  architectures: [" + abis +
                      "]\n  syscalls:\n  - action: errno\n    names_with_args: [{name: " + call + ", arguments: [{" +
                      condition + "}]}]\n");
}

unsigned width_of(const std::string& call, unsigned argument, const std::string& more = "") {
  const std::string condition = "argument: " + std::to_string(argument) + ", operation: Equal, value: 1" + more;
  return denied(call, condition).condition(Abi::kX86_64, call).width;
}

TEST(Width, IsWhatTheKernelReads) {
  EXPECT_EQ(width_of("socket", 0), 32U);
  EXPECT_EQ(width_of("ioctl", 1), 32U);
  EXPECT_EQ(width_of("ioctl", 2), 64U);
  EXPECT_EQ(width_of("chmod", 1), 16U);
  EXPECT_EQ(width_of("clone", 0), 32U) << "declared long";
  EXPECT_EQ(width_of("unshare", 0), 64U);
}

TEST(Width, CanBeTheRegisters) {
  EXPECT_EQ(width_of("socket", 0, ", width: 64"), 64U);
  EXPECT_EQ(width_of("chmod", 1, ", width: 64"), 64U);
  const ResolvedText resolved = denied("socket", "operation: Equal, value: 1, width: 64", "x86_64, x86");
  EXPECT_EQ(resolved.condition(Abi::kX86, "socket").width, 32U) << "there is no more";
}

TEST(Width, ClosesTheHoleInTheUpperHalf) {
  const ResolvedText resolved = denied("socket", "operation: Equal, value: AF_PACKET");
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "socket", {17}), kPermission);
  EXPECT_EQ(resolved.judge(Abi::kX86_64, "socket", {0x1'00000011}), kPermission);
  EXPECT_EQ(
      denied("socket", "operation: Equal, value: AF_PACKET, width: 64").judge(Abi::kX86_64, "socket", {0x1'00000011}),
      kAllow);
}

TEST(Value, MustFitOnSomeAbi) {
  EXPECT_EQ(denied("socket", "operation: Equal, value: 0x100000011").problems,
            "6:76: error: the value does not fit argument 0 of 'socket', of which the kernel reads 32 bits\n");
  EXPECT_EQ(denied("chmod", "argument: 1, operation: LessThan, value: 0x10000").problems,
            "6:91: error: the value does not fit argument 1 of 'chmod', of which the kernel reads 16 bits\n");
  EXPECT_EQ(denied("socket", "operation: Equal, value: 0x100000011, width: 64").problems, "");
}

TEST(Value, IsDecidedAsMathematicsHasItWhereItDoesNotFit) {
  const ResolvedText equal = denied("ioctl", "argument: 2, operation: Equal, value: 0x100000000", "x86_64, x86");
  EXPECT_EQ(equal.problems, "6:49: warning: this condition on 'ioctl' never holds on x86\n");
  EXPECT_EQ(equal.judge(Abi::kX86, "ioctl", {0, 0, 0}), kAllow);
  EXPECT_EQ(equal.judge(Abi::kX86_64, "ioctl", {0, 0, 0x1'00000000}), kPermission);
  const ResolvedText less = denied("ioctl", "argument: 2, operation: LessThan, value: 0x100000000", "x86_64, x86");
  EXPECT_EQ(less.problems, "6:49: warning: this condition on 'ioctl' always holds on x86\n");
  EXPECT_EQ(less.judge(Abi::kX86, "ioctl", {0, 0, UINT32_MAX}), kPermission);
}

TEST(Value, IsToldWhereItCanNeverHold) {
  EXPECT_EQ(denied("socket", "operation: LessThan, value: 0").problems,
            "6:50: warning: this condition on 'socket' never holds on x86_64\n");
  EXPECT_EQ(denied("socket", "operation: GreaterThan, value: 0xffffffff").problems,
            "6:50: warning: this condition on 'socket' never holds on x86_64\n");
  EXPECT_EQ(denied("socket", "operation: BitsNotSet").problems,
            "6:50: warning: this condition on 'socket' always holds on x86_64\n");
}

TEST(Value, IsNegativeAtTheArgumentsWidth) {
  EXPECT_EQ(denied("chmod", "argument: 1, operation: Equal, value: -1").condition(Abi::kX86_64, "chmod").value,
            0xffffU);
  EXPECT_EQ(denied("close", "operation: Equal, value: -1").condition(Abi::kX86_64, "close").value, UINT32_MAX);
  EXPECT_EQ(denied("lseek", "argument: 1, operation: Equal, value: -1").condition(Abi::kX86_64, "lseek").value,
            UINT64_MAX);
}

TEST(Value, OfAConstantIsTheAbis) {
  const ResolvedText resolved = denied("ioctl", "argument: 1, operation: Equal, value: TIOCSTI", "x86_64, mips");
  EXPECT_EQ(resolved.problems, "");
  EXPECT_EQ(resolved.condition(Abi::kX86_64, "ioctl").value, 0x5412U);
  EXPECT_EQ(resolved.condition(Abi::kMips, "ioctl").value, 0x5472U);
  const ResolvedText joined = denied("unshare", "operation: BitsSet, value: CLONE_NEWUSER|CLONE_NEWNS | 1");
  EXPECT_EQ(joined.condition(Abi::kX86_64, "unshare").value, 0x10020001U);
}

TEST(Value, OfAConstantThatAnAbiLacksIsRefused) {
  const ResolvedText resolved =
      denied("mprotect", "argument: 2, operation: BitsSet, value: PROT_SAO", "x86_64, ppc64le");
  EXPECT_EQ(resolved.problems, "6:93: error: no constant 'PROT_SAO' on x86_64; it exists on ppc, ppc64 and ppc64le\n");
}

TEST(Argument, MustExist) {
  EXPECT_EQ(denied("getpid", "operation: Equal").problems, "6:50: error: 'getpid' has no argument 0; it takes none\n");
  EXPECT_EQ(denied("close", "argument: 1, operation: Equal").problems,
            "6:49: error: 'close' has no argument 1; the last one is 0\n");
}

TEST(Argument, MustBeTheSameOnEveryAbi) {
  EXPECT_EQ(denied("clone", "operation: BitsSet, value: CLONE_NEWUSER", "x86_64, s390x").problems,
            "6:49: error: argument 0 of 'clone' is another one on s390x than on x86_64; write a policy for each\n");
  EXPECT_EQ(denied("clone", "argument: 1, operation: BitsSet, value: CLONE_NEWUSER", "s390x").problems, "");
  EXPECT_EQ(denied("mmap", "argument: 2, operation: BitsSet, value: PROT_EXEC", "x86_64, x86").problems,
            "6:48: error: argument 2 of 'mmap' is another one on x86 than on x86_64; write a policy for each\n");
  EXPECT_EQ(denied("pread64", "argument: 3, operation: Equal, value: 0", "x86_64, x86").problems,
            "6:51: error: argument 3 of 'pread64' is another one on x86 than on x86_64; write a policy for each\n");
  EXPECT_EQ(denied("pread64", "argument: 2, operation: Equal, value: 0", "x86_64, x86").problems, "");
}

}  // namespace
}  // namespace sandbox::resolve
