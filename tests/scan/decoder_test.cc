// Our decoder and Zydis must agree on each instruction of the machine's own libraries: its length, where it leads,
// which general registers it changes, whether it changes memory.
#include <Zydis/Zydis.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "scan/elf_file.h"
#include "scan/x86_instruction.h"

namespace sandbox::scan {
namespace {

constexpr size_t kMaxFiles = 60;
constexpr size_t kMaxReported = 10;

struct Judge {
  ZydisDecoder decoder;
  size_t instructions = 0;
  size_t wrong = 0;

  Judge() { ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64); }

  static unsigned general_register(ZydisRegister reg) {
    const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return ZydisRegisterGetClass(whole) == ZYDIS_REGCLASS_GPR64 ? static_cast<unsigned>(whole - ZYDIS_REGISTER_RAX)
                                                                : 16;
  }

  /// What is wrong with our reading; null: nothing.
  static const char* compare(const ZydisDecodedInstruction& theirs, const ZydisDecodedOperand* operands,
                             const std::optional<Instruction>& ours, uint64_t address) {
    if (!ours) return "not decoded";
    if (ours->length != theirs.length) return "length";
    const bool call = theirs.meta.category == ZYDIS_CATEGORY_CALL;
    unsigned writes = 0;
    bool memory = false;
    for (unsigned i = 0; i < theirs.operand_count; ++i) {
      const ZydisDecodedOperand& operand = operands[i];
      const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
      if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && written) writes |= 1U << general_register(operand.reg.value);
      if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && written) memory = true;
      uint64_t target = 0;
      const bool fixed = operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.base == ZYDIS_REGISTER_RIP;
      if (fixed && ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&theirs, &operand, address, &target)) &&
          target != static_cast<uint64_t>(ours->memory.displacement)) {
        return "address";
      }
    }
    writes &= call ? 0xffefU : 0xffffU;  // The return address's push and pop are not counted.
    if ((writes & ~static_cast<unsigned>(ours->writes)) != 0) return "registers";
    if (memory && !ours->writes_memory && !call) return "memory";
    const bool direct = ours->flow == Flow::kJump || ours->flow == Flow::kBranch || ours->flow == Flow::kCall;
    uint64_t target = 0;
    if (direct && ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&theirs, &operands[0], address, &target)) &&
        target != ours->target) {
      return "target";
    }
    return nullptr;
  }

  void judge(const ElfFile& file, const Extent& code) {
    for (uint64_t at = code.begin; at < code.end;) {
      const std::span<const uint8_t> bytes = file.at(at);
      ZydisDecodedInstruction theirs;
      ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
      const bool valid = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &theirs, operands));
      if (!valid) {  // Data in code: what we make of it does not matter.
        ++at;
        continue;
      }
      ++instructions;
      const char* what = compare(theirs, operands, decode(bytes, at), at);
      if (what != nullptr && ++wrong <= kMaxReported) {
        ADD_FAILURE() << what << " of " << ZydisMnemonicGetString(theirs.mnemonic) << " in " << file.path << " at "
                      << std::hex << at;
      }
      at += theirs.length;
    }
  }
};

TEST(Decoder, AgreesWithZydis) {
  Judge judge;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/x86_64-linux-gnu")) {
    const std::string name = entry.path().filename();
    // Its assembler code has tables between the instructions.
    const bool wanted = name.find(".so") != std::string::npos && !name.starts_with("libcrypto") && !entry.is_symlink();
    if (!wanted || files == kMaxFiles) continue;
    const auto file = ElfFile::read(entry.path());
    if (!file) continue;
    ++files;
    for (const Extent& code : file->code) judge.judge(*file, code);
  }
  EXPECT_EQ(judge.wrong, 0U);
  EXPECT_GT(judge.instructions, 100000U);
  std::printf("%zu instructions of %zu files\n", judge.instructions, files);
}

}  // namespace
}  // namespace sandbox::scan
