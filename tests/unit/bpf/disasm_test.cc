#include "bpf/disasm.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace sandbox::bpf {
namespace {

TEST(Disassemble, ShowsAFilter) {
  const Program program = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 4},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0xC000003E},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
      {BPF_JMP | BPF_JGE | BPF_K, 4, 0, 59},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 28},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xFF},
      {BPF_JMP | BPF_JSET | BPF_K, 0, 2, 0x10},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 38},
      {BPF_JMP | BPF_JA, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  EXPECT_EQ(disassemble(program),
            "   0  ld   arch\n"
            "   1  jeq  0xc000003e  then 3 else 2\n"
            "   2  ret  kill_process\n"
            "   3  ld   number\n"
            "   4  jge  0x3b        then 9 else 5\n"
            "   5  ld   args[1]+4\n"
            "   6  and  0xff\n"
            "   7  jset 0x10        then 8 else 10\n"
            "   8  ret  errno 38\n"
            "   9  ja   10\n"
            "  10  ret  allow\n");
}

TEST(Disassemble, ShowsEveryOtherInstruction) {
  const Program program = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 12},
      {BPF_LD | BPF_IMM, 0, 0, 255},
      {BPF_LDX | BPF_IMM, 0, 0, 1},
      {BPF_LD | BPF_MEM, 0, 0, 3},
      {BPF_LDX | BPF_MEM, 0, 0, 15},
      {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
      {BPF_LDX | BPF_W | BPF_LEN, 0, 0, 0},
      {BPF_ST, 0, 0, 3},
      {BPF_STX, 0, 0, 4},
      {BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1},
      {BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0},
      {BPF_ALU | BPF_MUL | BPF_K, 0, 0, 2},
      {BPF_ALU | BPF_DIV | BPF_X, 0, 0, 0},
      {BPF_ALU | BPF_OR | BPF_X, 0, 0, 0},
      {BPF_ALU | BPF_XOR | BPF_K, 0, 0, 3},
      {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 4},
      {BPF_ALU | BPF_RSH | BPF_X, 0, 0, 0},
      {BPF_ALU | BPF_NEG, 0, 0, 0},
      {BPF_MISC | BPF_TAX, 0, 0, 0},
      {BPF_MISC | BPF_TXA, 0, 0, 0},
      {BPF_JMP | BPF_JGT | BPF_X, 1, 0, 0},
      {BPF_RET | BPF_A, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 0},
  };
  EXPECT_EQ(disassemble(program),
            "   0  ld   instruction_pointer+4\n"
            "   1  ld   0xff\n"
            "   2  ldx  0x1\n"
            "   3  ld   M[3]\n"
            "   4  ldx  M[15]\n"
            "   5  ld   len\n"
            "   6  ldx  len\n"
            "   7  st   M[3]\n"
            "   8  stx  M[4]\n"
            "   9  add  0x1\n"
            "  10  sub  x\n"
            "  11  mul  0x2\n"
            "  12  div  x\n"
            "  13  or   x\n"
            "  14  xor  0x3\n"
            "  15  lsh  0x4\n"
            "  16  rsh  x\n"
            "  17  neg\n"
            "  18  tax\n"
            "  19  txa\n"
            "  20  jgt  x           then 22 else 21\n"
            "  21  ret  a\n"
            "  22  ret  kill_thread\n");
}

TEST(Disassemble, NamesEveryAction) {
  const auto text = [](uint32_t value) { return disassemble({{BPF_RET | BPF_K, 0, 0, value}}); };
  EXPECT_EQ(text(SECCOMP_RET_ALLOW), "   0  ret  allow\n");
  EXPECT_EQ(text(SECCOMP_RET_LOG), "   0  ret  log\n");
  EXPECT_EQ(text(SECCOMP_RET_TRACE | 7), "   0  ret  trace 7\n");
  EXPECT_EQ(text(SECCOMP_RET_USER_NOTIF), "   0  ret  user_notif\n");
  EXPECT_EQ(text(SECCOMP_RET_ERRNO | 4095), "   0  ret  errno 4095\n");
  EXPECT_EQ(text(SECCOMP_RET_TRAP | 1), "   0  ret  trap 1\n");
  EXPECT_EQ(text(SECCOMP_RET_KILL_THREAD), "   0  ret  kill_thread\n");
  EXPECT_EQ(text(SECCOMP_RET_KILL_PROCESS), "   0  ret  kill_process\n");
  EXPECT_EQ(text(0x12340001), "   0  ret  0x12340001\n");
}

TEST(Disassemble, IsEmptyForAnEmptyProgram) {
  EXPECT_EQ(disassemble({}), "");
}

}  // namespace
}  // namespace sandbox::bpf
