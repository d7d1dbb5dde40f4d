#include "policy/oci_writer.h"

#include <gtest/gtest.h>

namespace sandbox::policy {
namespace {

TEST(OciWriter, EmptyProfile) {
  OciProfile profile;
  profile.default_action = Action::kKillThread;
  profile.architectures = {arch::Abi::kMipsel64n32, arch::Abi::kPpc64le};
  EXPECT_EQ(
      write_oci(profile),
      "{\n\t\"defaultAction\": \"SCMP_ACT_KILL_THREAD\",\n\t\"architectures\": [\n\t\t\"SCMP_ARCH_MIPSEL64N32\",\n"
      "\t\t\"SCMP_ARCH_PPC64LE\"\n\t],\n\t\"syscalls\": []\n}\n");
}

TEST(OciWriter, TextIsEscaped) {
  OciProfile profile;
  profile.default_error = 38;
  profile.rules = {{{"a\"b\\c\n"}, Action::kTrace, 0, {{5, Operation::kGreaterOrEqual, UINT64_MAX, 0}}}};
  const std::string text = write_oci(profile);
  EXPECT_NE(text.find("\"a\\\"b\\\\c\\n\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"defaultErrnoRet\": 38"), std::string::npos) << text;
  EXPECT_NE(text.find("{\"index\": 5, \"value\": 18446744073709551615, \"valueTwo\": 0, \"op\": \"SCMP_CMP_GE\"}"),
            std::string::npos)
      << text;
}

TEST(OciWriter, NamesThatKubernetesTakes) {
  const OciProfile profile;
  const auto name = [&](std::string_view written) {
    const std::string text = write_seccomp_profile(profile, written);
    const size_t begin = text.find("  name: ") + 8;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(name("Default_Policy"), "default-policy");
  EXPECT_EQ(name("--a..b--"), "a.b");
  EXPECT_EQ(name("///"), "profile");
  EXPECT_EQ(name("17"), "\"17\"");
  EXPECT_EQ(name(std::string(400, 'a')), std::string(253, 'a'));
}

}  // namespace
}  // namespace sandbox::policy
