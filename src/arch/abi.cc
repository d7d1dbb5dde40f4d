#include "arch/abi.h"

#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace sandbox::arch {
namespace {

using enum bpf::Endian;

constexpr uint32_t kX32Bit = 0x40000000;  // __X32_SYSCALL_BIT in arch/x86/include/uapi/asm/unistd.h.

constexpr std::array<AbiInfo, kAbiCount> kAbis = {{
    {Abi::kX86_64, "x86_64", AUDIT_ARCH_X86_64, 0, 64, kLittle},
    {Abi::kX86, "x86", AUDIT_ARCH_I386, 0, 32, kLittle},
    {Abi::kX32, "x32", AUDIT_ARCH_X86_64, kX32Bit, 64, kLittle},
    {Abi::kArm, "arm", AUDIT_ARCH_ARM, 0, 32, kLittle},
    {Abi::kAarch64, "aarch64", AUDIT_ARCH_AARCH64, 0, 64, kLittle},
    {Abi::kMips, "mips", AUDIT_ARCH_MIPS, 4000, 32, kBig},
    {Abi::kMipsel, "mipsel", AUDIT_ARCH_MIPSEL, 4000, 32, kLittle},
    {Abi::kMips64, "mips64", AUDIT_ARCH_MIPS64, 5000, 64, kBig},
    {Abi::kMipsel64, "mipsel64", AUDIT_ARCH_MIPSEL64, 5000, 64, kLittle},
    {Abi::kMips64n32, "mips64n32", AUDIT_ARCH_MIPS64N32, 6000, 64, kBig},
    {Abi::kMipsel64n32, "mipsel64n32", AUDIT_ARCH_MIPSEL64N32, 6000, 64, kLittle},
    {Abi::kParisc, "parisc", AUDIT_ARCH_PARISC, 0, 32, kBig},
    {Abi::kParisc64, "parisc64", AUDIT_ARCH_PARISC64, 0, 64, kBig},
    {Abi::kPpc, "ppc", AUDIT_ARCH_PPC, 0, 32, kBig},
    {Abi::kPpc64, "ppc64", AUDIT_ARCH_PPC64, 0, 64, kBig},
    {Abi::kPpc64le, "ppc64le", AUDIT_ARCH_PPC64LE, 0, 64, kLittle},
    {Abi::kRiscv64, "riscv64", AUDIT_ARCH_RISCV64, 0, 64, kLittle},
    {Abi::kS390, "s390", AUDIT_ARCH_S390, 0, 32, kBig},
    {Abi::kS390x, "s390x", AUDIT_ARCH_S390X, 0, 64, kBig},
}};

constexpr bool in_enumeration_order() {
  for (size_t i = 0; i < kAbis.size(); ++i) {
    if (static_cast<size_t>(kAbis[i].abi) != i) return false;
  }
  return true;
}
static_assert(in_enumeration_order());

constexpr auto kNames = [] {
  std::array<std::string_view, kAbiCount> names;
  for (size_t i = 0; i < kAbis.size(); ++i) names[i] = kAbis[i].name;
  return names;
}();

struct Alias {
  std::string_view name;
  Abi abi;
};

constexpr Alias kAliases[] = {{"amd64", Abi::kX86_64}, {"386", Abi::kX86},       {"i386", Abi::kX86},
                              {"i686", Abi::kX86},     {"arm64", Abi::kAarch64}, {"armhf", Abi::kArm}};

}  // namespace

std::optional<Abi> find_abi(std::string_view name) {
  for (const AbiInfo& abi : kAbis) {
    if (abi.name == name) return abi.abi;
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return alias.abi;
  }
  return std::nullopt;
}

std::span<const std::string_view> abi_names() {
  return kNames;
}

std::vector<std::string_view> accepted_abi_names() {
  std::vector<std::string_view> names(kNames.begin(), kNames.end());
  for (const Alias& alias : kAliases) names.push_back(alias.name);
  return names;
}

std::span<const AbiInfo> all_abis() {
  return kAbis;
}

const AbiInfo& info(Abi abi) {
  return kAbis[static_cast<size_t>(abi)];
}

std::optional<Abi> abi_of(uint32_t audit_arch, uint32_t number) {
  constexpr uint32_t kSkippedNumber = UINT32_MAX;  // By which a tracer skips a call of any ABI.
  const AbiInfo& x32 = info(Abi::kX32);
  if (audit_arch == x32.audit_arch && number >= x32.first_number && number != kSkippedNumber) return Abi::kX32;
  for (const AbiInfo& abi : kAbis) {
    if (abi.audit_arch == audit_arch && abi.abi != Abi::kX32) return abi.abi;
  }
  return std::nullopt;
}

std::vector<Abi> abis_of_machine(Abi native) {
  static const std::vector<std::vector<Abi>> kFamilies = {
      {Abi::kX86_64, Abi::kX86, Abi::kX32},
      {Abi::kAarch64, Abi::kArm},
      {Abi::kMips64, Abi::kMips, Abi::kMips64n32},
      {Abi::kMipsel64, Abi::kMipsel, Abi::kMipsel64n32},
      {Abi::kParisc64, Abi::kParisc},
      {Abi::kPpc64, Abi::kPpc},
      {Abi::kS390x, Abi::kS390},
  };
  std::vector<Abi> abis = {native};
  for (const std::vector<Abi>& family : kFamilies) {
    if (std::find(family.begin(), family.end(), native) == family.end()) continue;
    std::copy_if(family.begin(), family.end(), std::back_inserter(abis), [&](Abi abi) { return abi != native; });
  }
  return abis;
}

bool exec_clears_arguments(Abi abi) {
  switch (abi) {
    case Abi::kX86_64:
    case Abi::kX86:
    case Abi::kX32:
    case Abi::kArm:
    case Abi::kAarch64:
    case Abi::kMips:
    case Abi::kMipsel:
    case Abi::kMips64:
    case Abi::kMipsel64:
    case Abi::kMips64n32:
    case Abi::kMipsel64n32:
    case Abi::kPpc:
    case Abi::kPpc64:
    case Abi::kPpc64le:
      return true;
    case Abi::kParisc:
    case Abi::kParisc64:
    case Abi::kRiscv64:
    case Abi::kS390:
    case Abi::kS390x:
      return false;
  }
  return false;
}

Abi native_abi() {
#if defined(__x86_64__) && defined(__ILP32__)
  return Abi::kX32;
#elif defined(__x86_64__)
  return Abi::kX86_64;
#elif defined(__i386__)
  return Abi::kX86;
#elif defined(__aarch64__)
  return Abi::kAarch64;
#elif defined(__arm__)
  return Abi::kArm;
#elif defined(__riscv) && __riscv_xlen == 64
  return Abi::kRiscv64;
#elif defined(__s390x__)
  return Abi::kS390x;
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
  return Abi::kPpc64le;
#elif defined(__powerpc64__)
  return Abi::kPpc64;
#else
#error "This machine's ABI has no entry here yet: see src/README.md, 'How to add'."
#endif
}

}  // namespace sandbox::arch
