// Classic BPF as seccomp(2) takes it: the instruction, the program, and the call that a program judges.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sandbox::bpf {

/// One instruction, in the kernel's own layout: {u16 code, u8 jt, u8 jf, u32 k}.
using Instruction = sock_filter;
using Program = std::vector<Instruction>;

/// The most instructions that one program may have (BPF_MAXINSNS).
inline constexpr size_t kMaxInstructions = BPF_MAXINSNS;
/// The furthest that a conditional jump reaches: the count of instructions that it passes over.
inline constexpr size_t kMaxJump = 255;

/// Byte offsets into struct seccomp_data. An argument's two halves stand in the ABI's byte order.
inline constexpr uint32_t kNumberOffset = offsetof(seccomp_data, nr);
inline constexpr uint32_t kArchOffset = offsetof(seccomp_data, arch);
inline constexpr uint32_t kArgsOffset = offsetof(seccomp_data, args);
inline constexpr unsigned kArgumentCount = 6;

enum class Endian : uint8_t { kLittle, kBig };

constexpr uint32_t low_half_offset(unsigned argument, Endian endian) {
  return kArgsOffset + 8 * argument + (endian == Endian::kLittle ? 0 : 4);
}
constexpr uint32_t high_half_offset(unsigned argument, Endian endian) {
  return kArgsOffset + 8 * argument + (endian == Endian::kLittle ? 4 : 0);
}

/// A system call as a filter sees it.
struct SystemCall {
  uint32_t number = 0;
  uint32_t arch = 0;  ///< An AUDIT_ARCH_* value.
  std::array<uint64_t, kArgumentCount> args = {};
  uint64_t instruction_pointer = 0;
};

}  // namespace sandbox::bpf
