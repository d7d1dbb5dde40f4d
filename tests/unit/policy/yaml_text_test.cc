#include "policy/yaml_text.h"

#include <gtest/gtest.h>

namespace sandbox::policy {
namespace {

TEST(YamlText, PlainWhereItIsSurelyAString) {
  EXPECT_EQ(yaml_scalar("openat"), "openat");
  EXPECT_EQ(yaml_scalar("_llseek"), "_llseek");
  EXPECT_EQ(yaml_scalar("rt_sigreturn"), "rt_sigreturn");
  EXPECT_EQ(yaml_scalar("SCMP_ARCH_X86_64"), "SCMP_ARCH_X86_64");
  EXPECT_EQ(yaml_scalar("my-profile.v2"), "my-profile.v2");
}

TEST(YamlText, QuotedWhereYamlWouldReadSomethingElse) {
  for (const char* text : {"@network-io", "17", "0x11", "1e3", "no",   "On",   "y",   "NULL", "~",   ".inf",
                           "nan",         "",   " a",   "a ",  "a: b", "a #b", "- a", "[a]",  "{a}", "*a",
                           "&a",          "!a", "%a",   "`a",  "|",    ">",    "?",   "a\"b", "a'b", "a\\b"}) {
    const std::string written = yaml_scalar(text);
    EXPECT_TRUE(written.starts_with('"') && written.ends_with('"') && written.size() >= 2) << written;
  }
  EXPECT_EQ(yaml_scalar("@mount"), "\"@mount\"");
  EXPECT_EQ(yaml_scalar("a\"\\\n\x7f"), "\"a\\\"\\\\\\x0A\\x7F\"");
}

}  // namespace
}  // namespace sandbox::policy
