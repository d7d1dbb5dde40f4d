#include "resolve/landlock/refer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

namespace sandbox::resolve {
namespace {

using namespace arch::file_right;

constexpr FileId kRoot{1, 2};
constexpr FileId kFrom{1, 10};
constexpr FileId kTo{1, 20};
constexpr FileId kFile{1, 30};
constexpr arch::FileRights kMoves = kRefer | kMakeReg | kRemoveFile;

PlacedRuleset layer(std::map<FileId, arch::FileRights> files) {
  PlacedRuleset layer;
  layer.handled_files = kAll;
  layer.files = std::move(files);
  return layer;
}

Refer move() {
  return {{{kFrom, kRoot}, kFile, S_IFREG}, {{kTo, kRoot}, std::nullopt, 0}};
}

void expect_denial(const std::vector<PlacedRuleset>& layers, const Refer& refer, size_t index, arch::FileRights missing,
                   bool at_source, int error) {
  const auto denial = judge_refer(layers, refer);
  ASSERT_TRUE(denial);
  EXPECT_EQ(denial->layer, index);
  EXPECT_EQ(denial->missing, missing);
  EXPECT_EQ(denial->at_source, at_source);
  EXPECT_EQ(denial->error, error);
}

TEST(JudgeRefer, NeedsTheRightsOfBothDirectories) {
  EXPECT_FALSE(judge_refer(std::vector{layer({{kFrom, kMoves}, {kTo, kMoves}})}, move()));
  expect_denial({layer({{kFrom, kMoves}, {kTo, kRefer}})}, move(), 0, kMakeReg, false, EACCES);
  expect_denial({layer({{kFrom, kRefer}, {kTo, kMoves}})}, move(), 0, kRemoveFile, true, EACCES);
}

TEST(JudgeRefer, IsACrossedDeviceWithoutRefer) {
  expect_denial({layer({{kFrom, kMoves & ~kRefer}, {kTo, kMoves}})}, move(), 0, kRefer, true, EXDEV);
  expect_denial({layer({{kFrom, kMoves}, {kTo, kMoves & ~kRefer}})}, move(), 0, kRefer, false, EXDEV);
}

TEST(JudgeRefer, CountsTheRootsRuleOnlyOnItsOwnMount) {
  const std::vector layers = {layer({{kFrom, kMoves}, {kTo, kMoves | kExecute}, {kRoot, kExecute}})};
  Refer refer = move();
  expect_denial(layers, refer, 0, kRefer, false, EXDEV);
  refer.on_root_mount = true;
  EXPECT_FALSE(judge_refer(layers, refer));
}

TEST(JudgeRefer, NoFileComesToWhereMoreCanBeDoneWithIt) {
  const PlacedRuleset more = layer({{kFrom, kMoves}, {kTo, kMoves | kExecute}});
  expect_denial({more}, move(), 0, kRefer, false, EXDEV);
  PlacedRuleset also_file = more;
  also_file.files[kFile] = kExecute;  // It could be done before.
  EXPECT_FALSE(judge_refer(std::vector{also_file}, move()));
  const PlacedRuleset of_directories = layer({{kFrom, kMoves}, {kTo, kMoves | kReadDir}});
  EXPECT_FALSE(judge_refer(std::vector{of_directories}, move()));  // Nothing that a file has.
}

TEST(JudgeRefer, WithinOneDirectoryNeedsNoRefer) {
  Refer rename = move();
  rename.to.directory = rename.from.directory;
  EXPECT_FALSE(judge_refer(std::vector{layer({{kFrom, kMakeReg | kRemoveFile}})}, rename));
  expect_denial({layer({{kFrom, kMakeReg}})}, rename, 0, kRemoveFile, false, EACCES);
}

TEST(JudgeRefer, EveryLayerDeniesReferWhereOneHandlesFiles) {
  PlacedRuleset ports;
  ports.handled_ports = arch::port_right::kAll;
  EXPECT_FALSE(judge_refer(std::vector{ports}, move()));
  expect_denial({layer({{kRoot, kAll}}), ports}, move(), 1, kRefer, false, EXDEV);
}

TEST(JudgeRefer, ALinkRemovesNothingAndAnExchangeMakesBoth) {
  Refer link = move();
  link.link = true;
  EXPECT_FALSE(judge_refer(std::vector{layer({{kFrom, kRefer}, {kTo, kRefer | kMakeReg}})}, link));
  Refer exchange = move();
  exchange.exchange = true;
  exchange.to.file = FileId{1, 40};
  exchange.to.mode = S_IFDIR;
  const auto rights = kMoves | kMakeDir | kRemoveDir;
  EXPECT_FALSE(judge_refer(std::vector{layer({{kFrom, rights}, {kTo, rights}})}, exchange));
  expect_denial({layer({{kFrom, kMoves}, {kTo, rights}})}, exchange, 0, kMakeDir, true, EACCES);
}

}  // namespace
}  // namespace sandbox::resolve
