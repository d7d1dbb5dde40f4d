#include "arch/call_versions.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "arch/newer_calls.h"
#include "arch/syscalls.h"

namespace sandbox::arch {

void PrintTo(const KernelVersion& version, std::ostream* out) {
  *out << version.major << '.' << version.minor;
}

namespace {

using Version = KernelVersion;

TEST(CallVersions, KnowEveryCallOfEveryAbi) {
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view name : names_on(abi.abi)) {
      const auto version = introduced(abi.abi, name);
      EXPECT_TRUE(version) << name << " on " << abi.name;
      EXPECT_TRUE(!version || *version < (Version{8, 0})) << name << " on " << abi.name;
    }
  }
}

TEST(CallVersions, AreTheSameForAllCallsTogether) {
  for (const AbiInfo& abi : all_abis()) {
    const std::vector<DatedCall>& dated = dated_calls(abi.abi);
    EXPECT_EQ(dated.size(), names_on(abi.abi).size()) << abi.name;
    EXPECT_TRUE(std::ranges::is_sorted(dated, std::less_equal(), &DatedCall::number)) << abi.name;
    for (const DatedCall& call : dated) {
      const auto name = name_of(abi.abi, call.number);
      ASSERT_TRUE(name) << call.number << " on " << abi.name;
      EXPECT_EQ(call.introduced, introduced(abi.abi, *name)) << *name << " on " << abi.name;
    }
  }
}

TEST(CallVersions, SayNothingOfCallsThatTheAbiLacks) {
  EXPECT_EQ(introduced(Abi::kAarch64, "open"), std::nullopt);
  EXPECT_EQ(introduced(Abi::kX86_64, "socketcall"), std::nullopt);
  EXPECT_EQ(introduced(Abi::kX86_64, "opnat"), std::nullopt);
  EXPECT_EQ(introduced(Abi::kX86_64, ""), std::nullopt);
  EXPECT_EQ(first_introduced("opnat"), std::nullopt);
  EXPECT_EQ(first_introduced(""), std::nullopt);
}

TEST(CallVersions, HaveTheCallsThatNewerLibrariesTryFirst) {
  EXPECT_EQ(introduced(Abi::kX86_64, "getrandom"), (Version{3, 17}));
  EXPECT_EQ(introduced(Abi::kX86_64, "statx"), (Version{4, 11}));
  EXPECT_EQ(introduced(Abi::kX86_64, "rseq"), (Version{4, 18}));
  EXPECT_EQ(introduced(Abi::kX86_64, "clone3"), (Version{5, 3}));
  EXPECT_EQ(introduced(Abi::kX86_64, "faccessat2"), (Version{5, 8}));
  EXPECT_EQ(introduced(Abi::kX86_64, "close_range"), (Version{5, 9}));
  EXPECT_EQ(introduced(Abi::kX86_64, "epoll_pwait2"), (Version{5, 11}));
  EXPECT_EQ(introduced(Abi::kX86_64, "fchmodat2"), (Version{6, 6}));
  EXPECT_EQ(introduced(Abi::kX86_64, "openat"), (Version{2, 6}));
  EXPECT_LE(introduced(Abi::kX86, "read"), (Version{1, 0}));
}

TEST(CallVersions, DifferWhereAnAbiGotACallLater) {
  EXPECT_EQ(introduced(Abi::kX86, "socket"), (Version{4, 3}));
  EXPECT_EQ(introduced(Abi::kX86_64, "socket"), (Version{2, 6}));
  EXPECT_EQ(introduced(Abi::kS390x, "socket"), (Version{4, 3}));
  EXPECT_EQ(introduced(Abi::kMips, "socket"), (Version{2, 0}));
  EXPECT_EQ(introduced(Abi::kPpc, "socket"), (Version{2, 6}));
  EXPECT_EQ(introduced(Abi::kX86, "recvmmsg"), (Version{2, 6}));
  EXPECT_EQ(introduced(Abi::kS390, "recvmmsg"), (Version{4, 3}));
  EXPECT_EQ(introduced(Abi::kX86, "shmget"), (Version{5, 1}));
  EXPECT_EQ(introduced(Abi::kMipsel, "shmget"), (Version{5, 1}));
  EXPECT_EQ(introduced(Abi::kX86_64, "shmget"), (Version{2, 6}));
  EXPECT_EQ(introduced(Abi::kArm, "shmget"), (Version{2, 6}));
  EXPECT_EQ(introduced(Abi::kS390x, "semtimedop"), (Version{5, 1}));
  EXPECT_EQ(introduced(Abi::kX86, "arch_prctl"), (Version{4, 12}));
  EXPECT_EQ(introduced(Abi::kPpc64le, "pkey_alloc"), (Version{4, 16}));
  EXPECT_EQ(introduced(Abi::kX86, "clock_gettime64"), (Version{5, 1}));
  EXPECT_EQ(introduced(Abi::kMips64, "clone3"), (Version{5, 4}));
  EXPECT_EQ(introduced(Abi::kAarch64, "kexec_file_load"), (Version{5, 0}));
  EXPECT_EQ(introduced(Abi::kX86_64, "kexec_file_load"), (Version{3, 17}));
  EXPECT_EQ(introduced(Abi::kX86_64, "memfd_secret"), (Version{5, 14}));
  EXPECT_EQ(introduced(Abi::kS390x, "memfd_secret"), (Version{6, 4}));
  EXPECT_EQ(introduced(Abi::kMips, "cacheflush"), (Version{2, 0}));
  EXPECT_EQ(introduced(Abi::kParisc, "cacheflush"), (Version{6, 5}));
  EXPECT_EQ(introduced(Abi::kX86_64, "map_shadow_stack"), (Version{6, 6}));
  EXPECT_EQ(introduced(Abi::kX86, "map_shadow_stack"), (Version{6, 7}));
}

TEST(CallVersions, StartWithTheAbi) {
  EXPECT_EQ(introduced(Abi::kAarch64, "read"), (Version{3, 7}));
  EXPECT_EQ(introduced(Abi::kAarch64, "finit_module"), (Version{3, 8}));
  EXPECT_EQ(introduced(Abi::kRiscv64, "read"), (Version{4, 15}));
  EXPECT_EQ(introduced(Abi::kRiscv64, "getrandom"), (Version{4, 15}));
  EXPECT_EQ(introduced(Abi::kX32, "read"), (Version{3, 4}));
  EXPECT_EQ(introduced(Abi::kPpc64le, "read"), (Version{3, 13}));
}

TEST(CallVersions, OfNewerCallsAreThoseOfTheirList) {
  for (const NewerCall& call : kNewerCalls) {
    for (const AbiInfo& abi : all_abis()) {
      if (!call.abis.contains(abi.abi)) continue;
      EXPECT_EQ(introduced(abi.abi, call.name), call.since) << call.name;
    }
  }
}

TEST(CallVersions, NeverPrecedeTheFirst) {
  for (const AbiInfo& abi : all_abis()) {
    for (const std::string_view name : names_on(abi.abi)) {
      const auto first = first_introduced(name);
      ASSERT_TRUE(first) << name;
      EXPECT_GE(introduced(abi.abi, name), first) << name << " on " << abi.name;
    }
  }
}

// What all ABIs gained after 5.1 has one number, in the order in which it came.
TEST(CallVersions, RiseWithTheSharedNumbers) {
  for (const AbiInfo& abi : all_abis()) {
    Version last;
    for (uint32_t i = 424; i <= 471; ++i) {
      const auto name = name_of(abi.abi, abi.first_number + i);
      if (!name) continue;
      // Numbers are given out in the order of the patches, which is not always that of the releases.
      const std::set<std::string_view> out_of_order = {"clone3", "close_range", "memfd_secret", "map_shadow_stack",
                                                       "quotactl_fd"};
      if (out_of_order.contains(*name)) continue;
      EXPECT_GE(*introduced(abi.abi, *name), last) << *name << " on " << abi.name;
      last = *introduced(abi.abi, *name);
    }
    EXPECT_EQ(last, (Version{7, 0})) << abi.name;
  }
}

TEST(ParseKernelVersion, ReadsReleases) {
  EXPECT_EQ(parse_kernel_version("6.1"), (Version{6, 1}));
  EXPECT_EQ(parse_kernel_version("6.10"), (Version{6, 10}));
  EXPECT_EQ(parse_kernel_version("5.10.23"), (Version{5, 10}));
  EXPECT_EQ(parse_kernel_version("2.6.32.71"), (Version{2, 6}));
  EXPECT_EQ(parse_kernel_version("5.0"), (Version{5, 0}));
  EXPECT_EQ(parse_kernel_version("0.0"), (Version{0, 0}));
  EXPECT_EQ(parse_kernel_version("65535.65535"), (Version{65535, 65535}));
}

TEST(ParseKernelVersion, ReadsWhatUnameGives) {
  EXPECT_EQ(parse_kernel_version("5.10.23-amd64"), (Version{5, 10}));
  EXPECT_EQ(parse_kernel_version("6.1.0-18-cloud-amd64"), (Version{6, 1}));
  EXPECT_EQ(parse_kernel_version("5.15.0+"), (Version{5, 15}));
  EXPECT_EQ(parse_kernel_version("6.19-rc3"), (Version{6, 19}));
  EXPECT_EQ(parse_kernel_version("4.19.190_1"), (Version{4, 19}));
  EXPECT_EQ(parse_kernel_version("5.14.0-427.el9.x86_64"), (Version{5, 14}));
}

TEST(ParseKernelVersion, RefusesTheRest) {
  for (const char* text :
       {"",      "6",        "6.",     ".1",   "6..1", "6.1.", "6.1.x", "6.x",     "v6.1",    " 6.1",          "6.1 ",
        "6,1",   "6.1amd64", "-6.1",   "6.-1", "+6.1", "6.01", "06.1",  "65536.0", "6.65536", "99999999999.1", "0x6.1",
        "6.1e3", "6.1-\n",   "6.1-a b"}) {
    EXPECT_EQ(parse_kernel_version(text), std::nullopt) << '\'' << text << '\'';
  }
  EXPECT_EQ(parse_kernel_version(std::string_view("6.1\0", 4)), std::nullopt);
}

/// The text of syscalls(2), unpacked; none where the page is not installed.
std::optional<std::string> manual_page() {
  for (const char* path : {"/usr/share/man/man2/syscalls.2.gz", "/usr/share/man/man2/syscalls.2"}) {
    if (!std::filesystem::exists(path)) continue;
    FILE* pipe = popen(("gzip -dcf " + std::string(path)).c_str(), "r");
    if (pipe == nullptr) return std::nullopt;
    std::string text;
    std::array<char, 65536> buffer;
    while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), got);
    const int status = pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << path;
    return text;
  }
  return std::nullopt;
}

/// The page's table: each call with major and minor of the (first) release beside it.
std::map<std::string, Version> versions_in(const std::string& page) {
  std::map<std::string, Version> versions;
  const std::regex row(R"(\\fB(\w+)\\fP\(2\)\t(\d+)\.(\d+).*)");
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    versions[match[1]] = {static_cast<uint16_t>(std::stoi(match[2])), static_cast<uint16_t>(std::stoi(match[3]))};
  }
  return versions;
}

TEST(CallVersions, AreThoseOfTheManualPage) {
  const std::optional<std::string> page = manual_page();
  if (!page) GTEST_SKIP() << "syscalls(2) is not installed (Debian: manpages-dev, and no path-exclude for man pages)";

  // Where the page is known to be wrong, and what it says. Later editions may have been corrected.
  const std::map<std::string, Version> mistakes = {
      {"membarrier", {3, 17}}, {"pkey_alloc", {4, 8}}, {"pkey_free", {4, 8}}, {"pkey_mprotect", {4, 8}}};

  size_t compared = 0;
  for (const auto& [name, version] : versions_in(*page)) {
    if (abis_with(name).empty()) continue;
    ++compared;
    const auto mistake = mistakes.find(name);
    if (mistake != mistakes.end() && mistake->second == version) continue;
    EXPECT_EQ(first_introduced(name), version) << name;
  }
  EXPECT_GT(compared, 400U) << "the page's table has another form now";
}

}  // namespace
}  // namespace sandbox::arch
