// Numbers, followed backwards through a few instructions.
#include <gtest/gtest.h>

#include "scan/small_program.h"

namespace sandbox::testing {
namespace {

const Bytes kSyscall = {0x0f, 0x05};

TEST(ScanValues, Constants) {
  EXPECT_EQ(calls_of(Bytes{0xb8, 39, 0, 0, 0} + kSyscall), "getpid");
  EXPECT_EQ(calls_of(Bytes{0x31, 0xc0, 0xb0, 39} + kSyscall), "getpid");                            // xor; mov $39, %al
  EXPECT_EQ(calls_of(Bytes{0x6a, 39, 0x58} + kSyscall), "getpid");                                  // push; pop
  EXPECT_EQ(calls_of(Bytes{0xb8, 40, 0, 0, 0, 0xff, 0xc8} + kSyscall), "getpid");                   // dec
  EXPECT_EQ(calls_of(Bytes{0xb8, 30, 0, 0, 0, 0x83, 0xc0, 9} + kSyscall), "getpid");                // add
  EXPECT_EQ(calls_of(Bytes{0xb8, 0xd8, 0xff, 0xff, 0xff, 0x83, 0xf0, 0xff} + kSyscall), "getpid");  // xor $-1
  EXPECT_EQ(calls_of(Bytes{0x31, 0xc9, 0x8d, 0x41, 39} + kSyscall), "getpid");                      // lea 39(%rcx)
}

TEST(ScanValues, WhatIsNotFollowedIsTold) {
  EXPECT_EQ(calls_of(Bytes{0x0f, 0xaf, 0xc1} + kSyscall), "?");   // imul
  EXPECT_EQ(calls_of(Bytes{0xb4, 1} + kSyscall), "?");            // %ah
  EXPECT_EQ(calls_of(Bytes{0x66, 0xb8, 39, 0} + kSyscall), "?");  // Its upper half is not known.
  EXPECT_EQ(calls_of(Bytes{0x64, 0x8b, 0x04, 0x25, 0, 0, 0, 0} + kSyscall), "?");
  EXPECT_EQ(calls_of(kSyscall), "?");
}

TEST(ScanValues, BothWaysOfABranch) {
  // mov $39; test %edi; je 1f; mov $102; 1: syscall
  const Bytes both = {0xb8, 39, 0, 0, 0, 0x85, 0xff, 0x74, 5, 0xb8, 102, 0, 0, 0};
  EXPECT_EQ(calls_of(both + kSyscall), "getpid getuid");
  // cmp $39, %eax; jne 1f; syscall; 1: Only what it was compared with goes on.
  EXPECT_EQ(calls_of(Bytes{0x83, 0xf8, 39, 0x75, 2} + kSyscall), "getpid");
}

TEST(ScanValues, Variables) {
  const Bytes load = {0x8b, 0x04, 0x25, 0x00, 0x20, 0x40, 0};  // mov kData, %eax
  EXPECT_EQ(calls_of(load + kSyscall, little_endian(39, 8)), "getpid ?") << "it is stored to by nobody, but could be";
  // mov offset(%rip), %eax, and a store of 102 in front of it.
  const Bytes store = Bytes{0xc7, 0x05} + little_endian(kData - (kCode + 10), 4) + little_endian(102, 4);
  const Bytes relative = Bytes{0x8b, 0x05} + little_endian(kData - (kCode + 16), 4);
  EXPECT_EQ(calls_of(store + relative + kSyscall, little_endian(39, 8)), "getpid getuid");
  // Its address is known to others.
  const Bytes taken = Bytes{0x48, 0x8d, 0x3d} + little_endian(kData - (kCode + 7), 4);
  const Bytes behind = Bytes{0x8b, 0x05} + little_endian(kData - (kCode + 13), 4);
  EXPECT_EQ(calls_of(taken + behind + kSyscall, little_endian(39, 8)), "getpid ?");
}

TEST(ScanValues, VsyscallsAndInt80) {
  EXPECT_EQ(calls_of({0x48, 0xc7, 0xc0, 0, 4, 0x60, 0xff, 0xff, 0xd0}), "time");
  EXPECT_EQ(calls_of({0x48, 0xc7, 0xc0, 0, 0, 0x60, 0xff, 0xff, 0xd0}), "gettimeofday");
  EXPECT_EQ(calls_of({0x48, 0xc7, 0xc0, 0, 8, 0x60, 0xff, 0xff, 0xd0}), "getcpu");
  EXPECT_EQ(calls_of({0xb8, 20, 0, 0, 0, 0xcd, 0x80}), "getpid");
}

}  // namespace
}  // namespace sandbox::testing
