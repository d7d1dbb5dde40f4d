// What kind of program a file is, by its ELF header or by that of the interpreter that its first line names.
#include <elf.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "kernel/target.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using arch::Abi;
using testing::TemporaryDirectory;

/// The first 20 bytes of an ELF file, as far as the machine.
std::string elf(uint16_t machine, char elf_class, char order) {
  std::string head(ELFMAG);
  head += {elf_class, order, EV_CURRENT};
  head.resize(EI_NIDENT, '\0');
  const auto low = static_cast<char>(machine & 0xff);
  const auto high = static_cast<char>(machine >> 8);
  for (const unsigned half : {unsigned{ET_DYN}, unsigned{machine}}) {
    const bool is_machine = half == machine;
    const char first = is_machine ? low : static_cast<char>(half);
    const char second = is_machine ? high : '\0';
    head += order == ELFDATA2LSB ? first : second;
    head += order == ELFDATA2LSB ? second : first;
  }
  head.resize(sizeof(Elf64_Ehdr), '\0');
  return head;
}

class Inspect : public ::testing::Test {
 protected:
  static Program inspect(const std::string& path) {
    const auto found = find_target(path, nullptr);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return *found;
  }
  std::optional<Abi> abi_of(const std::string& bytes) { return inspect(directory_.write("program", bytes, 0755)).abi; }

  TemporaryDirectory directory_;
};

TEST_F(Inspect, KnowsTheMachines) {
  EXPECT_EQ(abi_of(elf(EM_X86_64, ELFCLASS64, ELFDATA2LSB)), Abi::kX86_64);
  EXPECT_EQ(abi_of(elf(EM_X86_64, ELFCLASS32, ELFDATA2LSB)), Abi::kX32);
  EXPECT_EQ(abi_of(elf(EM_386, ELFCLASS32, ELFDATA2LSB)), Abi::kX86);
  EXPECT_EQ(abi_of(elf(EM_AARCH64, ELFCLASS64, ELFDATA2LSB)), Abi::kAarch64);
  EXPECT_EQ(abi_of(elf(EM_ARM, ELFCLASS32, ELFDATA2LSB)), Abi::kArm);
  EXPECT_EQ(abi_of(elf(EM_RISCV, ELFCLASS64, ELFDATA2LSB)), Abi::kRiscv64);
  EXPECT_EQ(abi_of(elf(EM_S390, ELFCLASS64, ELFDATA2MSB)), Abi::kS390x);
  EXPECT_EQ(abi_of(elf(EM_S390, ELFCLASS32, ELFDATA2MSB)), Abi::kS390);
  EXPECT_EQ(abi_of(elf(EM_PPC64, ELFCLASS64, ELFDATA2LSB)), Abi::kPpc64le);
  EXPECT_EQ(abi_of(elf(EM_PPC64, ELFCLASS64, ELFDATA2MSB)), Abi::kPpc64);
  EXPECT_EQ(abi_of(elf(EM_PPC, ELFCLASS32, ELFDATA2MSB)), Abi::kPpc);
  EXPECT_EQ(abi_of(elf(EM_MIPS, ELFCLASS32, ELFDATA2MSB)), Abi::kMips);
  EXPECT_EQ(abi_of(elf(EM_MIPS, ELFCLASS32, ELFDATA2LSB)), Abi::kMipsel);
  EXPECT_EQ(abi_of(elf(EM_MIPS, ELFCLASS64, ELFDATA2LSB)), Abi::kMipsel64);
  EXPECT_EQ(abi_of(elf(EM_PARISC, ELFCLASS32, ELFDATA2MSB)), Abi::kParisc);
}

TEST_F(Inspect, DoesNotGuess) {
  EXPECT_EQ(abi_of(elf(EM_X86_64, ELFCLASS64, ELFDATA2MSB)), std::nullopt) << "the other byte order";
  EXPECT_EQ(abi_of(elf(EM_SPARCV9, ELFCLASS64, ELFDATA2MSB)), std::nullopt);
  EXPECT_EQ(abi_of(elf(EM_X86_64, ELFCLASS64, ELFDATA2LSB).substr(0, 19)), std::nullopt) << "cut in the machine";
  EXPECT_EQ(abi_of("text\n"), std::nullopt);
}

TEST_F(Inspect, KnowsItself) {
  const Program self = inspect("/proc/self/exe");
  EXPECT_EQ(self.abi, arch::native_abi());
  EXPECT_FALSE(self.script);
}

TEST_F(Inspect, FollowsScripts) {
  const std::string interpreter = directory_.write("interpreter", elf(EM_386, ELFCLASS32, ELFDATA2LSB), 0755);
  const std::string script = directory_.write("script", "#! " + interpreter + " -e\n", 0755);
  EXPECT_EQ(inspect(script).abi, Abi::kX86);
  EXPECT_TRUE(inspect(script).script);
  const std::string second = directory_.write("second", "#!" + script + "\n", 0755);
  EXPECT_EQ(inspect(second).abi, Abi::kX86);
  const std::string text = directory_.write("text", "#!" + directory_.write("plain", "text\n", 0755) + "\n", 0755);
  EXPECT_EQ(inspect(text).abi, std::nullopt);
  EXPECT_TRUE(inspect(text).script);
}

TEST_F(Inspect, EndsWhereTheKernelDoes) {
  const std::string loop = directory_.path("loop");
  directory_.write("loop", "#!" + loop + "\n", 0755);
  EXPECT_EQ(inspect(loop).abi, std::nullopt);
}

}  // namespace
}  // namespace sandbox::kernel
