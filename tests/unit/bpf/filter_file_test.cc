#include "bpf/filter_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

#include "support/random.h"

namespace sandbox::bpf {
namespace {

// Where things stand in a file of version 2; sandbox-run(1), FILTER FILES.
constexpr size_t kVersionAt = 8;
constexpr size_t kReservedAt = 10;
constexpr size_t kSizeAt = 12;
constexpr size_t kFlagsAt = 24;
constexpr size_t kAbiCountAt = 32;
constexpr size_t kSiteCountAt = 34;
constexpr size_t kInstructionCountAt = 36;
constexpr size_t kNameLengthAt = 38;
constexpr size_t kMoreReservedAt = 40;
constexpr size_t kHeaderBytes = 48;

Program small_program() {
  return {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},
          {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0xc000003e},
          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
          {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 1}};
}

FilterFile sample(Program program = small_program()) {
  return {"beat.yml",
          {0xc000003e, 0},
          {{0xc000003e, 0}, {0x40000003, 0}},
          SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
          58,
          {{3, 0}, {17, 5}},
          *validate(std::move(program))};
}

/// Puts a little-endian integer in place.
void put(std::string& bytes, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

/// As a liar would write it.
std::string sealed(std::string bytes) {
  put(bytes, bytes.size() - 4, checksum(std::string_view(bytes).substr(0, bytes.size() - 4)), 4);
  return bytes;
}

std::string error_of(std::string_view bytes) {
  const auto file = read_filter_file(bytes);
  return file ? "" : file.error().message;
}

/// What is wrong with the sample with an integer at this place replaced and the checksum mended.
std::string error_with(size_t at, uint64_t value, size_t size) {
  std::string bytes = write_filter_file(sample());
  put(bytes, at, value, size);
  return error_of(sealed(std::move(bytes)));
}

bool same(const Program& one, const Program& other) {
  return one.size() == other.size() && std::memcmp(one.data(), other.data(), one.size() * sizeof one[0]) == 0;
}

TEST(FilterFile, ComesBackAsItWasWritten) {
  const FilterFile file = sample();
  const auto back = read_filter_file(write_filter_file(file));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->source, file.source);
  EXPECT_EQ(back->launcher, file.launcher);
  EXPECT_EQ(back->covered, file.covered);
  EXPECT_EQ(back->flags, file.flags);
  EXPECT_EQ(back->ranges, file.ranges);
  EXPECT_EQ(back->token_sites, file.token_sites);
  EXPECT_TRUE(same(back->program.instructions(), file.program.instructions()));
}

TEST(FilterFile, EveryFlagComesBack) {
  constexpr uint32_t kTsync = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  for (const uint32_t log : {0U, uint32_t{SECCOMP_FILTER_FLAG_LOG}}) {
    for (const uint32_t allow : {0U, uint32_t{SECCOMP_FILTER_FLAG_SPEC_ALLOW}}) {
      for (const uint32_t tsync : {0U, kTsync}) {
        FilterFile file = sample();
        file.flags = log | allow | tsync;
        EXPECT_EQ(read_filter_file(write_filter_file(file))->flags, file.flags);
      }
    }
  }
}

TEST(FilterFile, TheLargestComesBack) {
  Program program(kMaxInstructions - 1, {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0});
  program.push_back({BPF_RET | BPF_K, 0, 0, 0});
  FilterFile file = sample(program);
  file.source = std::string(kMaxSourceName, 'n');
  file.token_sites.assign(kMaxInstructions, {4095, 5});
  file.covered.assign(64, {1, 2});
  const std::string bytes = write_filter_file(file);
  EXPECT_EQ(bytes.size(), kMaxFilterFileBytes);
  const auto back = read_filter_file(bytes);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_TRUE(same(back->program.instructions(), program));
  EXPECT_EQ(back->source, file.source);
}

TEST(FilterFile, HasThisLayout) {
  FilterFile file = sample({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}});
  file.covered.resize(1);
  file.token_sites.resize(1);
  const unsigned char expected[] = {
      0x89, 'S', 'B', 'F',  '\r', '\n', 0x1a, '\n',  // magic
      2,    0,   0,   0,    84,   0,    0,    0,     // version, reserved, size
      0x3e, 0,   0,   0xc0, 0,    0,    0,    0,     // launcher
      5,    0,   0,   0,    58,   0,    0,    0,     // flags, ranges
      1,    0,   1,   0,    1,    0,    8,    0,     // counts: ABIs, sites, instructions, name
      0,    0,   0,   0,    0,    0,    0,    0,     // reserved
      0x3e, 0,   0,   0xc0, 0,    0,    0,    0,     // an ABI
      3,    0,   0,   0,                             // a site
      0x06, 0,   0,   0,    0,    0,    0xff, 0x7f,  // an instruction
      'b',  'e', 'a', 't',  '.',  'y',  'm',  'l',   // the name
      0xff, 'S', 'B', 'F'};                          // the end mark
  const std::string bytes = write_filter_file(file);
  const std::string start(reinterpret_cast<const char*>(expected), sizeof expected);
  EXPECT_EQ(bytes.substr(0, sizeof expected), start);
  EXPECT_EQ(bytes.size(), sizeof expected + 4);
}

TEST(FilterFile, TheChecksumIsCrc32) {
  EXPECT_EQ(checksum("123456789"), 0xCBF43926U);  // The check value in every catalogue of them.
  EXPECT_EQ(checksum(""), 0U);
}

TEST(FilterFile, EveryFlippedBitIsFound) {
  const std::string bytes = write_filter_file(sample());
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(read_filter_file(changed).ok()) << "bit " << bit % 8 << " of byte " << bit / 8;
    ASSERT_TRUE(claims_to_be_filter_file(changed)) << "bit " << bit % 8 << " of byte " << bit / 8;
  }
}

TEST(FilterFile, EveryOtherByteIsFound) {
  const std::string bytes = write_filter_file(sample());
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      ASSERT_EQ(read_filter_file(changed).ok(), changed == bytes) << value << " as byte " << at;
    }
  }
}

TEST(FilterFile, EveryBurstOf32BitsIsFound) {
  testing::Random random(testing::test_seed());
  const std::string bytes = write_filter_file(sample());
  for (int i = 0; i < 50000; ++i) {
    std::string changed = bytes;
    const size_t first = random.below(8 * bytes.size() - 32);
    const uint64_t burst = random.bits() & UINT32_MAX;
    for (size_t bit = 0; bit < 32; ++bit) {
      const size_t at = first + bit;
      if ((burst >> bit & 1U) != 0) changed[at / 8] = static_cast<char>(changed[at / 8] ^ (1 << (at % 8)));
    }
    ASSERT_EQ(read_filter_file(changed).ok(), changed == bytes) << burst << " from bit " << first;
  }
}

TEST(FilterFile, EveryOtherLengthIsFound) {
  const std::string bytes = write_filter_file(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(read_filter_file(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  for (size_t more = 1; more < 40; ++more) {
    ASSERT_FALSE(read_filter_file(bytes + std::string(more, '\0')).ok()) << more;
    ASSERT_FALSE(read_filter_file(bytes + bytes.substr(0, more)).ok()) << more;
  }
  ASSERT_FALSE(read_filter_file(bytes + bytes).ok());
}

TEST(FilterFile, SaysWhatHappenedToIt) {
  const std::string bytes = write_filter_file(sample());
  const std::string size = std::to_string(bytes.size());
  std::string changed = bytes;
  changed[60] ^= 1;
  EXPECT_EQ(error_of(changed), "is a damaged filter file: its checksum does not match");
  changed = bytes;
  changed[5] = ' ';
  EXPECT_EQ(error_of(changed), "is a damaged filter file: its first eight bytes are others");
  changed = bytes;
  changed[bytes.size() - 6] = 'x';
  EXPECT_EQ(error_of(changed), "is a damaged filter file: its end mark is missing");
  EXPECT_EQ(error_of(bytes.substr(0, 20)),
            "is a damaged filter file: it has 20 bytes, and the header alone takes more");
  EXPECT_EQ(error_of(bytes.substr(0, 100)), "is a damaged filter file: it is cut short, to 100 bytes of " + size);
  EXPECT_EQ(error_of(bytes + "x"),
            "is a damaged filter file: its header says " + size + " bytes, found " + std::to_string(bytes.size() + 1));
}

// ---- Lies, with the right checksum ----

TEST(FilterFile, OtherVersionsAreRefused) {
  EXPECT_EQ(error_with(kVersionAt, 1, 2), "has version 1 of the filter format, expected 2: compile the policy again");
  EXPECT_EQ(error_with(kVersionAt, 0, 2), "has version 0 of the filter format, expected 2: compile the policy again");
}

TEST(FilterFile, FieldsInReserveAreZero) {
  for (const size_t at : {kReservedAt, kMoreReservedAt, kMoreReservedAt + 2, kMoreReservedAt + 6}) {
    EXPECT_EQ(error_with(at, 1, 2), "is a damaged filter file: reserved fields of its header are in use") << at;
    EXPECT_EQ(error_with(at, 0x8000, 2), "is a damaged filter file: reserved fields of its header are in use") << at;
  }
}

TEST(FilterFile, UnknownFlagsAreRefused) {
  EXPECT_EQ(error_with(kFlagsAt, 8, 4), "asks for flags that are not known (8)");
  EXPECT_EQ(error_with(kFlagsAt, 0x80000001, 4), "asks for flags that are not known (2147483648)");
}

TEST(FilterFile, CountsThatDoNotFitAreRefused) {
  constexpr const char* kMessage = "is a damaged filter file: its size is not that which its header comes to";
  for (const size_t at : {kAbiCountAt, kSiteCountAt, kInstructionCountAt, kNameLengthAt}) {
    for (const uint64_t value : {0, 1, 3, 5, 255, 4096, 4097, 32768, 65535}) {
      const uint64_t right = at == kNameLengthAt ? 8 : at == kInstructionCountAt ? 4 : 2;
      if (value == right) continue;
      EXPECT_EQ(error_with(at, value, 2), kMessage) << at << ": " << value;
    }
  }
  EXPECT_EQ(error_with(kSizeAt, UINT32_MAX, 4),
            "is a damaged filter file: it is cut short, to 120 bytes of 4294967295");
}

TEST(FilterFile, CountsThatOnlyTogetherFitGiveOtherContents) {
  // Two sites fewer and an instruction more: the size is right. What was a site is now read as part of an instruction.
  std::string bytes = write_filter_file(sample());
  put(bytes, kSiteCountAt, 0, 2);
  put(bytes, kInstructionCountAt, 5, 2);
  EXPECT_EQ(error_of(sealed(bytes)), "instruction 0: there are 16 scratch words only");
  // No program at all, and its bytes as a name.
  bytes = write_filter_file(sample());
  put(bytes, kInstructionCountAt, 0, 2);
  put(bytes, kNameLengthAt, 40, 2);
  EXPECT_EQ(error_of(sealed(bytes)), "is a damaged filter file: the name of its source is not printable");
}

TEST(FilterFile, AProgramThatTheKernelWouldRefuseIsRefused) {
  const size_t program_at = kHeaderBytes + 2 * 8 + 2 * 4;
  EXPECT_EQ(error_with(program_at, 0xff, 2), "instruction 0: the code is not one that seccomp allows");
  EXPECT_EQ(error_with(program_at + 4, 64, 4), "instruction 0: the load is outside struct seccomp_data");
  EXPECT_EQ(error_with(program_at + 8 + 3, 2, 1), "instruction 1: the jump leaves the program");
  EXPECT_EQ(error_with(program_at + 24, 0, 2), "instruction 3: the last instruction is not a return");
  FilterFile empty = sample();
  std::string bytes = write_filter_file(empty);
  bytes.erase(program_at, 32);
  put(bytes, kInstructionCountAt, 0, 2);
  put(bytes, kSizeAt, bytes.size(), 4);
  EXPECT_EQ(error_of(sealed(bytes)), "instruction 0: the program is empty");
}

TEST(FilterFile, ANameIsPrintable) {
  for (const char* name : {"a\nb", "a\x1b[31m", "\xff", "a\tb"}) {
    FilterFile file = sample();
    file.source = name;
    EXPECT_EQ(error_of(write_filter_file(file)), "is a damaged filter file: the name of its source is not printable");
  }
  FilterFile file = sample();
  file.source = "b\xc3\xa4r.yml";
  EXPECT_EQ(read_filter_file(write_filter_file(file))->source, file.source);
  file.source = "";
  EXPECT_EQ(read_filter_file(write_filter_file(file))->source, "");
}

// ---- Our files and raw BPF are never taken for each other ----

TEST(FilterFile, NoInstructionBeginsOrEndsOne) {
  for (uint32_t code = 0; code <= UINT8_MAX; ++code) {
    for (const bool big : {false, true}) {
      std::string instruction(8, '\0');
      instruction[big ? 1 : 0] = static_cast<char>(code);
      EXPECT_FALSE(claims_to_be_filter_file(instruction + std::string(64, 'x'))) << code;
      EXPECT_FALSE(claims_to_be_filter_file(std::string(64, 'x') + instruction)) << code;
    }
  }
}

TEST(FilterFile, ItsEndsAreNoInstructions) {
  const std::string bytes = write_filter_file(sample());
  for (const size_t at : {size_t{0}, bytes.size() - 8}) {
    for (const bool big : {false, true}) {
      const auto low = static_cast<unsigned char>(bytes[at + (big ? 1 : 0)]);
      const auto high = static_cast<unsigned char>(bytes[at + (big ? 0 : 1)]);
      const auto code = static_cast<uint16_t>(low | high << 8U);
      const auto program = validate({{code, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 0}});
      EXPECT_EQ(program.error().message, "the code is not one that seccomp allows");
    }
  }
}

TEST(FilterFile, AFileDamagedAtOneEndStillClaimsToBeOne) {
  const std::string bytes = write_filter_file(sample());
  for (size_t length = 1; length + 8 <= bytes.size(); ++length) {
    EXPECT_TRUE(claims_to_be_filter_file(std::string(length, '\6') + bytes.substr(length))) << length;
    EXPECT_TRUE(claims_to_be_filter_file(bytes.substr(0, bytes.size() - length) + std::string(length, '\6'))) << length;
  }
}

}  // namespace
}  // namespace sandbox::bpf
