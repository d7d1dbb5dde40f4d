#include "scan/x86_instruction.h"

#include <algorithm>
#include <cstring>

namespace sandbox::scan {
namespace {

constexpr size_t kMaxLength = 15;

constexpr uint16_t bit(unsigned reg) {
  return reg < 16 ? static_cast<uint16_t>(1U << reg) : uint16_t{0};
}

constexpr uint16_t kRaxBit = bit(kRax);
constexpr uint16_t kRcxBit = bit(kRcx);
constexpr uint16_t kRdxBit = bit(kRdx);

/// Which encoding the opcode is in: the maps of legacy, VEX and EVEX instructions have the same numbers.
enum class Encoding : uint8_t { kLegacy, kVex, kEvex, kXop };

class Decoder {
 public:
  Decoder(std::span<const uint8_t> bytes, uint64_t address) : bytes_(bytes.first(std::min(bytes.size(), kMaxLength))) {
    out_.address = address;
  }

  std::optional<Instruction> run() {
    read_prefixes();
    if (!read_opcode()) return std::nullopt;
    const bool known = encoding_ == Encoding::kLegacy ? legacy() : vector();
    if (!known || failed_) return std::nullopt;
    out_.length = static_cast<uint8_t>(at_);
    if (out_.memory.present && out_.memory.base == kRipRegister) out_.memory.displacement += out_.end();
    if (relative_) out_.target = out_.end() + static_cast<uint64_t>(out_.immediate);
    return out_;
  }

 private:
  uint8_t next() {
    if (at_ >= bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return bytes_[at_++];
  }
  [[nodiscard]] uint8_t peek() const { return at_ < bytes_.size() ? bytes_[at_] : uint8_t{0}; }

  int64_t signed_bytes(size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(next()) << (8 * i);
    if (count > 0 && count < 8 && (value >> (8 * count - 1) & 1) != 0) value |= ~uint64_t{0} << (8 * count);
    return static_cast<int64_t>(value);
  }
  void immediate(size_t count) { out_.immediate = signed_bytes(count); }
  void relative(size_t count) {
    immediate(count);
    relative_ = true;
  }

  void read_prefixes() {
    for (; at_ < bytes_.size(); ++at_) {
      switch (bytes_[at_]) {
        case 0x66:
          size_prefix_ = true;
          break;
        case 0x67:
          address_prefix_ = true;
          break;
        case 0xf2:
        case 0xf3:
          repeat_ = bytes_[at_];
          break;
        case 0x64:
        case 0x65:
          out_.memory.segment = true;
          break;
        case 0xf0:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x26:
          break;
        default:
          if ((bytes_[at_] & 0xf0) != 0x40) return;
          rex_ = bytes_[at_];
          continue;
      }
      rex_ = 0;  // It counts as the last prefix alone.
    }
  }

  bool read_opcode() {
    const uint8_t first = next();
    if (first == 0x0f) {
      opcode_ = next();
      map_ = 1;
      if (opcode_ == 0x38 || opcode_ == 0x3a) {
        map_ = opcode_ == 0x38 ? 2 : 3;
        opcode_ = next();
      }
    } else if (first == 0xc5 || first == 0xc4 || first == 0x62 || (first == 0x8f && (peek() & 0x1f) >= 8)) {
      return read_vector_prefix(first);
    } else {
      opcode_ = first;
    }
    return !failed_;
  }

  bool read_vector_prefix(uint8_t first) {
    const uint8_t byte1 = next();
    rex_ = static_cast<uint8_t>(0x40 | ((~byte1 >> 5) & 4));  // R
    uint8_t last = byte1;
    map_ = 1;
    encoding_ = Encoding::kVex;
    if (first != 0xc5) {
      rex_ = static_cast<uint8_t>(0x40 | ((~byte1 >> 5) & 7));
      map_ = byte1 & (first == 0x62 ? 7 : 0x1f);
      last = next();
      rex_ = static_cast<uint8_t>(rex_ | (last >> 7 << 3));
      if (first == 0x62) {
        encoding_ = Encoding::kEvex;
        next();
      } else if (first == 0x8f) {
        encoding_ = Encoding::kXop;
      }
    }
    vector_register_ = static_cast<uint8_t>((~last >> 3) & 15);
    constexpr uint8_t kRepeats[] = {0, 0, 0xf3, 0xf2};
    size_prefix_ = (last & 3) == 1;
    repeat_ = kRepeats[last & 3];
    opcode_ = next();
    return !failed_;
  }

  // ---- ModRM ----

  [[nodiscard]] unsigned rex_bit(unsigned which) const { return (rex_ >> which & 1U) << 3U; }

  /// Whether ModRM's middle field is a part of the opcode and names no register.
  [[nodiscard]] bool has_opcode_in_modrm() const {
    if (encoding_ != Encoding::kLegacy) return false;
    constexpr uint8_t kOne[] = {0x80, 0x81, 0x83, 0x8f, 0xc0, 0xc1, 0xc6, 0xc7,
                                0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7, 0xfe, 0xff};
    constexpr uint8_t kTwo[] = {0x00, 0x01, 0x0d, 0x18, 0x1f, 0x71, 0x72, 0x73, 0xae, 0xba, 0xc7};
    if (map_ == 0) return std::memchr(kOne, opcode_, sizeof kOne) != nullptr || (opcode_ >= 0xd8 && opcode_ < 0xe0);
    return map_ == 1 && std::memchr(kTwo, opcode_, sizeof kTwo) != nullptr;
  }

  void modrm() {
    const uint8_t byte = next();
    mod_ = byte >> 6;
    field_ = byte >> 3 & 7;
    reg_ = static_cast<uint8_t>(field_ | rex_bit(2));
    const uint8_t low = byte & 7;
    rm_ = static_cast<uint8_t>(low | rex_bit(0));
    if (!has_opcode_in_modrm()) out_.mentions |= bit(reg_);
    if (mod_ == 3) out_.mentions |= bit(rm_);
    if (mod_ == 3) return;
    Memory& memory = out_.memory;
    memory.present = true;
    memory.base = rm_;
    if (low == 4) {
      const uint8_t sib = next();
      const auto index = static_cast<uint8_t>((sib >> 3 & 7) | rex_bit(1));
      if (index != 4) memory.index = index;
      memory.scale = static_cast<uint8_t>(1U << (sib >> 6));
      memory.base = static_cast<uint8_t>((sib & 7) | rex_bit(0));
      if (mod_ == 0 && (sib & 7) == 5) {
        memory.base = kNoRegister;
        memory.displacement = signed_bytes(4);
      }
    } else if (mod_ == 0 && low == 5) {
      memory.base = kRipRegister;
      memory.displacement = signed_bytes(4);
    }
    out_.mentions |= static_cast<uint16_t>(bit(memory.base) | bit(memory.index));
    if (mod_ == 1) memory.displacement = signed_bytes(1);
    if (mod_ == 2) memory.displacement = signed_bytes(4);
    rm_ = kNoRegister;
  }

  // ---- Operands ----

  [[nodiscard]] bool wide() const { return (rex_ & 8) != 0; }
  [[nodiscard]] uint8_t operand_width() const { return wide() ? 8 : size_prefix_ ? 2 : 4; }
  [[nodiscard]] size_t immediate_bytes() const { return size_prefix_ && !wide() ? 2 : 4; }
  /// AH to BH are the second bytes of the first four registers.
  [[nodiscard]] uint8_t byte_register(uint8_t reg) const {
    return rex_ == 0 && reg >= 4 && reg < 8 ? static_cast<uint8_t>(reg - 4) : reg;
  }
  [[nodiscard]] bool is_high_byte(uint8_t reg) const { return rex_ == 0 && reg >= 4 && reg < 8; }

  void writes(unsigned reg) { out_.writes |= bit(reg); }
  void writes_rm(bool byte = false) {
    if (mod_ == 3) {
      writes(byte ? byte_register(rm_) : rm_);
    } else {
      out_.writes_memory = true;
    }
  }
  void result(Op op, uint8_t reg, uint8_t width) {
    out_.op = op;
    out_.reg = reg;
    out_.width = width;
  }

  bool legacy() {
    if (map_ == 0) return one_byte();
    if (map_ == 1) return two_byte();
    modrm();
    if (map_ == 3) immediate(1);
    if (map_ == 2) {
      if (opcode_ == 0xf0 || (opcode_ == 0xf1 && repeat_ == 0xf2) || opcode_ == 0xf6) writes(reg_);
      if (opcode_ == 0xf1 && repeat_ != 0xf2) out_.writes_memory = true;
    } else {
      if (opcode_ >= 0x14 && opcode_ <= 0x17) writes_rm();
      if (opcode_ == 0x61 || opcode_ == 0x63) out_.writes |= kRcxBit;
    }
    return true;
  }

  // ---- The maps ----

  bool arithmetic() {
    const unsigned form = opcode_ & 7;
    const unsigned which = opcode_ >> 3;  // add or adc sbb and sub xor cmp
    if (form > 5) return false;
    const bool byte = (form & 1) == 0;
    const uint8_t width = byte ? 1 : operand_width();
    if (form >= 4) {
      immediate(byte ? 1 : immediate_bytes());
      mod_ = 3;
      rm_ = kRax;
      arithmetic_immediate(which, width);
      return true;
    }
    modrm();
    if (which == 7) return true;
    const bool to_rm = form < 2;
    if (to_rm) {
      writes_rm(byte);
    } else {
      writes(byte ? byte_register(reg_) : reg_);
    }
    if (mod_ != 3 || byte) return true;
    const uint8_t destination = to_rm ? rm_ : reg_;
    const uint8_t source = to_rm ? reg_ : rm_;
    if (which == 0) {
      result(Op::kAdd, destination, width);
      out_.source = source;
      out_.source_width = width;
    }
    if (source != destination || width == 2) return true;
    if (which == 5 || which == 6) result(Op::kZero, destination, width);
    if (which == 3) result(Op::kSbbSelf, destination, width);
    return true;
  }

  /// What 80, 81 and 83 do, and the forms for RAX.
  void arithmetic_immediate(unsigned which, uint8_t width) {
    if (which == 7) {
      result(Op::kCompare, mod_ == 3 ? rm_ : kNoRegister, width);
      if (width == 1 && mod_ == 3) out_.op = is_high_byte(rm_) ? Op::kOther : Op::kCompare;
      return;
    }
    writes_rm(width == 1);
    if (mod_ != 3 || width < 4) return;
    switch (which) {
      case 0:
        result(Op::kAddImm, rm_, width);
        break;
      case 1:
        result(Op::kOrImm, rm_, width);
        break;
      case 4:
        result(Op::kAndImm, rm_, width);
        break;
      case 5:
        result(Op::kAddImm, rm_, width);
        out_.immediate = static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(out_.immediate));
        break;
      case 6:
        result(Op::kXorImm, rm_, width);
        break;
      default:
        break;
    }
  }

  /// mov between a register and a register or memory.
  void move(bool to_rm, uint8_t width) {
    const uint8_t other = width == 1 ? byte_register(reg_) : reg_;
    if (mod_ == 3) {
      const uint8_t rm = width == 1 ? byte_register(rm_) : rm_;
      const bool high = width == 1 && (is_high_byte(rm_) || is_high_byte(reg_));
      writes(to_rm ? rm : other);
      if (high) return;
      result(Op::kMove, to_rm ? rm : other, width);
      out_.source = to_rm ? other : rm;
    } else if (to_rm) {
      out_.writes_memory = true;
      if (width == 1 && is_high_byte(reg_)) return;
      out_.op = Op::kStore;
      out_.source = other;
      out_.width = width;
    } else {
      writes(other);
      if (width == 1 && is_high_byte(reg_)) return;
      result(Op::kLoad, other, width);
    }
    out_.source_width = width;
  }

  void extend(uint8_t source_width, bool sign) {
    writes(reg_);
    const bool high = source_width == 1 && mod_ == 3 && is_high_byte(rm_);
    if (high) return;
    result(mod_ == 3 ? Op::kMove : Op::kLoad, reg_, operand_width());
    out_.source = rm_;
    out_.source_width = source_width;
    out_.sign_extends = sign;
  }

  void string_operation(uint16_t registers) {
    out_.writes |= registers;
    if (repeat_ != 0) out_.writes |= kRcxBit;
  }

  bool one_byte() {
    const uint8_t op = opcode_;
    out_.opcode = op;
    if (op < 0x40) return arithmetic();
    if (op >= 0x50 && op < 0x60) return push_or_pop();
    if (op >= 0x70 && op < 0x80) {
      relative(1);
      out_.flow = Flow::kBranch;
      return true;
    }
    if (op >= 0x90 && op < 0x98) {
      const auto reg = static_cast<uint8_t>((op & 7) | rex_bit(0));
      out_.mentions |= bit(reg);
      if (reg != kRax) out_.writes |= static_cast<uint16_t>(kRaxBit | bit(reg));
      return true;
    }
    if (op >= 0xb0 && op < 0xb8) {
      const auto reg = static_cast<uint8_t>((op & 7) | rex_bit(0));
      out_.mentions |= bit(reg);
      immediate(1);
      writes(byte_register(reg));
      if (!is_high_byte(reg)) result(Op::kMoveImm, reg, 1);
      return true;
    }
    if (op >= 0xb8 && op < 0xc0) {
      const auto reg = static_cast<uint8_t>((op & 7) | rex_bit(0));
      out_.mentions |= bit(reg);
      immediate(wide() ? 8 : immediate_bytes());
      writes(reg);
      result(Op::kMoveImm, reg, operand_width());
      return true;
    }
    if (op >= 0xd8 && op < 0xe0) {
      modrm();
      if (op == 0xdf && mod_ == 3 && field_ == 4) out_.writes |= kRaxBit;
      if (mod_ != 3) out_.writes_memory = true;
      return true;
    }
    return one_byte_rest(op);
  }

  bool push_or_pop() {
    const auto reg = static_cast<uint8_t>((opcode_ & 7) | rex_bit(0));
    out_.mentions |= bit(reg);
    const bool push = opcode_ < 0x58;
    out_.op = push ? Op::kPush : Op::kPop;
    out_.writes |= bit(kRsp);
    out_.width = 8;
    if (push) {
      out_.source = reg;
      out_.writes_memory = true;
    } else {
      out_.reg = reg;
      writes(reg);
    }
    if (size_prefix_) out_.op = Op::kOther;
    return true;
  }

  bool one_byte_rest(uint8_t op) {
    switch (op) {
      case 0x63:
        modrm();
        extend(4, true);
        return true;
      case 0x68:
      case 0x6a:
        immediate(op == 0x68 ? immediate_bytes() : 1);
        out_.op = size_prefix_ ? Op::kOther : Op::kPushImm;
        out_.width = 8;
        out_.writes |= bit(kRsp);
        out_.writes_memory = true;
        return true;
      case 0x69:
        modrm();
        immediate(immediate_bytes());
        writes(reg_);
        return true;
      case 0x6b:
        modrm();
        immediate(1);
        writes(reg_);
        return true;
      case 0x6c:
      case 0x6d:
        string_operation(bit(kRdi));
        out_.writes_memory = true;
        return true;
      case 0x6e:
      case 0x6f:
        string_operation(bit(kRsi));
        return true;
      case 0x80:
      case 0x81:
      case 0x83:
        modrm();
        immediate(op == 0x81 ? immediate_bytes() : 1);
        arithmetic_immediate(field_, op == 0x80 ? 1 : operand_width());
        return true;
      case 0x84:
      case 0x85:
        modrm();
        if (mod_ == 3 && rm_ == reg_) {
          result(Op::kTest, rm_, op == 0x84 ? 1 : operand_width());
          if (op == 0x84 && is_high_byte(rm_)) out_.op = Op::kOther;
        }
        return true;
      case 0x86:
      case 0x87:
        modrm();
        writes(op == 0x86 ? byte_register(reg_) : reg_);
        writes_rm(op == 0x86);
        return true;
      case 0x88:
        modrm();
        move(true, 1);
        return true;
      case 0x89:
        modrm();
        move(true, operand_width());
        return true;
      case 0x8a:
        modrm();
        move(false, 1);
        return true;
      case 0x8b:
        modrm();
        move(false, operand_width());
        return true;
      case 0x8c:
        modrm();
        writes_rm();
        return true;
      case 0x8d:
        modrm();
        if (mod_ == 3) return false;
        writes(reg_);
        result(Op::kLea, reg_, address_prefix_ ? 4 : operand_width());
        out_.memory.segment = false;
        return true;
      case 0x8e:
        modrm();
        return true;
      case 0x8f:
        modrm();
        writes_rm();
        out_.writes |= bit(kRsp);
        return true;
      case 0x98:
        out_.writes |= kRaxBit;
        return true;
      case 0x99:
        out_.writes |= kRdxBit;
        return true;
      case 0x9b:
      case 0x9e:
        return true;
      case 0x9c:
      case 0x9d:
        out_.writes |= bit(kRsp);
        out_.writes_memory = op == 0x9c;
        return true;
      case 0x9f:
        out_.writes |= kRaxBit;
        return true;
      case 0xa0:
      case 0xa1:
        out_.writes |= kRaxBit;
        signed_bytes(address_prefix_ ? 4 : 8);
        return true;
      case 0xa2:
      case 0xa3:
        out_.writes_memory = true;
        signed_bytes(address_prefix_ ? 4 : 8);
        return true;
      case 0xa4:
      case 0xa5:
      case 0xa6:
      case 0xa7:
        string_operation(static_cast<uint16_t>(bit(kRsi) | bit(kRdi)));
        out_.writes_memory = op < 0xa6;
        return true;
      case 0xa8:
        immediate(1);
        return true;
      case 0xa9:
        immediate(immediate_bytes());
        return true;
      case 0xaa:
      case 0xab:
        string_operation(bit(kRdi));
        out_.writes_memory = true;
        return true;
      case 0xac:
      case 0xad:
        string_operation(static_cast<uint16_t>(kRaxBit | bit(kRsi)));
        return true;
      case 0xae:
      case 0xaf:
        string_operation(bit(kRdi));
        return true;  // scas
      default:
        return one_byte_last(op);
    }
  }

  bool one_byte_last(uint8_t op) {
    switch (op) {
      case 0xc0:
      case 0xc1:
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        modrm();
        if (op < 0xd0) immediate(1);
        if (op == 0xd1) out_.immediate = 1;
        writes_rm((op & 1) == 0);
        if ((op == 0xc1 || op == 0xd1) && mod_ == 3 && (field_ == 4 || field_ == 6) && operand_width() >= 4) {
          result(Op::kShlImm, rm_, operand_width());
        }
        return true;
      case 0xc2:
      case 0xca:
        immediate(2);
        out_.flow = Flow::kReturn;
        out_.writes |= bit(kRsp);
        return true;
      case 0xc3:
      case 0xcb:
      case 0xcf:
        out_.flow = Flow::kReturn;
        out_.writes |= bit(kRsp);
        return true;
      case 0xc6:
      case 0xc7:
        return store_immediate(op);
      case 0xc8:
        signed_bytes(2);
        signed_bytes(1);
        out_.writes |= static_cast<uint16_t>(bit(kRsp) | bit(kRbp));
        out_.writes_memory = true;
        return true;
      case 0xc9:
        out_.op = Op::kLeave;
        out_.writes |= static_cast<uint16_t>(bit(kRsp) | bit(kRbp));
        return true;
      case 0xcc:
      case 0xf1:
        out_.flow = Flow::kStop;
        return true;
      case 0xcd:
        immediate(1);
        if (out_.immediate == static_cast<int8_t>(0x80)) {
          out_.flow = Flow::kInt80;
          out_.writes |= kRaxBit;
        } else {
          out_.flow = Flow::kStop;
        }
        return true;
      case 0xd7:
        out_.writes |= kRaxBit;
        return true;
      case 0xe0:
      case 0xe1:
      case 0xe2:
      case 0xe3:
        relative(1);
        out_.flow = Flow::kBranch;
        out_.opcode = 0;  // No condition of a compare.
        if (op != 0xe3) out_.writes |= kRcxBit;
        return true;
      case 0xe4:
      case 0xe5:
        immediate(1);
        out_.writes |= kRaxBit;
        return true;
      case 0xe6:
      case 0xe7:
        immediate(1);
        return true;
      case 0xec:
      case 0xed:
        out_.writes |= kRaxBit;
        return true;
      case 0xee:
      case 0xef:
      case 0xf5:
        return true;
      case 0xe8:
        relative(4);
        out_.flow = Flow::kCall;
        return true;
      case 0xe9:
        relative(4);
        out_.flow = Flow::kJump;
        return true;
      case 0xeb:
        relative(1);
        out_.flow = Flow::kJump;
        return true;
      case 0xf4:
        out_.flow = Flow::kStop;
        return true;
      case 0xf6:
      case 0xf7:
        unary(op);
        return true;
      case 0xf8:
      case 0xf9:
      case 0xfa:
      case 0xfb:
      case 0xfc:
      case 0xfd:
        return true;
      case 0xfe:
      case 0xff:
        return increment_or_jump(op);
      default:
        return false;
    }
  }

  bool store_immediate(uint8_t op) {
    modrm();
    immediate(op == 0xc6 ? 1 : immediate_bytes());
    if (field_ == 7 && mod_ == 3) {  // xabort, xbegin: the second jumps when the transaction is abandoned.
      out_.writes |= kRaxBit;
      if (op == 0xc7) {
        relative_ = true;
        out_.flow = Flow::kBranch;
        out_.opcode = 0;
      }
      return true;
    }
    if (field_ != 0) return false;
    const uint8_t width = op == 0xc6 ? 1 : operand_width();
    writes_rm(op == 0xc6);
    if (mod_ == 3) {
      if (width != 1 || !is_high_byte(rm_)) result(Op::kMoveImm, rm_, width);
    } else {
      out_.op = Op::kStoreImm;
      out_.width = width;
    }
    return true;
  }

  void unary(uint8_t op) {
    modrm();
    const uint8_t width = op == 0xf6 ? 1 : operand_width();
    if (field_ < 2) {
      immediate(op == 0xf6 ? 1 : immediate_bytes());
      result(Op::kTest, mod_ == 3 ? rm_ : kNoRegister, width);
      out_.source = 0;  // With an immediate.
      if (width == 1 && mod_ == 3 && is_high_byte(rm_)) out_.op = Op::kOther;
    } else if (field_ < 4) {
      writes_rm(op == 0xf6);
    } else {
      out_.writes |= static_cast<uint16_t>(kRaxBit | (op == 0xf7 ? kRdxBit : 0));
    }
  }

  bool increment_or_jump(uint8_t op) {
    modrm();
    if (field_ < 2) {
      writes_rm(op == 0xfe);
      if (op == 0xff && mod_ == 3 && operand_width() >= 4) {
        result(Op::kAddImm, rm_, operand_width());
        out_.immediate = field_ == 0 ? 1 : -1;
      }
      return true;
    }
    if (op == 0xfe || field_ == 7) return false;
    if (field_ == 6) {
      out_.writes |= bit(kRsp);
      out_.writes_memory = true;
      return true;
    }
    out_.flow = field_ < 4 ? Flow::kIndirectCall : Flow::kIndirectJump;
    out_.reg = rm_;
    return true;
  }

  bool two_byte() {
    const uint8_t op = opcode_;
    out_.opcode = op;
    if (op >= 0x80 && op < 0x90) {
      relative(4);
      out_.flow = Flow::kBranch;
      return true;
    }
    if (op >= 0xc8 && op < 0xd0) {
      writes((op & 7U) | rex_bit(0));
      out_.mentions |= bit((op & 7U) | rex_bit(0));
      return true;
    }
    if (two_byte_without_modrm(op)) return true;
    if (op == 0x04 || op == 0x0a || op == 0x0c || (op >= 0x24 && op < 0x28) || op == 0x36 || op == 0x39 || op == 0x3b ||
        (op >= 0x3c && op < 0x40)) {
      return false;
    }
    modrm();
    two_byte_writes(op);
    constexpr uint8_t kHalves[] = {0x12, 0x13, 0x16, 0x17, 0x7e, 0xd6};
    out_.memory_bytes = std::memchr(kHalves, op, sizeof kHalves) != nullptr ? 8 : 16;
    constexpr uint8_t kWithByte[] = {0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6};
    if (std::memchr(kWithByte, op, sizeof kWithByte) != nullptr) immediate(1);
    if (op == 0x78 && (size_prefix_ || repeat_ == 0xf2)) immediate(2);
    return true;
  }

  bool two_byte_without_modrm(uint8_t op) {
    switch (op) {
      case 0x05:
        out_.flow = Flow::kSyscall;
        out_.writes |= static_cast<uint16_t>(kRaxBit | kRcxBit | bit(kR11));
        return true;
      case 0x34:
        out_.flow = Flow::kSysenter;
        out_.writes |= kRaxBit;
        return true;
      case 0x0b:
        out_.flow = Flow::kStop;
        return true;
      case 0x07:
      case 0x35:
        out_.flow = Flow::kReturn;
        return true;
      case 0x31:
      case 0x32:
      case 0x33:
        out_.writes |= static_cast<uint16_t>(kRaxBit | kRdxBit);
        return true;
      case 0xa2:
        out_.writes |= static_cast<uint16_t>(kRaxBit | kRcxBit | kRdxBit | bit(kRbx));
        return true;
      case 0xa0:
      case 0xa1:
      case 0xa8:
      case 0xa9:
        out_.writes |= bit(kRsp);
        return true;
      case 0x06:
      case 0x08:
      case 0x09:
      case 0x0e:
      case 0x30:
      case 0x37:
      case 0x77:
      case 0xaa:
        return true;
      default:
        return false;
    }
  }

  void two_byte_writes(uint8_t op) {
    if (op >= 0x40 && op < 0x50) {
      writes(reg_);
      if (operand_width() >= 4) {
        result(Op::kCmov, reg_, operand_width());
        out_.source = rm_;
        out_.source_width = operand_width();
      }
      return;
    }
    if (op >= 0x90 && op < 0xa0) {
      writes_rm(true);
      if (mod_ == 3 && !is_high_byte(rm_)) result(Op::kSetcc, rm_, 1);
      return;
    }
    switch (op) {
      case 0x00:
        if (field_ < 2) writes_rm();
        break;
      case 0x01:
        if (mod_ == 3) out_.writes |= static_cast<uint16_t>(kRaxBit | kRcxBit | kRdxBit);
        if (field_ == 4) writes_rm();
        break;
      case 0x02:
      case 0x03:
      case 0x50:
      case 0xaf:
      case 0xb2:
      case 0xb4:
      case 0xb5:
      case 0xb8:
      case 0xbc:
      case 0xbd:
      case 0xc5:
      case 0xd7:
        writes(reg_);
        break;
      case 0x20:
      case 0x21:
      case 0xa4:
      case 0xa5:
      case 0xab:
      case 0xac:
      case 0xad:
      case 0xb3:
      case 0xbb:
        writes_rm();
        break;
      case 0x2c:
      case 0x2d:
        if (repeat_ != 0) writes(reg_);
        break;
      case 0x7e:
        if (repeat_ != 0xf3) writes_rm();
        break;
      case 0xf7:  // maskmovq: to RDI.
        out_.writes_memory = true;
        break;
      case 0xa6:
      case 0xa7:  // VIA's cryptography.
        out_.writes |= static_cast<uint16_t>(kRaxBit | kRcxBit | kRdxBit | bit(kRsi) | bit(kRdi) | bit(kRbx));
        out_.writes_memory = true;
        break;
      case 0xae:
        if (mod_ != 3)
          out_.writes_memory = true;
        else if (repeat_ == 0xf3)
          writes_rm();
        break;
      case 0xb0:
      case 0xb1:
        writes_rm(op == 0xb0);
        out_.writes |= kRaxBit;
        break;
      case 0xb6:
        extend(1, false);
        break;
      case 0xb7:
        extend(2, false);
        break;
      case 0xbe:
        extend(1, true);
        break;
      case 0xbf:
        extend(2, true);
        break;
      case 0xba:
        if (field_ > 4) writes_rm();
        break;
      case 0xc0:
      case 0xc1:
        writes(op == 0xc0 ? byte_register(reg_) : reg_);
        writes_rm(op == 0xc0);
        break;
      case 0xc7:
        if (mod_ == 3)
          writes(rm_);
        else
          out_.writes_memory = true;
        if (field_ == 1) out_.writes |= static_cast<uint16_t>(kRaxBit | kRdxBit);
        break;
      case 0x11:
      case 0x13:
      case 0x17:
      case 0x29:
      case 0x2b:
      case 0x7f:
      case 0xc3:
      case 0xd6:
      case 0xe7:
        if (mod_ != 3) out_.writes_memory = true;
        break;
      default:
        break;
    }
  }

  /// VEX, EVEX and XOP: vectors, and a few instructions for general registers.
  bool vector() {
    out_.memory_bytes = encoding_ == Encoding::kEvex ? 64 : 32;
    if (encoding_ == Encoding::kVex && map_ == 1 && opcode_ == 0x77) return true;  // vzeroupper
    modrm();
    out_.mentions |= bit(vector_register_);
    if (encoding_ == Encoding::kXop) {
      writes(reg_);
      writes(vector_register_);
      if (map_ == 8) immediate(1);
      if (map_ == 10) immediate(4);
      return map_ >= 8 && map_ <= 10;
    }
    if (map_ == 0 || map_ > 6 || map_ == 4) return false;
    const uint8_t op = opcode_;
    out_.writes_memory = mod_ != 3 || (map_ == 1 && op == 0xf7);
    if (map_ == 1 || map_ == 5) {
      constexpr uint8_t kWithByte[] = {0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6};
      if (map_ == 1 && std::memchr(kWithByte, op, sizeof kWithByte) != nullptr) immediate(1);
      const bool to_integer = op == 0x2c || op == 0x2d || (encoding_ == Encoding::kEvex && (op == 0x78 || op == 0x79));
      if (to_integer && repeat_ != 0) writes(reg_);
      if (op == 0x7e && repeat_ != 0xf3) writes_rm();
      if (op == 0x50 || op == 0xc5 || op == 0xd7 || (op == 0x93 && encoding_ == Encoding::kVex)) writes(reg_);
    } else if (map_ == 2) {
      if (encoding_ == Encoding::kVex && op >= 0xf2 && op <= 0xf7) {
        if (op != 0xf3) writes(reg_);
        if (op == 0xf3 || op == 0xf6) writes(vector_register_);
      }
      if (encoding_ == Encoding::kVex && op >= 0xe0 && op < 0xf0) writes(reg_);
    } else if (map_ == 3) {
      immediate(1);
      if (op >= 0x14 && op <= 0x17) writes_rm();
      if (op == 0x61 || op == 0x63) out_.writes |= kRcxBit;
      if (op == 0xf0 && encoding_ == Encoding::kVex) writes(reg_);
    }
    return true;
  }

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool failed_ = false;
  Instruction out_;
  bool relative_ = false;
  bool size_prefix_ = false;
  bool address_prefix_ = false;
  uint8_t repeat_ = 0;
  uint8_t rex_ = 0;
  uint8_t map_ = 0;
  uint8_t opcode_ = 0;
  uint8_t vector_register_ = 0;
  Encoding encoding_ = Encoding::kLegacy;
  uint8_t mod_ = 0;
  uint8_t field_ = 0;  ///< The opcode's extension: ModRM's register without REX.
  uint8_t reg_ = 0;
  uint8_t rm_ = kNoRegister;
};

}  // namespace

std::optional<Instruction> decode(std::span<const uint8_t> bytes, uint64_t address) {
  return Decoder(bytes, address).run();
}

}  // namespace sandbox::scan
