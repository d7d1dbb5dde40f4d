// All that lint() says of policies that people use: each line has to be one that their authors would agree with.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "arch/capabilities.h"
#include "support/lint_text.h"

namespace sandbox::resolve {
namespace {

using testing::lint_text;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// How many warnings of each file in policies/ its own exceptions are for. The reasons stand beside them.
const std::map<std::string, size_t> kExceptions = {
    // Seen: under this list a `sleep 3` that is stopped and continued ends with "cannot read realtime clock: Operation
    // not permitted".
    {"beats-amd64", 2},
    // The list is older than clone3: prometheus-node-exporter dies at once with "pthread_create failed". Seen: under
    // the list as it was in 2018, the same program of Debian 13 dies with "eventfd failed", too.
    {"beats-amd64-2018", 3},
    // 32-bit x86 returns by sigreturn from handlers that were set with signal(3). Go has none, but cgo may; and cgo
    // calls what glibc does.
    {"beats-386", 3},
    // fork(3) of glibc and musl is clone(SIGCHLD): denying fork and vfork prevents no process.
    {"beats-arm", 1},
    {"beats-example", 1},
    // Tracers are what it is for.
    {"developer", 2},
    // It has Docker's answers, as they are.
    {"docker", 2},
};

/// Nothing is said of a file that is shipped but what the file itself gives a reason for: `check --strict` passes.
TEST(LintProfiles, ShippedPolicies) {
  size_t seen = 0;
  size_t with_exceptions = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SANDBOX_RUN_POLICIES)) {
    if (entry.path().extension() != ".yml") continue;
    const auto expected = kExceptions.find(entry.path().stem().string());
    size_t exceptions = 0;
    EXPECT_EQ(lint_text(text_of(entry.path()), {}, &exceptions), "") << entry.path();
    EXPECT_EQ(exceptions, expected == kExceptions.end() ? 0 : expected->second) << entry.path();
    with_exceptions += expected != kExceptions.end() ? 1 : 0;
    ++seen;
  }
  EXPECT_GE(seen, 27U);
  EXPECT_EQ(with_exceptions, kExceptions.size());
}

/// What is said of a container profile, if it is the version that is known here. `capabilities`: all, or none.
void expect_of_profile(const std::string& path, uintmax_t size, bool capabilities, const std::string& expected) {
  policy::Environment environment;
  environment.kernel = {6, 1};
  if (capabilities) {
    environment.capabilities = [] {
      policy::Capabilities all;
      for (const std::string_view name : arch::capability_names()) all.emplace(name);
      return all;
    };
  }
  ASSERT_EQ(std::filesystem::file_size(path), size) << "another version of " << path << ": look what is said of it";
  EXPECT_EQ(lint_text(text_of(path), environment), expected);
}

constexpr const char* kOpensProcesses =
    " is allowed: with it a program takes over other processes of its user [opens-processes]\n";

// Containers have a namespace of processes of their own, and their programs may trace one another. 38 and 40 (AF_ALG
// and AF_VSOCK) are denied to socket alone; 32-bit code reaches both through socketcall. The authors know: the profile
// was narrowed because of holes in these families.
TEST(LintProfiles, DockersDefault) {
  const char* path = std::getenv("SANDBOX_RUN_DOCKER_PROFILE");
  if (path == nullptr) GTEST_SKIP() << "SANDBOX_RUN_DOCKER_PROFILE does not name Docker's default profile";
  for (const bool capabilities : {false, true}) {
    expect_of_profile(
        path, 13470, capabilities,
        std::string("431:5: 'process_vm_writev'") + kOpensProcesses + "432:5: 'ptrace'" + kOpensProcesses +
            "441:5: the conditions on 'socket' do not hold for 'socketcall', which is allowed and makes the "
            "same call with its arguments in memory; deny 'socketcall', if no program needs it (x86) "
            "[multiplexer-open]\n");
  }
}

/// A version of the profile that is known here, and the lines on which it has the calls.
struct PodmansVersion {
  uintmax_t size;
  const char* writev;
  const char* ptrace;
  const char* setns;
  const char* setns_for_all;
};
constexpr PodmansVersion kPodmans[] = {
    {16401, "310", "313", "704", "385"},  // Debian 12.
    {17546, "318", "321", "721", "392"},  // Debian 13.
};

// setns stands in the list for all, and is denied to those without CAP_SYS_ADMIN further down: one of the two is
// a slip, and the first decides. With all capabilities no rule denies it.
TEST(LintProfiles, PodmansDefault) {
  const std::string path = "/usr/share/containers/seccomp.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing (golang-github-containers-common)";
  const auto* known = std::ranges::find(kPodmans, std::filesystem::file_size(path), &PodmansVersion::size);
  if (known == std::end(kPodmans)) GTEST_SKIP() << path << " is of a version that this test does not know";
  const std::string open = std::string(known->writev) + ":5: 'process_vm_writev'" + kOpensProcesses + known->ptrace +
                           ":5: 'ptrace'" + kOpensProcesses;
  expect_of_profile(path, known->size, false,
                    open + known->setns + ":5: 'setns' is never reached: line " + known->setns_for_all +
                        " decides it first (allow) [unreachable-name]\n");
  expect_of_profile(path, known->size, true, open);
}

}  // namespace
}  // namespace sandbox::resolve
