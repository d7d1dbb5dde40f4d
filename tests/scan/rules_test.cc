// Rules that were read out of a library's source, and the loader's list of libraries.
#include <gtest/gtest.h>

#include <vector>

#include "scan/library_search.h"
#include "scan/named_rules.h"

namespace sandbox::scan {
namespace {

std::vector<Instruction> decoded(const std::vector<uint8_t>& code) {
  std::vector<Instruction> instructions;
  for (size_t at = 0; at < code.size();) {
    const auto instruction = decode(std::span(code).subspan(at), at);
    if (!instruction) return {};
    instructions.push_back(*instruction);
    at += instruction->length;
  }
  return instructions;
}

ElfFile libc() {
  ElfFile file;
  file.soname = "libc.so.6";
  return file;
}

// As in Debian 12's libc: mov 0x20(%r14),%rdx; mov %rbp,%rcx; or (%r14),%edx.
TEST(FlagsInPlaceOfClone3, AreThoseOfGlibcsOwnCallers) {
  const auto stretch = decoded({0x49, 0x8b, 0x56, 0x20, 0x48, 0x89, 0xe9, 0x41, 0x0b, 0x16});
  ASSERT_EQ(stretch.size(), 3U);
  const auto flags = flags_in_place_of_clone3(libc(), stretch);
  EXPECT_EQ(std::vector<uint32_t>(flags.begin(), flags.end()), (std::vector<uint32_t>{0x3d0f00, 0x4111, 0x5111}));
  EXPECT_TRUE(flags_in_place_of_clone3(ElfFile(), stretch).empty());  // Another library.
  EXPECT_TRUE(flags_in_place_of_clone3(libc(), std::span(stretch).first(2)).empty());
  EXPECT_TRUE(flags_in_place_of_clone3(libc(), {}).empty());
}

TEST(FlagsInPlaceOfClone3, AreNotThoseOfAnotherStructure) {
  // mov 0x18(%r14),%rdx; or (%r14),%edx
  EXPECT_TRUE(flags_in_place_of_clone3(libc(), decoded({0x49, 0x8b, 0x56, 0x18, 0x41, 0x0b, 0x16})).empty());
  // mov 0x20(%rbx),%rdx; or (%r14),%edx
  EXPECT_TRUE(flags_in_place_of_clone3(libc(), decoded({0x48, 0x8b, 0x53, 0x20, 0x41, 0x0b, 0x16})).empty());
  // mov 0x20(%r14),%rdx; or 8(%r14),%edx
  EXPECT_TRUE(flags_in_place_of_clone3(libc(), decoded({0x49, 0x8b, 0x56, 0x20, 0x41, 0x0b, 0x56, 0x08})).empty());
  // mov 0x20(%r14),%rdx; and (%r14),%edx
  EXPECT_TRUE(flags_in_place_of_clone3(libc(), decoded({0x49, 0x8b, 0x56, 0x20, 0x41, 0x23, 0x16})).empty());
}

TEST(PreloadedNames, AreSeparatedBySpacesAndColons) {
  EXPECT_EQ(preloaded_names("a.so b.so:/c/d.so\n# x.so\n\te.so # f.so\n"),
            (std::vector<std::string>{"a.so", "b.so", "/c/d.so", "e.so"}));
  EXPECT_TRUE(preloaded_names("").empty());
}

}  // namespace
}  // namespace sandbox::scan
