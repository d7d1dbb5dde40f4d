// What a target's first bytes ask for: an interpreter, or a dynamic loader.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernel/target.h"
#include "support/as_nobody.h"
#include "support/elf_file.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using testing::AsNobody;
using testing::elf32;
using testing::elf64;
using testing::TemporaryDirectory;

class Contents : public ::testing::Test {
 protected:
  // A FIFO that is opened for reading waits for a writer, and the test with it: then this ends it.
  void SetUp() override { alarm(60); }
  void TearDown() override { alarm(0); }

  /// "" for a file with these bytes that is accepted, else what stands behind "cannot execute 'PATH': ".
  std::string exec_error(std::string_view bytes) {
    const std::string path = directory_.write("target", bytes, 0755);
    const auto found = find_target(path, nullptr);
    if (found) return "";
    EXPECT_EQ(found.error().exit_status, kExitCannotExecute);
    const std::string prefix = cannot_execute_prefix(path);
    EXPECT_TRUE(found.error().message.starts_with(prefix));
    return found.error().message.substr(prefix.size());
  }

  TemporaryDirectory directory_;
};

TEST_F(Contents, AcceptsScripts) {
  for (const char* script : {"#!/bin/sh\n", "#!/bin/sh", "#! /bin/sh\n", "#!\t /bin/sh\t-e\n", "#!/bin/sh -e\n",
                             "#!/bin/sh  \necho\n", "#!/bin/sh\n\r\n"}) {
    EXPECT_EQ(exec_error(script), "") << script;
  }
}

TEST_F(Contents, RefusesAnInterpreterThatIsMissing) {
  EXPECT_EQ(exec_error("#!/no/such/shell -e\n"),
            "its interpreter '/no/such/shell' (in the '#!' line) cannot be used: No such file or directory");
}

TEST_F(Contents, RefusesAnInterpreterThatCannotBeExecuted) {
  EXPECT_EQ(exec_error("#!/tmp\n"), "its interpreter '/tmp' (in the '#!' line) cannot be used: it is a directory");
  EXPECT_EQ(exec_error("#!/etc/passwd\n"),
            "its interpreter '/etc/passwd' (in the '#!' line) cannot be used: it is not executable (chmod +x?)");
}

TEST_F(Contents, SaysThatAnInterpreterEndsInACarriageReturn) {
  EXPECT_EQ(
      exec_error("#!/bin/sh\r\necho\r\n"),
      "its interpreter '/bin/sh\\x0d' (in the '#!' line), which ends in a carriage return, cannot be used: No such "
      "file or directory");
}

TEST_F(Contents, TakesTheCarriageReturnForAnArgumentBehindASpace) {
  EXPECT_EQ(exec_error("#!/bin/sh -e\r\n"), "") << "the kernel starts the shell with the argument \"-e\\r\"";
}

TEST_F(Contents, RefusesALineWithoutAnInterpreter) {
  for (const char* script : {"#!", "#!\n", "#!  \t\n/bin/sh\n"}) {
    EXPECT_EQ(exec_error(script), "its first line '#!' names no interpreter") << script;
  }
}

TEST_F(Contents, CutsTheInterpreterAtANul) {
  EXPECT_EQ(exec_error(std::string_view("#!/bin/sh\0/x\n", 13)), "");
}

TEST_F(Contents, RefusesAnEmptyFile) {
  EXPECT_EQ(exec_error(""), "it is empty");
}

TEST_F(Contents, LeavesWhatItDoesNotKnowToTheKernel) {
  EXPECT_EQ(exec_error("echo hello\n"), "");
  EXPECT_EQ(exec_error("\x7F"), "");
  EXPECT_EQ(exec_error("\x7F"
                       "ELF"),
            "");
  EXPECT_EQ(exec_error("#"), "");
}

TEST_F(Contents, AcceptsAFileThatMayBeExecutedButNotRead) {
  const std::string path = directory_.write("secret", "#!/no/such/shell\n", geteuid() == 0 ? 0711 : 0111);
  const AsNobody user;
  const auto found = find_target(path, nullptr);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->path, path);
}

constexpr char kMissingLoader[] = "its dynamic loader '/no/ld.so' cannot be used: No such file or directory";

TEST_F(Contents, RefusesADynamicLoaderThatIsMissing) {
  EXPECT_EQ(exec_error(elf64("/no/ld.so")), kMissingLoader);
  EXPECT_EQ(exec_error(elf32("/no/ld.so")), kMissingLoader);
  EXPECT_EQ(exec_error(elf64("/tmp")), "its dynamic loader '/tmp' cannot be used: it is a directory");
}

TEST_F(Contents, AcceptsADynamicLoaderThatIsThere) {
  EXPECT_EQ(exec_error(elf64("/bin/sh")), "");
  EXPECT_EQ(exec_error(elf32("/bin/sh")), "");
}

TEST_F(Contents, LooksAtNoOtherSegments) {
  EXPECT_EQ(exec_error(elf64("/no/ld.so", PT_NOTE)), "");
}

TEST_F(Contents, LeavesBrokenElfFilesToTheKernel) {
  const std::string good = elf64("/no/ld.so");
  for (size_t size = 5; size < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr); ++size) {
    EXPECT_EQ(exec_error(good.substr(0, size)), "") << "cut to " << size << " bytes";
  }
  for (const uint64_t offset : {uint64_t{1} << 62, UINT64_MAX, uint64_t{1} << 20}) {
    std::string far = good;
    std::memcpy(far.data() + offsetof(Elf64_Ehdr, e_phoff), &offset, sizeof offset);
    EXPECT_EQ(exec_error(far), "") << "program headers at " << offset;
  }
  for (const uint64_t length : {uint64_t{0}, uint64_t{1}, uint64_t{4097}, UINT64_MAX}) {
    std::string long_name = good;
    std::memcpy(long_name.data() + sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), &length, sizeof length);
    EXPECT_EQ(exec_error(long_name), "") << "a loader's name of " << length << " bytes";
  }
  std::string foreign = good;
  foreign[EI_DATA] = foreign[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
  EXPECT_EQ(exec_error(foreign), "") << "of the other byte order";
}

TEST_F(Contents, TakesALoadersNameAsFarAsItsFirstNul) {
  EXPECT_EQ(exec_error(elf64(std::string("/no/ld.so\0\0\0", 12))), kMissingLoader);
  EXPECT_EQ(exec_error(elf64(std::string("/bin/sh\0/no/ld.so", 17))), "");
}

TEST_F(Contents, LeavesALoadersNameThatTheKernelDoesNotTakeToIt) {
  EXPECT_EQ(exec_error(elf64(std::string("\0", 1))), "") << "an empty name";
  std::string open_end = elf64("/no/ld.so");
  open_end.back() = 'x';
  EXPECT_EQ(exec_error(open_end), "") << "without a NUL at the end";
}

// ---- Behind the first interpreter: what execve comes to before it gives up ----

TEST_F(Contents, FollowsScriptsAsFarAsTheKernelDoes) {
  std::string last = "/no/such/shell";
  const auto put_before = [&](const std::string& name) { last = directory_.write(name, "#!" + last + "\n", 0755); };
  std::string why = "its interpreter '/no/such/shell' (in the '#!' line) cannot be used: No such file or directory";
  put_before("1");
  for (const char* name : {"2", "3", "4", "5", "6"}) {
    EXPECT_EQ(exec_error("#!" + last + "\n"),
              "its interpreter '" + last + "' (in the '#!' line) cannot be used: " + why);
    why.insert(0, "its interpreter '" + last + "' (in the '#!' line) cannot be used: ");
    put_before(name);
  }
  EXPECT_EQ(exec_error("#!" + last + "\n"), "") << "the kernel ends with ELOOP and does not look for the seventh";
}

TEST_F(Contents, SaysWhatIsWrongWithAnInterpreter) {
  const auto refusal_with = [&](std::string_view bytes) {
    const std::string interpreter = directory_.write("interpreter", bytes, 0755);
    const std::string prefix = "its interpreter '" + interpreter + "' (in the '#!' line) cannot be used: ";
    const std::string whole = exec_error("#!" + interpreter + "\n");
    return whole.starts_with(prefix) ? whole.substr(prefix.size()) : "other: " + whole;
  };
  EXPECT_EQ(refusal_with(""), "it is empty");
  EXPECT_EQ(refusal_with("#!\n"), "its first line '#!' names no interpreter");
  EXPECT_EQ(refusal_with(elf64("/no/ld.so")), kMissingLoader);
}

TEST_F(Contents, DoesNotFollowTheLoaderOfALoader) {
  EXPECT_EQ(exec_error(elf64(directory_.write("loader", elf64("/no/ld.so"), 0755))), "");
  EXPECT_EQ(exec_error(elf64(directory_.write("script", "#!/no/such/shell\n", 0755))), "");
}

TEST_F(Contents, LeavesANameThatGoesOnBehindTheHeadToTheKernel) {
  EXPECT_EQ(exec_error("#!/" + std::string(400, 'x') + "\n"), "");
  const std::string longest = "/" + std::string(252, 'x');
  EXPECT_EQ(exec_error("#!" + longest + "\n"),
            "its interpreter '" + longest + "' (in the '#!' line) cannot be used: No such file or directory");
  EXPECT_EQ(exec_error("#!" + longest + "x\n"), "");
}

// ---- What is no regular file ----

/// The ways to something that should not be opened, as the interpreter or loader of what is executed.
TEST_F(Contents, RefusesWhatIsNoRegularFileOnEveryWay) {
  std::vector<std::string> paths = {directory_.path("fifo"), directory_.path("link"), directory_.path("socket")};
  ASSERT_EQ(mkfifo(paths[0].c_str(), 0777), 0);
  ASSERT_EQ(symlink("fifo", paths[1].c_str()), 0);
  const UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {AF_UNIX, {}};
  paths[2].copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(chmod(paths[2].c_str(), 0777), 0);
  if (geteuid() == 0) {
    paths.push_back(directory_.path("zero"));
    ASSERT_EQ(mknod(paths.back().c_str(), S_IFCHR | 0777, makedev(1, 5)), 0);
    paths.push_back(directory_.path("tty"));
    ASSERT_EQ(mknod(paths.back().c_str(), S_IFCHR | 0777, makedev(5, 0)), 0);
  }
  for (const std::string& path : paths) {
    const std::string why = "cannot be used: it is not a regular file";
    const std::string as_interpreter = "its interpreter '" + path + "' (in the '#!' line) " + why;
    EXPECT_EQ(exec_error("#!" + path + "\n"), as_interpreter);
    EXPECT_EQ(exec_error(elf64(path)), "its dynamic loader '" + path + "' " + why);
    EXPECT_EQ(exec_error(elf32(path)), "its dynamic loader '" + path + "' " + why);
    const std::string inner = directory_.write("inner", "#!" + path + "\n", 0755);
    EXPECT_EQ(exec_error("#!" + inner + "\n"),
              "its interpreter '" + inner + "' (in the '#!' line) cannot be used: " + as_interpreter);
    const auto found = find_target(path, nullptr);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().message, cannot_execute_prefix(path) + "it is not a regular file");
  }
}

TEST_F(Contents, AcceptsARealProgram) {
  const auto found = find_target("/proc/self/exe", nullptr);
  EXPECT_TRUE(found.ok());
}

}  // namespace
}  // namespace sandbox::kernel
