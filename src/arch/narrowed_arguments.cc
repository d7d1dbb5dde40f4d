#include "arch/narrowed_arguments.h"

#include "arch/abi_set.h"
#include "arch/argument_widths.h"

namespace sandbox::arch {
namespace {

struct Narrowing {
  std::string_view call;
  uint8_t argument;
  uint64_t part = 0;  ///< 0: the whole argument.
};

/// SOCK_CLOEXEC and SOCK_NONBLOCK stand above the type (SOCK_TYPE_MASK in include/linux/net.h); a program that sets
/// them does the same. ipc has a version of its interface above the call.
constexpr Narrowing kNarrowings[] = {
    {"clone", 0}, {"fcntl", 1},  {"fcntl64", 1},     {"ioctl", 1},      {"ipc", 0, 0xffff}, {"personality", 0},
    {"prctl", 0}, {"socket", 0}, {"socket", 1, 0xf}, {"socketcall", 0}, {"socketpair", 0},  {"socketpair", 1, 0xf},
};

}  // namespace

std::vector<NarrowedArgument> narrowed_arguments(Abi abi, std::string_view call) {
  std::vector<NarrowedArgument> narrowed;
  for (const Narrowing& row : kNarrowings) {
    if (row.call != call) continue;
    NarrowedArgument argument;
    argument.argument = row.argument;
    // clone(2): on s390 the stack comes first.
    if (call == "clone" && kEveryS390.contains(abi)) argument.argument = 1;
    const uint64_t read = UINT64_MAX >> (64U - argument_width(abi, call, argument.argument));
    argument.part = row.part != 0;
    argument.mask = argument.part ? row.part : read;
    narrowed.push_back(argument);
  }
  return narrowed;
}

}  // namespace sandbox::arch
