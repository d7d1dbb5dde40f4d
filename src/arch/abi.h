// The ABIs that a policy can speak about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bpf/program.h"

namespace sandbox::arch {

/// Every ABI of libseccomp 2.5.4, by libseccomp's names.
enum class Abi : uint8_t {
  kX86_64,
  kX86,
  kX32,
  kArm,
  kAarch64,
  kMips,
  kMipsel,
  kMips64,
  kMipsel64,
  kMips64n32,
  kMipsel64n32,
  kParisc,
  kParisc64,
  kPpc,
  kPpc64,
  kPpc64le,
  kRiscv64,
  kS390,
  kS390x,
};
inline constexpr size_t kAbiCount = 19;

struct AbiInfo {
  Abi abi;
  std::string_view name;
  uint32_t audit_arch;    ///< AUDIT_ARCH_*, the `arch` of struct seccomp_data.
  uint32_t first_number;  ///< System-call numbers count from here.
  uint8_t register_bits;  ///< 32 or 64: how much of an argument the kernel reads at most.
  bpf::Endian endian;
};

/// All ABIs, in the order of the enumeration.
std::span<const AbiInfo> all_abis();

const AbiInfo& info(Abi abi);

/// The ABI of that name: libseccomp's, or one that people type (amd64, 386, i386, i686, arm64, armhf).
std::optional<Abi> find_abi(std::string_view name);

/// libseccomp's names of all ABIs, in the order of the enumeration.
std::span<const std::string_view> abi_names();

/// Those names and the aliases: all that find_abi takes.
std::vector<std::string_view> accepted_abi_names();

/// The ABI that a call came through: the number tells x32 from x86_64. None for an AUDIT_ARCH_* value that is not
/// known.
std::optional<Abi> abi_of(uint32_t audit_arch, uint32_t number);

/// The ABI that this program was built for: the launcher makes its own system calls through it.
Abi native_abi();

/// The ABIs through which the processes of a machine can call its kernel, `native` first: x86_64, x86 and x32. All have
/// one byte order.
std::vector<Abi> abis_of_machine(Abi native);

/// Whether the kernel clears the argument registers at execve. Where it does not, the new program finds in them what
/// the old one passed: seen on s390x, and by its source so on riscv64.
bool exec_clears_arguments(Abi abi);

}  // namespace sandbox::arch
