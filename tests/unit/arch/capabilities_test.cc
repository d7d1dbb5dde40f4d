#include "arch/capabilities.h"

#include <gtest/gtest.h>

namespace sandbox::arch {
namespace {

using Names = std::set<std::string>;

Names names_in(std::string_view list) {
  const auto read = read_capabilities(list);
  return read ? read->names : Names{read.error().message};
}

TEST(Capabilities, AreReadByEitherName) {
  EXPECT_EQ(names_in("CAP_SYS_ADMIN,net_raw"), (Names{"CAP_SYS_ADMIN", "CAP_NET_RAW"}));
  EXPECT_EQ(names_in("none"), Names());
  EXPECT_EQ(names_in("none,Kill"), Names{"CAP_KILL"});
}

TEST(Capabilities, DockerStandsForFourteen) {
  const auto read = read_capabilities("docker");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->names.size(), 14U);
  EXPECT_EQ(read->names, Names(docker_capabilities().begin(), docker_capabilities().end()));
  for (const char* one : {"CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_CHROOT"}) EXPECT_TRUE(read->names.contains(one));
  for (const char* one : {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_NET_ADMIN", "CAP_SYS_NICE"})
    EXPECT_FALSE(read->names.contains(one));
  EXPECT_FALSE(read->own);
  EXPECT_EQ(names_in("docker,sys_ptrace").size(), 15U);
}

TEST(Capabilities, OwnIsLeftToTheCaller) {
  const auto read = read_capabilities("kill,own");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->own);
  EXPECT_EQ(read->names, Names{"CAP_KILL"});
}

TEST(Capabilities, UnknownOnesAreToldWithTheNearest) {
  EXPECT_EQ(names_in("net_rew"), Names{"unknown capability 'net_rew'; did you mean 'CAP_NET_RAW'?"});
  EXPECT_EQ(names_in("all"),
            Names{"unknown capability 'all'; expected names such as CAP_SYS_ADMIN, or none, docker or own"});
  EXPECT_EQ(names_in("kill,dokcer"), Names{"unknown capability 'dokcer'; did you mean 'docker'?"});
  EXPECT_EQ(names_in("everything"),
            Names{"unknown capability 'everything'; expected names such as CAP_SYS_ADMIN, or none, docker or own"});
  EXPECT_EQ(names_in("kill,"),
            Names{"unknown capability ''; expected names such as CAP_SYS_ADMIN, or none, docker or own"});
}

}  // namespace
}  // namespace sandbox::arch
