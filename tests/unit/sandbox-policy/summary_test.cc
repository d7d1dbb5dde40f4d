// Names of calls, put shortly.
#include "sandbox-policy/summary.h"

#include <gtest/gtest.h>

#include "arch/call_sets.h"
#include "arch/syscalls.h"

namespace sandbox::tool {
namespace {

std::set<std::string_view> members(std::string_view set) {
  std::set<std::string_view> names;
  const auto all = arch::members_of_set(set);
  for (const std::string_view name : *all) {
    if (arch::number_of(arch::Abi::kX86_64, name)) names.insert(name);
  }
  return names;
}

/// Every name that the summary stands for.
std::set<std::string_view> written_out(const Summary& summary) {
  std::set<std::string_view> names(summary.rest.begin(), summary.rest.end());
  for (const NamedSet& set : summary.sets) {
    std::set<std::string_view> own = members(set.name);
    for (const std::string_view missing : set.missing) own.erase(missing);
    names.merge(own);
  }
  return names;
}

TEST(Summary, NamesASetThatIsThereWhole) {
  const Summary summary = summarise(members("@network-io"), arch::Abi::kX86_64);
  ASSERT_EQ(summary.sets.size(), 1U);
  EXPECT_EQ(summary.sets[0].name, "@network-io");
  EXPECT_TRUE(summary.sets[0].missing.empty());
  EXPECT_TRUE(summary.rest.empty());
}

TEST(Summary, NamesWhatASetLacks) {
  std::set<std::string_view> names = members("@network-io");
  names.erase("listen");
  names.insert("brk");
  const Summary summary = summarise(names, arch::Abi::kX86_64);
  ASSERT_EQ(summary.sets.size(), 1U);
  EXPECT_EQ(summary.sets[0].missing, std::vector<std::string_view>{"listen"});
  EXPECT_EQ(summary.rest, std::vector<std::string_view>{"brk"});
}

TEST(Summary, StandsForTheSameNames) {
  std::set<std::string_view> names;
  size_t i = 0;
  for (const std::string_view name : arch::names_on(arch::Abi::kX86_64)) {
    if (++i % 7 != 0) names.insert(name);
  }
  EXPECT_EQ(written_out(summarise(names, arch::Abi::kX86_64)), names);
  const std::set<std::string_view> few = {"read", "socket", "mount"};
  EXPECT_TRUE(summarise(few, arch::Abi::kX86_64).sets.empty()) << "one name of a set is said by itself";
  EXPECT_EQ(written_out(summarise(few, arch::Abi::kX86_64)), few);
}

}  // namespace
}  // namespace sandbox::tool
