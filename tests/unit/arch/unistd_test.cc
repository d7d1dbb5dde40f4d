// The built-in table against the kernel's own headers, for the ABI that the tests are built for.
#include <asm/unistd.h>
#include <gtest/gtest.h>

#include <string_view>

#include "arch/abi.h"
#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

struct HeaderCall {
  std::string_view name;
  uint32_t number;
};

constexpr HeaderCall kHeaderCalls[] = {
#include "unistd_table.inc"
};

TEST(Unistd, HasTheNumbersOfTheTable) {
  size_t known = 0;
  for (const HeaderCall& call : kHeaderCalls) {
    const auto number = number_of(native_abi(), call.name);
    if (!number) {
      // The headers may be newer than the table; then no other call may stand at the number.
      EXPECT_EQ(name_of(native_abi(), call.number), std::nullopt) << call.name;
      continue;
    }
    ++known;
    EXPECT_EQ(*number, call.number) << call.name;
  }
  EXPECT_GT(known, 280U);
}

}  // namespace
}  // namespace sandbox::arch
