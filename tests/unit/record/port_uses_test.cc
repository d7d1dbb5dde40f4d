#include "record/port_uses.h"

#include <gtest/gtest.h>

#include <vector>

#include "policy/landlock_writer.h"

namespace sandbox::record {
namespace {

using namespace arch::port_right;

std::string text_of(const PortUses& uses, const std::optional<policy::PortLists>* earlier = nullptr) {
  policy::LandlockSection section;
  section.tcp = uses.lists(earlier);
  return policy::write_landlock(section);
}

policy::PortLists earlier_lists() {
  policy::PortLists lists;
  lists.connect = std::vector{policy::PortNumber{443, {}}};
  return lists;
}

TEST(PortUses, AreListsInWhichWhatWasNotUsedIsDenied) {
  PortUses uses;
  EXPECT_FALSE(uses.any());
  EXPECT_EQ(text_of(uses), "landlock:\n");
  uses.note({kConnectTcp, 443});
  uses.note({kConnectTcp, 80});
  uses.note({kConnectTcp, 443});
  EXPECT_EQ(text_of(uses), "landlock:\n  tcp: {connect: [80, 443], bind: []}\n");
  uses.note({kBindTcp, 8080});
  EXPECT_EQ(text_of(uses), "landlock:\n  tcp: {connect: [80, 443], bind: [8080]}\n");
}

TEST(PortUses, OnlyAddToAnEarlierSection) {
  PortUses uses;
  const std::optional<policy::PortLists> open;
  const std::optional<policy::PortLists> listed = earlier_lists();
  EXPECT_EQ(text_of(uses, &listed), "landlock:\n  tcp: {connect: [443]}\n");
  uses.note({kConnectTcp, 80});
  uses.note({kBindTcp, 8080});
  EXPECT_EQ(text_of(uses, &listed), "landlock:\n  tcp: {connect: [80, 443]}\n");
  EXPECT_EQ(text_of(uses, &open), "landlock:\n");
}

TEST(PortUses, LeaveOpenWhatWillBeAnotherPort) {
  PortUses uses;
  uses.note({kBindTcp, 0});
  uses.note({kConnectTcp, 80});
  EXPECT_EQ(text_of(uses), "landlock:\n  tcp: {connect: [80], bind: [0]}\n");
  EXPECT_EQ(uses.why_any_connection(), "");
  uses.note({kConnectTcp, 40123});
  EXPECT_EQ(text_of(uses), "landlock:\n  tcp: {bind: [0]}\n");
  EXPECT_EQ(uses.why_any_connection(),
            "the run connected to port 40123, which looks like one that the kernel chose, and will choose anew");
}

TEST(PortUses, LeaveOpenWhatAreTooMany) {
  PortUses uses;
  for (uint16_t port = 1; port <= PortUses::kMaxPorts; ++port) uses.note({kConnectTcp, port});
  EXPECT_EQ(uses.why_any_connection(), "");
  uses.note({kConnectTcp, 100});
  EXPECT_EQ(uses.why_any_connection(), "the run connected to more than 64 TCP ports");
  EXPECT_EQ(text_of(uses), "landlock:\n  tcp: {bind: []}\n");
  for (uint16_t port = 1; port <= PortUses::kMaxPorts + 1; ++port) uses.note({kBindTcp, port});
  EXPECT_EQ(uses.why_any_bind(), "the run bound more than 64 TCP ports");
  EXPECT_EQ(text_of(uses), "landlock:\n");
}

}  // namespace
}  // namespace sandbox::record
