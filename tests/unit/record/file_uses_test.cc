#include "record/file_uses.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "policy/landlock_writer.h"

namespace sandbox::record {
namespace {

using namespace arch::file_right;

FileRuleOptions options(size_t folder_from = 0, std::set<std::string> missing = {}) {
  return {folder_from, "/home/me",
          [missing = std::move(missing)](const std::string& path) { return !missing.contains(path); }};
}

std::string text_of(const FileUses& uses, const FileRuleOptions& options) {
  policy::LandlockSection section;
  section.files = uses.rules(options);
  std::string text = policy::write_landlock(section);
  std::erase(text, '"');
  return text;
}

FileUses uses_of(std::vector<kernel::LandlockUse> all) {
  FileUses uses;
  for (const kernel::LandlockUse& use : all) uses.note(use);
  return uses;
}

TEST(FileUses, AreRulesByAccess) {
  const FileUses uses = uses_of({{"/srv/a", kReadFile, S_IFREG, ""},
                                 {"/srv/b", kReadFile, S_IFREG, ""},
                                 {"/srv/a", kWriteFile, S_IFREG, ""},
                                 {"/srv/tool", kReadFile | kExecute, S_IFREG, ""}});
  EXPECT_EQ(text_of(uses, options()),
            "landlock:\n  files:\n"
            "  - access: [read]\n    paths:\n    - /srv/b\n"
            "  - access: [read, execute]\n    paths:\n    - /srv/tool\n"
            "  - access: [read, write]\n    paths:\n    - /srv/a\n");
}

TEST(FileUses, AreSetsWhereTheseCover) {
  const FileUses uses = uses_of({{"/usr/bin/cat", kReadFile | kExecute, S_IFREG, ""},
                                 {"/etc/ld.so.cache", kReadFile, S_IFREG, ""},
                                 {"/etc/shadow", kReadFile, S_IFREG, ""},
                                 {"/usr/share/new", kWriteFile, S_IFREG, ""},
                                 {"/proc/4711/maps", kReadFile, S_IFREG, ""},
                                 {"/dev/null", kWriteFile, S_IFCHR, ""},
                                 {"/dev/pts/3", kReadFile | kWriteFile, S_IFCHR, ""}});
  EXPECT_EQ(text_of(uses, options()),
            "landlock:\n  files:\n"
            "  - access: [read]\n    paths:\n    - @proc\n    - /etc/shadow\n"
            "  - access: [read, execute]\n    paths:\n    - @system\n"
            "  - access: [read, write, ioctl]\n    paths:\n    - @pty\n"
            "  - access: [write]\n    paths:\n    - /usr/share/new\n"
            "  - access: [write, ioctl]\n    paths:\n    - @devices\n");
}

TEST(FileUses, OfWhatTheRunMadeGoToItsDirectory) {
  const FileUses uses = uses_of({{"/srv/out", kMakeReg | kWriteFile, S_IFDIR, "/srv/out/new"},
                                 {"/srv/out/new", kReadFile, S_IFREG, ""},
                                 {"/srv/out", kMakeDir, S_IFDIR, "/srv/out/dir"},
                                 {"/srv/out/dir", kMakeReg, S_IFDIR, "/srv/out/dir/inner"},
                                 {"/srv/gone/file", kReadFile, S_IFREG, ""},
                                 {"/srv/odd*name/f", kReadFile, S_IFREG, ""}});
  EXPECT_EQ(text_of(uses, options(0, {"/srv/gone/file"})),
            "landlock:\n  files:\n"
            "  - access: [read]\n    paths:\n    - /srv\n"
            "  - access: [read, write]\n    paths:\n    - /srv/out\n");
}

// A rule for the root, HOME or what is above it would be one for all that is below.
TEST(FileUses, OfWhatTheRunMadeInTheHomeDirectoryHaveTheirOwnRules) {
  const FileUses uses = uses_of({{"/home/me", kReadDir, S_IFDIR, ""},
                                 {"/home/me", kMakeReg | kWriteFile, S_IFDIR, "/home/me/.history"},
                                 {"/home/me/.history", kReadFile, S_IFREG, ""},
                                 {"/home/me", kMakeDir, S_IFDIR, "/home/me/.cache"},
                                 {"/home/me/.cache", kMakeDir, S_IFDIR, "/home/me/.cache/tool"},
                                 {"/home/me/.cache/tool", kMakeReg | kWriteFile, S_IFDIR, "/home/me/.cache/tool/x"},
                                 {"/", kMakeDir, S_IFDIR, "/made"}});
  EXPECT_EQ(text_of(uses, options()),
            "landlock:\n  files:\n"
            "  - access: [read, write]\n    paths:\n    - /home/me/.history\n"
            "  - access: [read_dir]\n    paths:\n    - /home/me\n"
            "  - access: [write]\n    paths:\n    - /home/me/.cache\n");
  EXPECT_TRUE(uses.withheld(options()).empty());
}

TEST(FileUses, OfTheHomeDirectoryItselfHaveNoRule) {
  const FileUses uses = uses_of({{"/home/me", kMakeReg | kWriteFile, S_IFDIR, "/home/me/gone"},
                                 {"/home/me", kRemoveFile, S_IFDIR, ""},
                                 {"/home/me", kMakeSym, S_IFDIR, "/home/me/link"},
                                 {"/home", kMakeDir, S_IFDIR, "/home/other"},
                                 {"/home/me/lost/file", kReadFile, S_IFREG, ""}});
  const auto how = options(0, {"/home/me/gone", "/home/me/lost", "/home/me/lost/file", "/home/other"});
  EXPECT_EQ(text_of(uses, how), "landlock:\n  files: []\n");
  const std::map<std::string, arch::FileRights> withheld = {
      {"/home", kMakeDir}, {"/home/me", kMakeReg | kWriteFile | kRemoveFile | kMakeSym | kReadFile}};
  EXPECT_EQ(uses.withheld(how), withheld);
  // What an earlier section has stays.
  FileUses more = uses;
  more.note(policy::FileRule{{{"read", {}}}, {{"/home/me", {}}}, false, {}});
  EXPECT_EQ(text_of(more, how), "landlock:\n  files:\n  - access: [read]\n    paths:\n    - /home/me\n");
}

TEST(FileUses, OfManyFilesAreTheirDirectory) {
  std::vector<kernel::LandlockUse> all;
  for (const char* name : {"/srv/d/a", "/srv/d/b", "/srv/d/c", "/srv/x", "/etc/a1", "/etc/a2", "/etc/a3", "/home/me/a",
                           "/home/me/b", "/home/me/c", "/srv/e/a", "/srv/e/b"}) {
    all.push_back({name, kReadFile, S_IFREG, ""});
  }
  EXPECT_EQ(text_of(uses_of(all), options(3)),
            "landlock:\n  files:\n  - access: [read]\n    paths:\n"
            "    - /etc/a1\n    - /etc/a2\n    - /etc/a3\n    - /home/me/a\n    - /home/me/b\n    - /home/me/c\n"
            "    - /srv/d\n    - /srv/e/a\n    - /srv/e/b\n    - /srv/x\n");
}

TEST(FileUses, AreAddedToAnEarlierSection) {
  FileUses uses = uses_of({{"/srv/b", kWriteFile, S_IFREG, ""}, {"/usr/bin/ls", kReadFile, S_IFREG, ""}});
  uses.note(policy::FileRule{{{"read", {}}}, {{"/srv/b", {}}, {"~/notes", {}}}, false, {}});
  uses.note(policy::FileRule{{{"read", {}}, {"execute", {}}}, {{"@system", {}}}, false, {}});
  EXPECT_EQ(text_of(uses, options()),
            "landlock:\n  files:\n"
            "  - access: [read]\n    paths:\n    - ~/notes\n"
            "  - access: [read, execute]\n    paths:\n    - @system\n"
            "  - access: [read, write]\n    paths:\n    - /srv/b\n");
}

}  // namespace
}  // namespace sandbox::record
