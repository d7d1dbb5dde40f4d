// Calls, arguments and answers as the commands read and print them.
#include "sandbox-policy/describe.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include "support/policy_input.h"

namespace sandbox::tool {
namespace {

using arch::Abi;

/// The value, or the error.
std::string argument(std::string_view text, Abi abi = Abi::kX86_64) {
  const auto value = read_argument(text, abi);
  return value ? number_text(*value) : value.error();
}

std::string call(std::string_view text, Abi abi = Abi::kX86_64) {
  const auto number = read_call(text, abi);
  return number ? number_text(*number) : number.error();
}

TEST(ReadArgument, TakesNumbersAndConstants) {
  EXPECT_EQ(argument("7"), "7");
  EXPECT_EQ(argument("0x10"), "0x10");
  EXPECT_EQ(argument("0o17"), "0xf");
  EXPECT_EQ(argument("-100"), "0xffffffffffffff9c");
  EXPECT_EQ(argument("-100", Abi::kX86), "0xffffff9c");
  EXPECT_EQ(argument("AF_PACKET"), "0x11");
  EXPECT_EQ(argument("O_WRONLY|O_CREAT"), "0x41");
  EXPECT_EQ(argument("18446744073709551615"), "0xffffffffffffffff");
}

TEST(ReadArgument, TakesNothingElse) {
  EXPECT_EQ(argument("18446744073709551616"), "'18446744073709551616' is not an integer of at most 64 bits");
  EXPECT_EQ(argument("1x"), "'1x' is not an integer of at most 64 bits");
  EXPECT_EQ(argument("0x"), "'0x' is not an integer of at most 64 bits");
  EXPECT_EQ(argument(""), "unknown constant ''");
  EXPECT_EQ(argument("AF_PACKE"), "unknown constant 'AF_PACKE'; did you mean 'AF_PACKET'?");
  EXPECT_EQ(argument("AF_PACKET|"), "unknown constant ''");
  EXPECT_EQ(argument("0x100000000", Abi::kX86), "'0x100000000' does not fit in the 32 bits of an argument on x86");
}

TEST(ReadCall, TakesANameOrANumberOfTheAbi) {
  EXPECT_EQ(call("openat"), "0x101");
  EXPECT_EQ(call("openat", Abi::kX86), "0x127");
  EXPECT_EQ(call("4711"), "0x1267");
  EXPECT_EQ(call("-1"), "0xffffffff");
  EXPECT_EQ(call("-2"), "'-2' is not a number that a call can have");
  EXPECT_EQ(call("4294967296"), "'4294967296' is not a number that a call can have");
  EXPECT_EQ(call("@network-io"), "expected one call, found the set '@network-io'");
  EXPECT_EQ(call("opne"), "unknown system call 'opne' on x86_64; did you mean 'open'?");
  EXPECT_EQ(call("socketcall"), "no system call 'socketcall' on x86_64");
  EXPECT_EQ(call("semop", Abi::kS390x), "system call 'semop' has no number on s390x; ask for 'ipc 1'");
}

TEST(ReturnText, TellsWhatTheKernelDoes) {
  EXPECT_EQ(return_text(SECCOMP_RET_ALLOW, Abi::kX86_64), "allow");
  EXPECT_EQ(return_text(SECCOMP_RET_ERRNO | 1, Abi::kX86_64), "errno EPERM");
  EXPECT_EQ(return_text(SECCOMP_RET_ERRNO, Abi::kX86_64), "errno 0 (looks done)");
  EXPECT_EQ(return_text(SECCOMP_RET_USER_NOTIF, Abi::kX86_64), "user_notif");
  EXPECT_EQ(return_text(SECCOMP_RET_TRACE | 7, Abi::kX86_64), "trace 7");
  EXPECT_EQ(return_text(0x12340000, Abi::kX86_64), "0x12340000 (kills the process)");
}

TEST(CallWithArguments, LeavesOutTheZerosAtTheEnd) {
  const bpf::SystemCall made = {.number = 41, .arch = 0, .args = {16, 0, 3}, .instruction_pointer = 0};
  EXPECT_EQ(call_with_arguments(made, Abi::kX86_64), "socket(AF_NETLINK, 0, 3)");
  EXPECT_EQ(call_with_arguments(made, Abi::kX86_64, 4), "socket(AF_NETLINK, 0, 3, 0)");
  EXPECT_EQ(call_with_arguments(made, Abi::kX86_64, 0, ArgumentStyle::kNumbers), "socket(0x10, 0, 3)");
  EXPECT_EQ(call_with_arguments({.number = 39}, Abi::kX86_64), "getpid()");
}

TEST(ChainOf, EndsWhereTheAnswerIsTheSameWhateverTheArguments) {
  const Input input = testing::policy_input(R"(seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names_with_args:
    - {name: socket, arguments: [{argument: 0, operation: Equal, value: 16}]}
  - action: allow
    names_with_args:
    - {name: socket, arguments: [{argument: 0, operation: Equal, value: 17}]}
    names: [brk]
)");
  const resolve::RuleSet& rules = input.rules.front();
  const CallChain socket = chain_of(rules, 41);
  ASSERT_EQ(socket.cases.size(), 1U) << "the second case gets what is got otherwise";
  EXPECT_EQ(line_of(*socket.cases.front(), *input.policy), 6U);
  EXPECT_EQ(socket.last, nullptr);
  EXPECT_EQ(origin_text(socket.last, *input.policy), "default");
  EXPECT_EQ(origin_text(chain_of(rules, 12).last, *input.policy), "line 10");
}

}  // namespace
}  // namespace sandbox::tool
