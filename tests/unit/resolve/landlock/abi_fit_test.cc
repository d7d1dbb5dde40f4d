#include "resolve/landlock/abi_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/policy_text.h"

namespace sandbox::resolve {
namespace {

using namespace arch::file_right;
namespace port_right = arch::port_right;

struct Fitted {
  Ruleset ruleset;
  Closures closures;
  std::string problems;
};

/// A section on a kernel of this ABI.
Fitted fit(const std::string& section, int abi, std::string_view why_none = "") {
  testing::PolicyText text("landlock: {" + section + "}\n");
  const auto policy = text.read();
  EXPECT_EQ(text.problems(), "");
  Fitted fitted;
  if (!policy) return fitted;
  fitted.ruleset = *resolve_landlock(*policy, {"/", "/srv", "/home/u"}, text.diagnostics());
  EXPECT_EQ(text.problems(), "");
  fitted.closures = fit_to_abi(fitted.ruleset, {abi, why_none}, text.diagnostics());
  fitted.problems = text.problems();
  return fitted;
}

std::string rule(const std::string& access) {
  return "files: [{access: [" + access + "], paths: [/a]}]";
}

std::string error(const std::string& what, const std::string& open) {
  return "1:1: error: this kernel cannot enforce " + what +
         "; with 'best_effort: true' or --best-effort the program starts without, and " + open + "\n";
}

std::string warning(const std::string& what, const std::string& open) {
  return "1:1: warning: this kernel cannot enforce " + what + ": " + open + "\n";
}

constexpr std::string_view kEverything =
    "files: [{access: [read, write, execute, ioctl, device, connect], paths: [/a]}], tcp: {connect: [443], bind: [1]}, "
    "udp: {connect: [53], bind: [0]}, scope: [signals, abstract_unix_sockets]";

TEST(AbiFit, TheNewestKernelEnforcesEverything) {
  for (const int abi : {arch::kNewestLandlockAbi, arch::kNewestLandlockAbi + 7}) {
    const Fitted fitted = fit(std::string(kEverything), abi);
    EXPECT_EQ(fitted.problems, "");
    EXPECT_EQ(fitted.ruleset.handled_files, kAll);
    EXPECT_EQ(fitted.ruleset.handled_ports, port_right::kAll);
    EXPECT_EQ(fitted.ruleset.scopes, arch::scope::kAll);
    EXPECT_EQ(fitted.closures, Closures{.tcp_lookalikes = true});
  }
}

TEST(AbiFit, WhatIsNamedAndMissingIsAnErrorWithItsRelease) {
  EXPECT_EQ(fit(std::string(kEverything), 9).problems,
            error("'connect_send_udp', which Linux 7.2 brought", "any UDP port can be sent to") +
                error("'bind_udp', which Linux 7.2 brought", "any UDP port can be bound"));
  EXPECT_EQ(fit(rule("connect"), 8).problems,
            error("'resolve_unix', which Linux 7.1 brought",
                  "connecting to unix sockets by their path stays allowed (--no-unix denies unix sockets altogether)"));
  EXPECT_EQ(fit("scope: [signals, abstract_unix_sockets]", 5).problems,
            error("'abstract_unix_sockets', which Linux 6.12 brought",
                  "abstract unix sockets of other programs stay in reach") +
                error("'signals', which Linux 6.12 brought", "signals to processes outside stay allowed"));
  EXPECT_EQ(fit(rule("ioctl"), 4).problems,
            error("'ioctl_dev', which Linux 6.10 brought", "ioctl(2) on devices stays allowed"));
  EXPECT_EQ(fit("tcp: {connect: [443]}", 3).problems,
            error("'connect_tcp', which Linux 6.7 brought", "any TCP port can be connected to"));
  EXPECT_EQ(fit("tcp: {bind: []}", 3).problems,
            error("'bind_tcp', which Linux 6.7 brought", "any TCP port can be bound"));
}

TEST(AbiFit, BestEffortWarnsAndLeavesItOut) {
  const Fitted fitted = fit("best_effort: true, tcp: {connect: [443]}, scope: [signals], " + rule("read, connect"), 2);
  EXPECT_EQ(
      fitted.problems,
      warning("'resolve_unix', which Linux 7.1 brought", "connecting to unix sockets by their path stays allowed") +
          warning("'connect_tcp', which Linux 6.7 brought", "any TCP port can be connected to") +
          warning("'signals', which Linux 6.12 brought", "signals to processes outside stay allowed"));
  EXPECT_EQ(fitted.ruleset.handled_files, kAll & ~(kTruncate | kIoctlDev | kResolveUnix));
  EXPECT_EQ(fitted.ruleset.handled_ports, 0U);
  EXPECT_EQ(fitted.ruleset.scopes, 0U);
  EXPECT_TRUE(fitted.ruleset.ports.empty());
  ASSERT_EQ(fitted.ruleset.paths.size(), 1U);
  EXPECT_EQ(fitted.ruleset.paths[0].rights, kReadFile | kReadDir);
}

// Debian 12's kernel has ABI 2.
TEST(AbiFit, FilesNeedNoBestEffortOnAnOldKernel) {
  const Fitted fitted = fit(rule("read, write, execute, device"), 2);
  EXPECT_EQ(fitted.problems, "");
  EXPECT_EQ(fitted.closures, (Closures{.truncate = true, .open_for_ioctl = true}));
  EXPECT_EQ(fit(rule("read, write"), 3).closures, (Closures{.open_for_ioctl = true}));
  EXPECT_EQ(fit(rule("read, write"), 4).closures, (Closures{.open_for_ioctl = true}));
  EXPECT_EQ(fit(rule("read, write"), 5).closures, Closures());
}

TEST(AbiFit, TruncationApartFromWritingCannotBeClosed) {
  const std::string what = "'truncate' apart from 'write_file', which Linux 6.2 brought";
  const std::string open = "files that may be written can be truncated, and no others";
  EXPECT_EQ(fit(rule("read, write_file"), 2).problems, error(what, open));
  EXPECT_EQ(fit(rule("read, truncate"), 2).problems, error(what, open));
  EXPECT_EQ(fit("best_effort: true, " + rule("write_file"), 2).problems, warning(what, open));
  EXPECT_EQ(fit(rule("read, write_file, truncate"), 2).problems, "");
  EXPECT_EQ(fit(rule("read, write_file"), 3).problems, "");
}

TEST(AbiFit, MovingBetweenDirectoriesIsAlwaysDeniedByTheFirstAbi) {
  EXPECT_EQ(fit(rule("read, write"), 1).problems,
            "1:1: warning: this kernel denies moving and linking files between directories, whatever a policy allows; "
            "Linux 5.19 brought 'refer'\n");
  EXPECT_EQ(fit(rule("read"), 1).problems, "");
}

TEST(AbiFit, AProtocolWithoutAnyPortIsClosedByTheFilter) {
  const Fitted tcp = fit("tcp: {connect: [], bind: []}", 3);
  EXPECT_EQ(tcp.problems, "");
  EXPECT_EQ(tcp.closures, (Closures{.tcp_lookalikes = true, .tcp_sockets = true}));
  EXPECT_FALSE(enforces_anything(tcp.ruleset));
  const Fitted udp = fit("udp: {connect: [], bind: []}", 9);
  EXPECT_EQ(udp.problems, "");
  EXPECT_EQ(udp.closures, Closures{.udp_sockets = true});
  EXPECT_EQ(fit("udp: {connect: [], bind: []}", 10).closures, Closures());
  EXPECT_NE(fit("udp: {connect: []}", 9).problems, "");
  EXPECT_NE(fit("udp: {connect: [], bind: [53]}", 9).problems, "");
}

TEST(AbiFit, WithoutLandlockNothingStartsUnlessTheFilterDoesItAll) {
  constexpr std::string_view kWhy = "this kernel has no Landlock";
  EXPECT_EQ(fit(rule("read, connect"), 0, kWhy).problems,
            "1:1: error: this kernel has no Landlock; with 'best_effort: true' or --best-effort the program starts "
            "without, and no file, port or scope is restricted by this section\n");
  const Fitted best = fit("best_effort: true, tcp: {bind: [1]}, " + rule("read"), 0, kWhy);
  EXPECT_EQ(best.problems,
            "1:1: warning: this kernel has no Landlock: no file, port or scope is restricted by this section\n");
  EXPECT_FALSE(enforces_anything(best.ruleset));
  EXPECT_EQ(fit("tcp: {connect: [], bind: []}", 0, kWhy).problems, "");
}

}  // namespace
}  // namespace sandbox::resolve
