// One instruction of x86-64 code: how long it is, where control goes, and which registers it changes.
//
// This is all that a scan needs, so no library is linked for it: Debian has Zydis as a shared library alone, and
// sandbox-policy is a static program. tests/scan/decoder_test.cc compares it with Zydis where that is
// installed, over all the code of the machine's libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sandbox::scan {

/// Where control goes behind an instruction.
enum class Flow : uint8_t {
  kNext,
  kJump,          ///< To `target` alone.
  kBranch,        ///< To `target`, or on.
  kCall,          ///< `target`, and on once that returns.
  kIndirectJump,  ///< To what a register or memory says.
  kIndirectCall,
  kReturn,
  kStop,      ///< ud2, hlt: nowhere.
  kSyscall,   ///< The kernel, by x86_64's numbers; and on.
  kInt80,     ///< The kernel, by x86's numbers; and on.
  kSysenter,  ///< The same; Linux has no use for it in 64-bit code.
};

/// What an instruction does with a general register, as far as a value can be followed through it.
enum class Op : uint8_t {
  kOther,     ///< Anything: the registers in `writes` have unknown values behind it.
  kMoveImm,   ///< reg = imm
  kMove,      ///< reg = source, of `source_width` bytes
  kLoad,      ///< reg = memory, of `source_width` bytes
  kStore,     ///< memory = source, of `width` bytes
  kStoreImm,  ///< memory = imm
  kLea,       ///< reg = the address of memory
  kAddImm,    ///< reg += imm
  kAndImm,    ///< reg &= imm
  kOrImm,     ///< reg |= imm
  kXorImm,    ///< reg ^= imm
  kShlImm,    ///< reg <<= imm
  kZero,      ///< reg = 0
  kSbbSelf,   ///< reg = 0 or all ones
  kSetcc,     ///< the low byte of reg = 0 or 1
  kCmov,      ///< reg = source, or stays (source kNoRegister: from memory)
  kAdd,       ///< reg += source
  kPush,      ///< of a register
  kPushImm,   ///<
  kPop,       ///< into a register
  kLeave,     ///<
  kCompare,   ///< reg (or memory) with imm: cmp
  kTest,      ///< reg (or memory) with itself or imm: test
};

inline constexpr uint8_t kNoRegister = 0xff;
inline constexpr uint8_t kRipRegister = 0xfe;
enum Register : uint8_t {
  kRax,
  kRcx,
  kRdx,
  kRbx,
  kRsp,
  kRbp,
  kRsi,
  kRdi,
  kR8,
  kR9,
  kR10,
  kR11,
  kR12,
  kR13,
  kR14,
  kR15
};

/// Memory that an instruction names. For addresses relative to the instruction, `displacement` is the address and
/// `base` is kRipRegister.
struct Memory {
  bool present = false;
  bool segment = false;  ///< FS or GS: thread-local.
  uint8_t base = kNoRegister;
  uint8_t index = kNoRegister;
  uint8_t scale = 1;
  int64_t displacement = 0;

  [[nodiscard]] bool is_fixed() const { return present && !segment && index == kNoRegister && base == kRipRegister; }
};

struct Instruction {
  uint64_t address = 0;
  uint64_t target = 0;  ///< Of a direct jump or call.
  int64_t immediate = 0;
  Memory memory;
  uint16_t writes = 0;  ///< General registers that it changes, by bit; without those that a called function changes.
  /// General registers that stand in its encoding, by bit; those that an opcode uses without naming them are left out.
  uint16_t mentions = 0;
  uint16_t opcode = 0;  ///< The condition of a branch: its low four bits.
  uint8_t length = 0;
  Flow flow = Flow::kNext;
  Op op = Op::kOther;
  uint8_t reg = kNoRegister;
  uint8_t source = kNoRegister;
  uint8_t width = 0;         ///< Of the result, in bytes.
  uint8_t source_width = 0;  ///< Of what is read.
  uint8_t memory_bytes = 8;  ///< At most so many are read or written, if the operation is kOther.
  bool sign_extends = false;
  bool writes_memory = false;

  [[nodiscard]] uint64_t end() const { return address + length; }
  [[nodiscard]] bool writes_register(uint8_t which) const { return which < 16 && (writes >> which & 1) != 0; }
  [[nodiscard]] bool falls_through() const {
    return flow != Flow::kJump && flow != Flow::kIndirectJump && flow != Flow::kReturn && flow != Flow::kStop;
  }
};

/// Decodes the instruction that stands at the beginning of `bytes`, which are at `address`. None where there is none.
std::optional<Instruction> decode(std::span<const uint8_t> bytes, uint64_t address);

}  // namespace sandbox::scan
