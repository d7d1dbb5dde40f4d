#include "arch/abi.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace sandbox::arch {
namespace {

TEST(Abi, HasKnownAuditValues) {
  // include/uapi/linux/audit.h, worked out by hand: the ELF machine, 64-bit 0x80000000, little-endian 0x40000000.
  EXPECT_EQ(info(Abi::kX86_64).audit_arch, 0xC000003EU);
  EXPECT_EQ(info(Abi::kX32).audit_arch, 0xC000003EU) << "x32 is told by the number's bit 30 alone";
  EXPECT_EQ(info(Abi::kX86).audit_arch, 0x40000003U);
  EXPECT_EQ(info(Abi::kArm).audit_arch, 0x40000028U);
  EXPECT_EQ(info(Abi::kAarch64).audit_arch, 0xC00000B7U);
  EXPECT_EQ(info(Abi::kS390x).audit_arch, 0x80000016U);
  EXPECT_EQ(info(Abi::kMips64n32).audit_arch, 0xA0000008U);
}

TEST(Abi, TellsTheByteOrderAsTheAuditValueDoes) {
  constexpr uint32_t kLittleEndianBit = 0x40000000;
  for (const AbiInfo& abi : all_abis()) {
    EXPECT_EQ(abi.endian == bpf::Endian::kLittle, (abi.audit_arch & kLittleEndianBit) != 0) << abi.name;
  }
}

TEST(Abi, TellsTheRegistersWidth) {
  const std::set<std::string_view> narrow = {"x86", "arm", "mips", "mipsel", "parisc", "ppc", "s390"};
  for (const AbiInfo& abi : all_abis()) {
    EXPECT_EQ(abi.register_bits, narrow.contains(abi.name) ? 32 : 64) << abi.name;
  }
}

TEST(Abi, GivesTheEntryOfEachAbi) {
  for (const AbiInfo& abi : all_abis()) EXPECT_EQ(info(abi.abi).name, abi.name);
}

TEST(Abi, SharesAuditValuesBetweenX32AndX86_64Only) {
  std::set<uint32_t> values;
  for (const AbiInfo& abi : all_abis()) {
    if (abi.abi == Abi::kX32) continue;
    EXPECT_TRUE(values.insert(abi.audit_arch).second) << abi.name;
  }
}

TEST(Abi, OfACall) {
  for (const AbiInfo& abi : all_abis()) EXPECT_EQ(abi_of(abi.audit_arch, abi.first_number + 1), abi.abi) << abi.name;
  const uint32_t x86_64 = info(Abi::kX86_64).audit_arch;
  EXPECT_EQ(abi_of(x86_64, 0x3FFFFFFF), Abi::kX86_64);
  EXPECT_EQ(abi_of(x86_64, 0x40000000), Abi::kX32);
  EXPECT_EQ(abi_of(x86_64, 0x80000000), Abi::kX32) << "as the rules are chosen: by comparison, not by the bit";
  EXPECT_EQ(abi_of(x86_64, UINT32_MAX), Abi::kX86_64) << "a tracer skips a call";
  EXPECT_EQ(abi_of(info(Abi::kAarch64).audit_arch, 0x40000000), Abi::kAarch64);
  EXPECT_EQ(abi_of(0x1234, 5), std::nullopt);
}

TEST(Abi, KnowsItsOwn) {
#if defined(__x86_64__) && !defined(__ILP32__)
  EXPECT_EQ(native_abi(), Abi::kX86_64);
#endif
  EXPECT_EQ(info(native_abi()).register_bits, 8 * sizeof(long));
  const uint16_t word = 1;
  const bool little = *reinterpret_cast<const unsigned char*>(&word) == 1;
  EXPECT_EQ(info(native_abi()).endian, little ? bpf::Endian::kLittle : bpf::Endian::kBig);
}

TEST(Abi, TellsWhereExecLeavesTheArguments) {
  for (const AbiInfo& abi : all_abis()) {
    const std::set<std::string_view> leaves = {"s390", "s390x", "riscv64", "parisc", "parisc64"};
    EXPECT_EQ(exec_clears_arguments(abi.abi), !leaves.contains(abi.name)) << abi.name;
  }
}

}  // namespace
}  // namespace sandbox::arch
