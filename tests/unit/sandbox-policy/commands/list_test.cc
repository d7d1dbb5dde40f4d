// Which table `list` prints, and of which ABI.
#include <gtest/gtest.h>

#include "sandbox-policy/commands/commands.h"

namespace sandbox::tool {
namespace {

struct Listed {
  int status = -1;
  std::string text;
  std::string errors;
};

Listed listed(const std::string& topic, Options options = {}) {
  options.command = Command::kList;
  options.arguments = {topic};
  Output out(false, 80);
  Listed result;
  ::testing::internal::CaptureStderr();
  result.status = list(options, Log("t"), out);
  result.errors = ::testing::internal::GetCapturedStderr();
  result.text = out.text();
  return result;
}

Options on(arch::Abi machine, std::optional<arch::Abi> abi = {}) {
  Options options;
  options.machine = machine;
  options.arch = abi;
  return options;
}

TEST(List, TakesTheMachinesCallsUnlessAnAbiIsNamed) {
  EXPECT_NE(listed("syscalls", on(arch::Abi::kX86_64)).text.find("\n59   execve\n"), std::string::npos);
  EXPECT_NE(listed("syscalls", on(arch::Abi::kAarch64)).text.find("\n221  execve "), std::string::npos);
  EXPECT_NE(listed("syscalls", on(arch::Abi::kX86_64, arch::Abi::kAarch64)).text.find("\n221  execve "),
            std::string::npos);
}

TEST(List, LeavesOutWhatTheAbiDoesNotHave) {
  const std::string x86_64 = listed("sets", on(arch::Abi::kX86_64)).text;
  const std::string x86 = listed("sets", on(arch::Abi::kX86)).text;
  EXPECT_EQ(x86_64.find(" socketcall"), std::string::npos);
  EXPECT_NE(x86.find(" socketcall"), std::string::npos);
  const std::string constants = listed("constants", on(arch::Abi::kX86_64)).text;
  EXPECT_NE(constants.find("AF_PACKET"), std::string::npos);
}

TEST(List, NamesTheReleaseOfCallsThatAreNotOld) {
  const std::string calls = listed("syscalls", on(arch::Abi::kX86_64)).text;
  EXPECT_NE(calls.find("openat2                  Linux 5.6\n"), std::string::npos) << calls;
  EXPECT_NE(calls.find("  read\n"), std::string::npos);
}

TEST(List, IsTheSameAsJson) {
  Options options = on(arch::Abi::kX86_64);
  options.json = true;
  for (const char* topic : {"syscalls", "sets", "actions", "architectures", "profiles", "constants", "paths"}) {
    const Listed json = listed(topic, options);
    EXPECT_EQ(json.status, kExitGood);
    const size_t key = json.text.find("\"" + std::string(topic) + "\"");
    EXPECT_TRUE(json.text.starts_with("{") && key != std::string::npos && key < 10) << json.text.substr(0, 100);
  }
}

TEST(List, RejectsATableThatIsNotThere) {
  const Listed near = listed("syscal");
  EXPECT_EQ(near.status, kExitFailed);
  EXPECT_EQ(near.text, "");
  EXPECT_EQ(near.errors, "t: error: list: there is no table 'syscal'; did you mean 'syscalls'?\n");
}

}  // namespace
}  // namespace sandbox::tool
