// What a target's first bytes ask for: an interpreter, or a dynamic loader.
#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "kernel/target.h"
#include "support/as_nobody.h"
#include "support/temporary_directory.h"

namespace sandbox::kernel {
namespace {

using testing::AsNobody;
using testing::TemporaryDirectory;

class Contents : public ::testing::Test {
 protected:
  /// "" for a file with these bytes that is accepted, else what stands behind "cannot execute 'PATH': ".
  std::string refusal(std::string_view bytes) {
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
    EXPECT_EQ(refusal(script), "") << script;
  }
}

TEST_F(Contents, RefusesAnInterpreterThatIsMissing) {
  EXPECT_EQ(refusal("#!/no/such/shell -e\n"),
            "its interpreter '/no/such/shell' (in the '#!' line) cannot be used: No such file or directory");
}

TEST_F(Contents, RefusesAnInterpreterThatCannotBeExecuted) {
  EXPECT_EQ(refusal("#!/tmp\n"), "its interpreter '/tmp' (in the '#!' line) cannot be used: it is a directory");
  EXPECT_EQ(refusal("#!/etc/passwd\n"),
            "its interpreter '/etc/passwd' (in the '#!' line) cannot be used: it is not executable (chmod +x?)");
}

TEST_F(Contents, SaysThatAnInterpreterEndsInACarriageReturn) {
  EXPECT_EQ(
      refusal("#!/bin/sh\r\necho\r\n"),
      "its interpreter '/bin/sh\\x0d' (in the '#!' line), which ends in a carriage return, cannot be used: No such "
      "file or directory");
}

TEST_F(Contents, TakesTheCarriageReturnForAnArgumentBehindASpace) {
  EXPECT_EQ(refusal("#!/bin/sh -e\r\n"), "") << "the kernel starts the shell with the argument \"-e\\r\"";
}

TEST_F(Contents, RefusesALineWithoutAnInterpreter) {
  for (const char* script : {"#!", "#!\n", "#!  \t\n/bin/sh\n"}) {
    EXPECT_EQ(refusal(script), "its first line '#!' names no interpreter") << script;
  }
}

TEST_F(Contents, CutsTheInterpreterAtANul) {
  EXPECT_EQ(refusal(std::string_view("#!/bin/sh\0/x\n", 13)), "");
}

TEST_F(Contents, RefusesAnEmptyFile) {
  EXPECT_EQ(refusal(""), "it is empty");
}

TEST_F(Contents, LeavesWhatItDoesNotKnowToTheKernel) {
  EXPECT_EQ(refusal("echo hello\n"), "");
  EXPECT_EQ(refusal("\x7F"), "");
  EXPECT_EQ(refusal("\x7F"
                    "ELF"),
            "");
  EXPECT_EQ(refusal("#"), "");
}

TEST_F(Contents, AcceptsAFileThatMayBeExecutedButNotRead) {
  const std::string path = directory_.write("secret", "#!/no/such/shell\n", geteuid() == 0 ? 0711 : 0111);
  const AsNobody user;
  const auto found = find_target(path, nullptr);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(*found, path);
}

/// An ELF file that is a header, one program header and the loader's name; of this machine's byte order.
template <typename Header, typename ProgramHeader>
std::string elf_file(unsigned char elf_class, const std::string& loader, uint32_t type = PT_INTERP) {
  Header header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(ProgramHeader);
  header.e_phnum = 1;
  ProgramHeader segment = {};
  segment.p_type = type;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = static_cast<decltype(segment.p_filesz)>(loader.size() + 1);
  std::string file(sizeof header + sizeof segment, '\0');
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, &segment, sizeof segment);
  return file + loader + '\0';
}

std::string elf64(const std::string& loader, uint32_t type = PT_INTERP) {
  return elf_file<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, loader, type);
}
std::string elf32(const std::string& loader) {
  return elf_file<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, loader);
}

constexpr char kMissingLoader[] = "its dynamic loader '/no/ld.so' cannot be used: No such file or directory";

TEST_F(Contents, RefusesADynamicLoaderThatIsMissing) {
  EXPECT_EQ(refusal(elf64("/no/ld.so")), kMissingLoader);
  EXPECT_EQ(refusal(elf32("/no/ld.so")), kMissingLoader);
  EXPECT_EQ(refusal(elf64("/tmp")), "its dynamic loader '/tmp' cannot be used: it is a directory");
}

TEST_F(Contents, AcceptsADynamicLoaderThatIsThere) {
  EXPECT_EQ(refusal(elf64("/bin/sh")), "");
  EXPECT_EQ(refusal(elf32("/bin/sh")), "");
}

TEST_F(Contents, LooksAtNoOtherSegments) {
  EXPECT_EQ(refusal(elf64("/no/ld.so", PT_NOTE)), "");
}

TEST_F(Contents, LeavesBrokenElfFilesToTheKernel) {
  const std::string good = elf64("/no/ld.so");
  for (size_t size = 5; size < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr); ++size) {
    EXPECT_EQ(refusal(good.substr(0, size)), "") << "cut to " << size << " bytes";
  }
  for (const uint64_t offset : {uint64_t{1} << 62, UINT64_MAX, uint64_t{1} << 20}) {
    std::string far = good;
    std::memcpy(far.data() + offsetof(Elf64_Ehdr, e_phoff), &offset, sizeof offset);
    EXPECT_EQ(refusal(far), "") << "program headers at " << offset;
  }
  for (const uint64_t length : {uint64_t{0}, uint64_t{1}, uint64_t{4097}, UINT64_MAX}) {
    std::string long_name = good;
    std::memcpy(long_name.data() + sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), &length, sizeof length);
    EXPECT_EQ(refusal(long_name), "") << "a loader's name of " << length << " bytes";
  }
  std::string foreign = good;
  foreign[EI_DATA] = foreign[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
  EXPECT_EQ(refusal(foreign), "") << "of the other byte order";
}

TEST_F(Contents, AcceptsARealProgram) {
  const auto found = find_target("/proc/self/exe", nullptr);
  EXPECT_TRUE(found.ok());
}

}  // namespace
}  // namespace sandbox::kernel
