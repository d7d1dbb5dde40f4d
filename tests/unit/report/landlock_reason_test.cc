#include "report/landlock_reason.h"

#include <gtest/gtest.h>

namespace sandbox::report {
namespace {

using namespace arch::file_right;
using Kind = LandlockSuggestions::Kind;

LandlockReason file(arch::FileRights rights, const std::string& path) {
  LandlockReason reason;
  reason.files = rights;
  reason.path = path;
  return reason;
}

LandlockReason port(arch::PortRights rights, uint16_t number) {
  LandlockReason reason;
  reason.ports = rights;
  reason.port = number;
  return reason;
}

TEST(LandlockReason, IsOnePrintableSentence) {
  EXPECT_EQ(reason_text(file(kReadFile, "/etc/shadow")), "no rule lets it read /etc/shadow");
  EXPECT_EQ(reason_text(file(kReadFile | kWriteFile | kTruncate, "/a\n")),
            "no rule lets it read, write and truncate /a\\n");
  EXPECT_EQ(reason_text(file(kMakeReg, "/srv")), "no rule lets it make files in /srv");
  EXPECT_EQ(reason_text(file(kRefer, "/srv")), "no rule lets it move or link files to or from /srv");
  EXPECT_EQ(reason_text(file(kReadFile, "")), "no rule lets it read the file");
  EXPECT_EQ(reason_text(port(arch::port_right::kConnectTcp, 443)), "no rule lets it connect to TCP port 443");
  EXPECT_EQ(reason_text(port(arch::port_right::kBindTcp, 80)), "no rule lets it bind TCP port 80");
  EXPECT_EQ(reason_text({}), "where files are restricted nothing can be mounted");
  LandlockReason signal;
  signal.scopes = arch::scope::kSignals;
  EXPECT_EQ(reason_text(signal), "scope: signals");
}

TEST(LandlockSuggestions, AreOptionsForOptions) {
  LandlockSuggestions all(Kind::kOptions, "command line", "/home/u");
  EXPECT_EQ(all.text(), "");
  EXPECT_TRUE(all.note(file(kReadFile, "/etc/ssl/openssl.cnf")));
  EXPECT_FALSE(all.note(file(kReadFile, "/etc/ssl/openssl.cnf")));  // Told already.
  EXPECT_TRUE(all.note(file(kExecute | kReadFile, "/opt/my tool")));
  EXPECT_TRUE(all.note(file(kMakeReg, "/srv/it's")));
  EXPECT_TRUE(all.note(port(arch::port_right::kConnectTcp, 443)));
  EXPECT_EQ(
      all.text(),
      "if the program should be allowed to, add --ro /etc/ssl/openssl.cnf --rox '/opt/my tool' --rw '/srv/it'\\''s' "
      "--connect-tcp 443\n");
}

TEST(LandlockSuggestions, AreLinesForAPolicy) {
  LandlockSuggestions all(Kind::kFile, "app.yml", "/home/u");
  all.note(file(kReadFile, "/etc/shadow"));
  all.note(file(kWriteFile, "/etc/shadow"));
  all.note(file(kReadDir, "/a b"));
  all.note(port(arch::port_right::kBindTcp, 80));
  all.note(port(arch::port_right::kConnectTcp, 443));
  EXPECT_EQ(all.text(),
            "if the program should be allowed to, add below 'landlock' in app.yml:\n"
            "  files:\n"
            "  - access: [read, write]\n"
            "    paths: [/etc/shadow]\n"
            "  - access: [read_dir]\n"
            "    paths: [\"/a b\"]\n"
            "  tcp: {connect: [443], bind: [80]}\n");
}

TEST(LandlockSuggestions, NameTheFolderOfManyAndAllOfProc) {
  LandlockSuggestions all(Kind::kProfile, "profile untrusted", "");
  for (const char* name : {"/srv/a", "/srv/b", "/srv/c", "/proc/1/maps", "/proc/22/maps"})
    all.note(file(kReadFile, name));
  EXPECT_EQ(all.text(),
            "if the program should be allowed to, add below 'landlock' in a copy of profile untrusted:\n"
            "  files:\n"
            "  - access: [read]\n"
            "    paths: [/proc, /srv/a, /srv/b, /srv/c]\n"
            "or, wider, folders in place of their files: /srv (3)\n");
}

TEST(LandlockSuggestions, AreNeverForTheWholeMachineOrAHomeDirectory) {
  for (const Kind kind : {Kind::kOptions, Kind::kFile}) {
    LandlockSuggestions all(kind, "command line", "/data/home/u");
    for (const char* path : {"/", "/data", "/data/home/u", "/home", "/root"})
      EXPECT_TRUE(all.note(file(kMakeReg, path)));
    EXPECT_EQ(
        all.text(),
        "no rule is suggested for /, /data, /data/home/u, /home and /root: it would be for all that is below, with "
        "keys and start-up files\n");
  }
  LandlockSuggestions near(Kind::kOptions, "command line", "/data/home/u");
  for (const char* path : {"/da", "/data/home/u/a", "/data/home/u/b", "/data/home/u/c", "/data/home/user"}) {
    near.note(file(kReadFile, path));
  }
  EXPECT_EQ(
      near.text(),
      "if the program should be allowed to, add --ro /da --ro /data/home/u/a --ro /data/home/u/b --ro /data/home/u/c "
      "--ro /data/home/user\n");
}

TEST(LandlockSuggestions, LeaveOutWhatCannotBeCopied) {
  LandlockSuggestions all(Kind::kOptions, "command line", "");
  all.note(file(kReadFile, "/a\nb"));
  all.note(file(kReadFile, "/\xff"));
  all.note(file(kReadFile, "/" + std::string(1000, 'x') + " $(id)"));
  all.note(file(kReadFile, "/c d"));
  EXPECT_EQ(all.text(),
            "if the program should be allowed to, add --ro '/c d'\n"
            "no rule is suggested for 3 paths with control characters, or very long\n");
}

TEST(LandlockSuggestions, KeepNoMoreThanTheirLimit) {
  LandlockSuggestions all(Kind::kOptions, "command line", "/home/u");
  for (size_t i = 0; i < LandlockSuggestions::kMaxPaths; ++i) {
    EXPECT_TRUE(all.note(file(kReadFile, "/d" + std::to_string(i) + "/f")));
  }
  EXPECT_FALSE(all.note(file(kReadFile, "/more")));
  EXPECT_FALSE(all.note(file(kReadFile, "/other")));
  EXPECT_TRUE(all.text().ends_with("\nand 2 more denials of other paths\n"));
}

TEST(LandlockSuggestions, MountsAreToldOnceAndAllowedByNothing) {
  LandlockSuggestions all(Kind::kOptions, "command line", "/home/u");
  EXPECT_TRUE(all.note({}));
  EXPECT_FALSE(all.note({}));
  EXPECT_EQ(all.text(), "");
}

TEST(AccessFor, IsTheFewestWords) {
  EXPECT_EQ(access_for(kReadFile), (std::vector<std::string>{"read"}));
  EXPECT_EQ(access_for(kReadDir), (std::vector<std::string>{"read_dir"}));
  EXPECT_EQ(access_for(kReadFile | kReadDir), (std::vector<std::string>{"read"}));
  EXPECT_EQ(access_for(kExecute | kMakeDir | kReadFile), (std::vector<std::string>{"read", "execute", "write"}));
  EXPECT_EQ(access_for(kMakeChar | kIoctlDev), (std::vector<std::string>{"device", "ioctl"}));
}

}  // namespace
}  // namespace sandbox::report
