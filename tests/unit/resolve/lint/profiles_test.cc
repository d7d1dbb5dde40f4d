// All that lint() says of policies that people use: each line has to be one that their authors would agree with.
#include <gtest/gtest.h>

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

const std::string kNoRestart =
    "'restart_syscall' is not allowed (errno EPERM): without it a wait with a time limit (nanosleep, poll, futex) that "
    "SIGSTOP and SIGCONT interrupt cannot go on [lacks-restart-syscall]\n";
const std::string kForkIsClone =
    "'fork' and 'vfork' are denied, but 'clone' and 'clone3' stay allowed, with which processes can be started too; "
    "allow 'clone' with CLONE_THREAD only, and answer 'clone3' with errno ENOSYS [sibling-open]\n";

/// By the name of the file in policies/.
const std::map<std::string, std::string> kShipped = {
    // Conditions on every sibling, ENOSYS where there is a fallback, and every call that programs need.
    {"default", ""},
    // Deny lists with every sibling.
    {"no-exec", ""},
    {"no-network", ""},
    {"no-unix", ""},
    // Seen: under this list a `sleep 3` that is stopped and continued ends with "cannot read realtime clock: Operation
    // not permitted".
    {"beats-amd64", "6:3: " + kNoRestart +
                        "6:3: libc now calls 'fchmodat2' for 'fchmodat'; programs now call 'statx' for 'stat' and "
                        "'lstat'; the default "
                        "action denies them (errno EPERM): answer them with errno ENOSYS, or set 'kernel: \"4.10\"' "
                        "[newer-call-not-enosys]\n"},
    // The list is older than clone3: prometheus-node-exporter dies at once with "pthread_create failed".
    {"beats-amd64-2018",
     "7:3: 'clone3' gets errno EPERM: libc starts threads with it, and with 'clone' only after errno ENOSYS; deny it "
     "with ENOSYS [clone3-breaks-threads]\n"
     "7:3: " +
         kNoRestart +
         // Seen: under the list as it was in 2018, the same program of Debian 13 dies with "eventfd failed", too.
         "7:3: libc now calls 'clock_nanosleep' for 'nanosleep'; 'prlimit64' for 'getrlimit'; the default action "
         "denies them (errno EPERM): allow them [newer-call-denied]\n"},
    // 32-bit x86 returns by sigreturn from handlers that were set with signal(3). Go has none, but cgo may; and cgo
    // calls what glibc does.
    {"beats-386",
     "7:3: 'sigreturn' is not allowed (errno EPERM): without it signal handlers that were set without SA_SIGINFO "
     "cannot return [lacks-sigreturn]\n"
     "7:3: libc now calls 'clock_nanosleep' for 'nanosleep'; the default action denies it (errno EPERM): allow it "
     "[newer-call-denied]\n"
     "7:3: libc now calls 'statx' for 'stat64', 'lstat64', 'fstat64' and 'fstatat64'; 'fchmodat2' for 'fchmodat'; "
     "'clock_gettime64' for 'clock_gettime'; 'clock_nanosleep_time64' for 'nanosleep'; 'pselect6_time64' for "
     "'pselect6'; 'futex_time64' for 'futex'; the default action denies them (errno EPERM): answer them with errno "
     "ENOSYS, or set 'kernel: \"4.10\"' [newer-call-not-enosys]\n"},
    // fork(3) of glibc and musl is clone(SIGCHLD): denying fork and vfork prevents no process.
    {"beats-arm", "12:7: " + kForkIsClone},
    {"beats-example", "11:7: " + kForkIsClone},
    // No fork and no vfork on arm64: nothing is said twice, execve and execveat are both denied.
    {"beats-arm64", ""},
    // Recorded from real work, and reviewed until nothing was left to say.
    {"curl", ""},
    // Tracers are what it is for.
    {"developer",
     "141:7: 'process_vm_writev' is allowed: with it a program takes over other processes of its user "
     "[opens-processes]\n"
     "142:7: 'ptrace' is allowed: with it a program takes over other processes of its user [opens-processes]\n"},
    // It has Docker's answers, as they are.
    {"docker",
     "253:7: 'process_vm_writev' is allowed: with it a program takes over other processes of its user "
     "[opens-processes]\n"
     "255:7: 'ptrace' is allowed: with it a program takes over other processes of its user [opens-processes]\n"},
    {"ffmpeg", ""},
    {"git", ""},
    {"imagemagick", ""},
    {"memcached", ""},
    {"nginx", ""},
    {"node", ""},
    {"postgres", ""},
    {"prometheus-node-exporter", ""},
    {"python3", ""},
    {"read-only", ""},
    {"redis-server", ""},
    {"sshd", ""},
    {"strict", ""},
    {"tcpdump", ""},
};

TEST(LintProfiles, ShippedPolicies) {
  size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SANDBOX_RUN_POLICIES)) {
    if (entry.path().extension() != ".yml") continue;
    const auto expected = kShipped.find(entry.path().stem().string());
    ASSERT_NE(expected, kShipped.end()) << entry.path() << " has no line in this test";
    EXPECT_EQ(lint_text(text_of(entry.path())), expected->second) << entry.path();
    ++seen;
  }
  EXPECT_EQ(seen, kShipped.size());
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

// setns stands in the list for all, and is denied to those without CAP_SYS_ADMIN further down: one of the two is
// a slip, and the first decides. With all capabilities no rule denies it.
TEST(LintProfiles, PodmansDefault) {
  const std::string path = "/usr/share/containers/seccomp.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing (golang-github-containers-common)";
  const std::string open =
      std::string("310:5: 'process_vm_writev'") + kOpensProcesses + "313:5: 'ptrace'" + kOpensProcesses;
  expect_of_profile(path, 16401, false,
                    open + "704:5: 'setns' is never reached: line 385 decides it first (allow) [unreachable-name]\n");
  expect_of_profile(path, 16401, true, open);
}

}  // namespace
}  // namespace sandbox::resolve
