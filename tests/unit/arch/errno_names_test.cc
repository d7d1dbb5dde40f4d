#include "arch/errno_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace sandbox::arch {
namespace {

TEST(ErrnoNames, HasTheNativeNumbers) {
  EXPECT_EQ(errno_number("EPERM"), 1);
  EXPECT_EQ(errno_number("EACCES"), EACCES);
  EXPECT_EQ(errno_number("ENOSYS"), ENOSYS);
  EXPECT_EQ(errno_number("EHWPOISON"), EHWPOISON);
}

TEST(ErrnoNames, KnowsBothNamesOfOneNumber) {
  EXPECT_EQ(errno_number("EAGAIN"), EAGAIN);
  EXPECT_EQ(errno_number("EWOULDBLOCK"), EAGAIN);
  EXPECT_EQ(errno_number("EDEADLOCK"), EDEADLOCK);
  EXPECT_EQ(errno_number("ENOTSUP"), ENOTSUP);
  EXPECT_EQ(errno_number("EOPNOTSUPP"), EOPNOTSUPP);
}

TEST(ErrnoNames, IsExactAboutNames) {
  for (const char* name : {"", "eperm", "EPERM ", "EPER", "1", "0", "E", "ERESTARTSYS"}) {
    EXPECT_EQ(errno_number(name), std::nullopt) << name;
  }
}

TEST(ErrnoNames, NamesNumbers) {
  EXPECT_EQ(errno_name(1), "EPERM");
  EXPECT_EQ(errno_name(ENOSYS), "ENOSYS");
  EXPECT_EQ(errno_name(4095), "4095");
}

TEST(ErrnoNames, ListsEveryNameOnce) {
  const auto names = errno_names();
  EXPECT_GT(names.size(), 130U);
  EXPECT_EQ(names.front(), "EPERM");
  for (const std::string_view name : names) {
    ASSERT_TRUE(errno_number(name)) << name;
    EXPECT_EQ(errno_name(*errno_number(name)), name);
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
  }
}

}  // namespace
}  // namespace sandbox::arch
