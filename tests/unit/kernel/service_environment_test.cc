#include "kernel/service_environment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sandbox::kernel {
namespace {

std::vector<std::string> changed(std::vector<std::string> entries) {
  std::vector<char*> environment;
  for (std::string& entry : entries) environment.push_back(entry.data());
  environment.push_back(nullptr);
  const ServiceEnvironment service(environment.data(), 12, 345678);
  std::vector<std::string> result;
  for (char* const* at = service.get(); *at != nullptr; ++at) result.emplace_back(*at);
  return result;
}

using Entries = std::vector<std::string>;

TEST(ServiceEnvironment, NamesTheTarget) {
  EXPECT_EQ(changed({"A=1", "LISTEN_PID=12", "WATCHDOG_PID=12", "SYSTEMD_EXEC_PID=12", "LISTEN_FDS=2"}),
            (Entries{"A=1", "LISTEN_PID=345678", "WATCHDOG_PID=345678", "SYSTEMD_EXEC_PID=345678", "LISTEN_FDS=2"}));
  EXPECT_EQ(changed({}), Entries());
}

TEST(ServiceEnvironment, LeavesWhatNamesAnother) {
  const Entries same = {
      "LISTEN_PID=123", "WATCHDOG_PID=1", "LISTEN_PID=", "LISTEN_PID", "XLISTEN_PID=12", "PID=12", ""};
  EXPECT_EQ(changed(same), same);
}

TEST(ServiceEnvironment, IsBounded) {
  Entries many(100, "LISTEN_PID=12");
  EXPECT_EQ(changed(many).size(), 100U);
  EXPECT_EQ(changed(many).front(), "LISTEN_PID=345678");
}

TEST(ServiceEnvironment, WarnsOfNotify) {
  EXPECT_EQ(notify_warning(nullptr), std::nullopt);
  EXPECT_EQ(notify_warning("/run/systemd/notify"),
            "NOTIFY_SOCKET is set, and the program runs as a child of this process: its unit needs NotifyAccess=all, "
            "or systemd ignores what it reports");
}

}  // namespace
}  // namespace sandbox::kernel
