// How `diff` puts differences together.
#include "sandbox-policy/commands/difference_lists.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

namespace sandbox::tool {
namespace {

using arch::Abi;

const std::vector<Abi> kNamed = {Abi::kX86_64, Abi::kX86, Abi::kX32};

/// Through one arch; the left allows, regardless of the arguments.
bpf::Difference difference(uint32_t first, uint32_t last, uint32_t right, uint32_t audit_arch = AUDIT_ARCH_X86_64) {
  bpf::Difference made;
  made.calls = {{{audit_arch, audit_arch}}, {first, last}};
  made.witness.arch = audit_arch;
  made.witness.number = first;
  made.left = SECCOMP_RET_ALLOW;
  made.right = right;
  return made;
}

constexpr uint32_t kDenied = SECCOMP_RET_ERRNO | 1;

using Names = std::vector<std::string>;

TEST(DirectionOf, FollowsTheKernelsOrderOfActions) {
  const auto word = [](uint32_t left, uint32_t right) {
    bpf::Difference difference;
    difference.left = left;
    difference.right = right;
    return word_of(direction_of(difference));
  };
  EXPECT_EQ(word(SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1), "stricter");
  EXPECT_EQ(word(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_LOG), "looser");
  EXPECT_EQ(word(SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO | 1), "looser");
  EXPECT_EQ(word(SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS), "stricter");
  EXPECT_EQ(word(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 38), "other");
  EXPECT_EQ(word(SECCOMP_RET_LOG, SECCOMP_RET_ALLOW), "other") << "both are made";
}

TEST(DifferenceLists, PutsEqualAnswersOfAnAbiTogether) {
  const std::vector<bpf::Difference> differences = {difference(0, 1, kDenied), difference(3, 3, kDenied),
                                                    difference(4, 4, SECCOMP_RET_KILL_PROCESS),
                                                    difference(1, 1, kDenied, AUDIT_ARCH_I386)};
  const DifferenceLists lists = lists_of(differences, kNamed, Abi::kX86_64);
  EXPECT_EQ(lists.headings, (Names{"x86_64", "x86"}));
  ASSERT_EQ(lists.groups.size(), 3U);
  EXPECT_EQ(lists.groups[0].names, (Names{"read", "write", "close"}));
  EXPECT_EQ(lists.groups[0].left.text, "allow");
  EXPECT_EQ(lists.groups[0].right.text, "errno EPERM");
  EXPECT_EQ(lists.groups[1].names, Names{"stat"});
  EXPECT_EQ(lists.groups[2].names, Names{"exit"}) << "the same number on another ABI";
  EXPECT_TRUE(lists.conditional.empty());
}

TEST(DifferenceLists, CountsNumbersWithoutAName) {
  const std::vector<bpf::Difference> differences = {difference(337, 425, kDenied)};
  const DifferenceLists lists = lists_of(differences, kNamed, Abi::kX86_64);
  ASSERT_EQ(lists.groups.size(), 1U);
  EXPECT_EQ(lists.groups[0].names, (Names{"pidfd_send_signal", "io_uring_setup"}));
  EXPECT_EQ(lists.groups[0].nameless, 425U - 337U + 1 - 2);
}

TEST(DifferenceLists, ShowsAnExampleWhereArgumentsMatter) {
  bpf::Difference made = difference(41, 41, kDenied);
  made.depends_on_arguments = true;
  made.witness.args = {17, 0, 3};
  const std::vector<bpf::Difference> differences = {difference(0, 0, kDenied), made};
  const DifferenceLists lists = lists_of(differences, kNamed, Abi::kX86_64);
  ASSERT_EQ(lists.conditional.size(), 1U);
  EXPECT_EQ(lists.conditional[0].heading, "x86_64");
  Names cells;
  for (const Cell& cell : lists.conditional[0].cells) cells.push_back(cell.text);
  EXPECT_EQ(cells, (Names{"socket", "allow", "/", "errno EPERM", "stricter", "e.g. socket(AF_PACKET, 0, 3)"}));
  ASSERT_EQ(lists.groups.size(), 1U);
  EXPECT_EQ(lists.groups[0].names, Names{"read"});
}

TEST(DifferenceLists, TellsWhatIsNoAbisApart) {
  const std::vector<bpf::Difference> differences = {difference(0, UINT32_MAX, kDenied, 4711)};
  EXPECT_EQ(lists_of(differences, kNamed, Abi::kX86_64).headings, Names{"other ABIs"});
  EXPECT_EQ(heading_of(difference(0x40000000, 0x40000000, 0).calls, kNamed), "x32");
  bpf::CallSet both = difference(1, 1, 0).calls;
  both.archs = {{AUDIT_ARCH_I386, AUDIT_ARCH_I386}, {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64}};
  EXPECT_EQ(heading_of(both, kNamed), "x86_64, x86");
  EXPECT_EQ(heading_of(both, {Abi::kArm}), "other ABIs");
}

TEST(CallsText, IsAsShortAsTheNamesAllow) {
  EXPECT_EQ(calls_text({0, UINT32_MAX}, Abi::kX86_64), "every call");
  EXPECT_EQ(calls_text({257, 257}, Abi::kX86_64), "openat");
  EXPECT_EQ(calls_text({1000, 1000}, Abi::kX86_64), "number 1000");
  EXPECT_EQ(calls_text({0, 2}, Abi::kX86_64), "read, write, open");
  EXPECT_EQ(calls_text({0, 12}, Abi::kX86_64), "13 calls from read to brk (0 to 12)");
  EXPECT_EQ(calls_text({337, 425}, Abi::kX86_64), "pidfd_send_signal, io_uring_setup (337 to 425)");
  EXPECT_EQ(calls_text({1000, 2000}, Abi::kX86_64), "numbers 1000 to 2000");
  EXPECT_EQ(calls_text({0, 2}, std::nullopt), "numbers 0 to 2");
}

TEST(RestrictTo, KeepsWhatConcernsTheAbi) {
  bpf::Comparison all;
  all.differences = {difference(1, 1, kDenied), difference(0x40000001, 0x40000001, kDenied),
                     difference(1, 1, kDenied, AUDIT_ARCH_I386)};
  for (const bpf::Difference& one : all.differences) all.undecided.push_back({one.calls, {}});
  const auto kept = [&](Abi abi) {
    bpf::Comparison result = all;
    restrict_to(abi, result);
    EXPECT_EQ(result.differences.size(), 1U);
    EXPECT_EQ(result.undecided.size(), 1U);
    return std::pair(result.differences.front().calls.archs.front().first,
                     result.differences.front().calls.numbers.first);
  };
  EXPECT_EQ(kept(Abi::kX86_64), std::pair(uint32_t{AUDIT_ARCH_X86_64}, 1U));
  EXPECT_EQ(kept(Abi::kX32), std::pair(uint32_t{AUDIT_ARCH_X86_64}, 0x40000001U));
  EXPECT_EQ(kept(Abi::kX86), std::pair(uint32_t{AUDIT_ARCH_I386}, 1U));
}

}  // namespace
}  // namespace sandbox::tool
