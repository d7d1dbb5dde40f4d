// ELF files that lie. scan_hostile_test changes whole programs at random; here is what each check is for.
#include "scan/elf_file.h"

#include <gtest/gtest.h>

#include <functional>

#include "scan/small_program.h"

namespace sandbox::scan {
namespace {

using testing::Bytes;
using testing::kCode;

const Bytes kNothing = {0x90};

std::string message_of(const std::function<void(Elf64_Ehdr&, Elf64_Phdr&)>& change) {
  std::string bytes = testing::small_program(kNothing);
  Elf64_Ehdr header;
  Elf64_Phdr program;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::memcpy(&program, bytes.data() + sizeof header, sizeof program);
  change(header, program);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &program, sizeof program);
  const auto file = ElfFile::parse("f", bytes);
  return file ? "read" : file.error().message;
}

TEST(ElfFile, Headers) {
  const std::string kHeaders = "is a damaged ELF file: its program headers";
  const std::string kOutside = "is a damaged ELF file: a segment is outside of the file";
  EXPECT_EQ(message_of([](auto&, auto&) {}), "read");
  EXPECT_EQ(message_of([](auto& h, auto&) { h.e_phnum = 0; }), kHeaders);
  EXPECT_EQ(message_of([](auto& h, auto&) { h.e_phnum = 65535; }), kHeaders);
  EXPECT_EQ(message_of([](auto& h, auto&) { h.e_phentsize = 8; }), kHeaders);
  EXPECT_EQ(message_of([](auto& h, auto&) { h.e_phoff = UINT64_MAX - 3; }), kHeaders);
  EXPECT_EQ(message_of([](auto&, auto& p) { p.p_offset = UINT64_MAX; }), kOutside);
  EXPECT_EQ(message_of([](auto&, auto& p) { p.p_filesz = UINT64_MAX; }), kOutside);
  EXPECT_EQ(message_of([](auto&, auto& p) { p.p_memsz = 0; }), kOutside);
  EXPECT_EQ(message_of([](auto&, auto& p) { p.p_vaddr = uint64_t{1} << 40; }), kOutside);
  EXPECT_EQ(message_of([](auto&, auto& p) { p.p_flags = PF_R; }), "is an ELF file without code");
  EXPECT_EQ(message_of([](auto&, auto& p) {
              p.p_type = PT_INTERP;
              p.p_filesz = 1;
            }),
            "is a damaged ELF file: its loader's name");
  EXPECT_EQ(message_of([](auto& h, auto&) { h.e_type = ET_CORE; }),
            "is an ELF file, but neither a program nor a library");
}

TEST(ElfFile, PackedPrograms) {
  std::string bytes = testing::small_program(kNothing);
  bytes.replace(0xec, 4, "UPX!");
  EXPECT_EQ(ElfFile::parse("f", bytes).error().message, "is packed by UPX: scan what 'upx -d' makes of it");
  bytes = testing::small_program(kNothing);
  bytes.replace(0x1800, 4, "UPX!");  // Elsewhere it is a text like any other.
  EXPECT_TRUE(ElfFile::parse("f", bytes));
}

TEST(ElfFile, Memory) {
  const auto file = ElfFile::parse("f", testing::small_program({0x90, 0x90}, {'a', 0, 'b'}));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->text(testing::kData), "a");
  EXPECT_EQ(file->text(testing::kData + 2), "") << "it has no end";
  EXPECT_EQ(file->word(testing::kData, 2), 0x61U);
  EXPECT_EQ(file->word(testing::kData, 8), 0U) << "not all of it is there";
  EXPECT_TRUE(file->at(testing::kData + 3).empty());
  EXPECT_TRUE(file->at(UINT64_MAX).empty());
  EXPECT_EQ(file->segment_of(0), nullptr);
  EXPECT_TRUE(file->is_code(kCode));
  EXPECT_FALSE(file->is_code(testing::kData));
}

}  // namespace
}  // namespace sandbox::scan
