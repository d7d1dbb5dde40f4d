#include "arch/narrowed_arguments.h"

#include <gtest/gtest.h>

namespace sandbox::arch {
namespace {

TEST(NarrowedArguments, SayWhatACallIsFor) {
  const auto socket = narrowed_arguments(Abi::kX86_64, "socket");
  ASSERT_EQ(socket.size(), 2U);
  EXPECT_EQ(socket[0].argument, 0);
  EXPECT_EQ(socket[0].mask, 0xffffffffU);
  EXPECT_FALSE(socket[0].part);
  EXPECT_EQ(socket[1].argument, 1);
  EXPECT_EQ(socket[1].mask, 0xfU);  // The type, without SOCK_CLOEXEC.
  EXPECT_TRUE(socket[1].part);
  const auto personality = narrowed_arguments(Abi::kX86_64, "personality");
  ASSERT_EQ(personality.size(), 1U);
  EXPECT_EQ(personality[0].argument, 0);
  EXPECT_EQ(personality[0].mask, 0xffffffffU);
  EXPECT_EQ(narrowed_arguments(Abi::kX86_64, "ioctl").at(0).argument, 1);
  EXPECT_TRUE(narrowed_arguments(Abi::kX86_64, "read").empty());
}

TEST(NarrowedArguments, KnowWhereS390HasTheFlagsOfClone) {
  EXPECT_EQ(narrowed_arguments(Abi::kX86_64, "clone").at(0).argument, 0);
  EXPECT_EQ(narrowed_arguments(Abi::kS390x, "clone").at(0).argument, 1);
}

}  // namespace
}  // namespace sandbox::arch
