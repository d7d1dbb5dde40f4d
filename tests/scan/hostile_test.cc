// Files that lie about themselves: an error or a result, in bounded time and memory, never a fault.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include <elf.h>

#include "scan/scan.h"

namespace sandbox::scan {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string program(const std::string& name) {
  const char* folder = std::getenv("TEST_BIN");
  return (folder == nullptr ? std::string(".") : std::string(folder)) + "/" + name;
}

std::string scan_bytes(const std::string& bytes) {
  const std::string path = "hostile." + std::to_string(getpid());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  const auto result = scan_program(path, {});
  unlink(path.c_str());
  return result ? "scanned" : result.error().message;
}

TEST(Hostile, Messages) {
  EXPECT_EQ(scan_bytes("#!/bin/sh\n"), "is a script of '/bin/sh': scan that program");
  EXPECT_EQ(scan_bytes("text"), "is no ELF file: a scan reads machine code");
  EXPECT_EQ(scan_bytes(""), "is no ELF file: a scan reads machine code");
  std::string bytes = bytes_of(program("scan_data"));
  EXPECT_EQ(scan_bytes(bytes.substr(0, 40)), "is a damaged ELF file: its header");
  EXPECT_EQ(scan_bytes(bytes.substr(0, 80)), "is a damaged ELF file: its program headers");
  EXPECT_EQ(scan_bytes(bytes.substr(0, 4200)), "is a damaged ELF file: a segment is outside of the file");
  std::string other = bytes;
  other[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_AARCH64);
  EXPECT_EQ(scan_bytes(other), "is for another machine (ELF's number 183); x86_64 is scanned");
  other = bytes;
  other[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(scan_bytes(other), "is a 32-bit ELF file; x86_64 is scanned");
  other = bytes;
  other[offsetof(Elf64_Ehdr, e_type)] = ET_REL;
  EXPECT_EQ(scan_bytes(other), "is an ELF file, but neither a program nor a library");
  EXPECT_EQ(scan_bytes(bytes), "scanned");
  EXPECT_EQ(scan_program("/dev/zero", {}).error().message, "is no regular file");
  EXPECT_EQ(scan_program("/nonexistent", {}).error().message, "cannot be read: No such file or directory");
  // A loader that would never end.
  const std::string loader = "/lib64/ld-linux-x86-64.so.2";
  other = bytes_of(program("scan_leaves"));
  const size_t at = other.find(loader);
  ASSERT_NE(at, std::string::npos);
  other.replace(at, loader.size(), std::string("/dev/zero").append(loader.size() - 9, '\0'));
  EXPECT_EQ(scan_bytes(other), "needs /dev/zero, which is no regular file");
}

/// Bytes are changed where they matter: in headers, tables and code.
TEST(Hostile, Mutations) {
  const char* given = std::getenv("SANDBOX_RUN_TEST_SEED");
  const unsigned seed =
      given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device()();
  std::printf("SANDBOX_RUN_TEST_SEED=%u\n", seed);
  std::mt19937 random(seed);
  const auto begin = std::chrono::steady_clock::now();
  int scanned = 0;
  for (const char* name : {"scan_numbers", "scan_data_pie", "scan_user", "libscan_library.so"}) {
    const std::string bytes = bytes_of(program(name));
    ASSERT_FALSE(bytes.empty()) << name;
    for (int round = 0; round < 400; ++round) {
      std::string changed = bytes;
      const size_t reach = round % 2 == 0 ? std::min<size_t>(bytes.size(), 0x400) : bytes.size();
      for (unsigned i = 0; i <= random() % 12; ++i) {
        constexpr char kOdd[] = {0, 1, -1, 127, -128, 8, 16, 64};
        changed[random() % reach] = random() % 2 == 0 ? kOdd[random() % sizeof kOdd] : static_cast<char>(random());
      }
      if (random() % 8 == 0) changed.resize(random() % changed.size());
      scanned += scan_bytes(changed) == "scanned" ? 1 : 0;
    }
  }
  std::printf("%d of 1600 were scanned\n", scanned);
  EXPECT_GT(scanned, 100);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, std::chrono::minutes(8));
}

}  // namespace
}  // namespace sandbox::scan
