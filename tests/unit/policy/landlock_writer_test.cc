#include "policy/landlock_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "support/policy_text.h"

namespace sandbox::policy {
namespace {

std::string written(std::string yaml) {
  testing::PolicyText text(std::move(yaml));
  const auto policy = text.read();
  EXPECT_EQ(text.problems(), "");
  return policy && policy->landlock ? write_landlock(*policy->landlock) : "no section";
}

TEST(LandlockWriter, WritesWhatIsReadBack) {
  const std::string text = R"(landlock:
  files:
  - access: [read, execute]
    paths:
    - "@system"
  - access: [write_file]
    paths:
    - /var/lib/app
    - "~/a b: c"
    - "# x"
    - .
    optional: true
  tcp: {connect: [443, 5432], bind: [0]}
  udp: {bind: []}
  scope: [signals, abstract_unix_sockets]
  best_effort: true
)";
  const std::string once = written(text);
  EXPECT_EQ(written(once), once);
  for (const char* part : {"  - access: [read, execute]\n    paths:\n    - \"@system\"\n",
                           "    optional: true\n  tcp: {connect: [443, 5432], bind: [0]}\n  udp: {bind: []}\n"
                           "  scope: [signals, abstract_unix_sockets]\n  best_effort: true\n"}) {
    EXPECT_NE(once.find(part), std::string::npos) << once;
  }
}

TEST(LandlockWriter, AnEmptyListStaysOne) {
  EXPECT_EQ(written("landlock: {files: []}\n"), "landlock:\n  files: []\n");
}

}  // namespace
}  // namespace sandbox::policy
