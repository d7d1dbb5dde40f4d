#include "arch/landlock.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sandbox::arch {
namespace {

using namespace file_right;

constexpr std::array<LandlockBit, 17> kFileRights = {{{kExecute, "execute", 1},
                                                      {kWriteFile, "write_file", 1},
                                                      {kReadFile, "read_file", 1},
                                                      {kReadDir, "read_dir", 1},
                                                      {kRemoveDir, "remove_dir", 1},
                                                      {kRemoveFile, "remove_file", 1},
                                                      {kMakeChar, "make_char", 1},
                                                      {kMakeDir, "make_dir", 1},
                                                      {kMakeReg, "make_reg", 1},
                                                      {kMakeSock, "make_sock", 1},
                                                      {kMakeFifo, "make_fifo", 1},
                                                      {kMakeBlock, "make_block", 1},
                                                      {kMakeSym, "make_sym", 1},
                                                      {kRefer, "refer", 2},
                                                      {kTruncate, "truncate", 3},
                                                      {kIoctlDev, "ioctl_dev", 5},
                                                      {kResolveUnix, "resolve_unix", 9}}};

constexpr std::array<LandlockBit, 4> kPortRights = {{{port_right::kBindTcp, "bind_tcp", 4},
                                                     {port_right::kConnectTcp, "connect_tcp", 4},
                                                     {port_right::kBindUdp, "bind_udp", 10},
                                                     {port_right::kConnectSendUdp, "connect_send_udp", 10}}};

constexpr std::array<LandlockBit, 2> kScopes = {
    {{scope::kAbstractUnixSockets, "abstract_unix_sockets", 6}, {scope::kSignals, "signals", 6}}};

constexpr FileRights kWrite =
    kWriteFile | kTruncate | kMakeReg | kMakeDir | kMakeSym | kMakeFifo | kMakeSock | kRemoveFile | kRemoveDir | kRefer;

constexpr std::array<AccessWord, 6> kWords = {
    {{"read", kReadFile | kReadDir, 0, "read files, list directories"},
     {"write", kWrite, kIoctlDev, "write and truncate files; make, remove and move files and directories"},
     {"execute", kExecute, 0, "execute files"},
     {"ioctl", kIoctlDev, 0, "ioctl(2) on devices, such as terminals"},
     {"device", kMakeChar | kMakeBlock, 0, "make device files"},
     {"connect", kResolveUnix, 0, "connect to unix sockets by their path"}}};

/// include/uapi/linux/landlock.h and Documentation/userspace-api/landlock.rst, by ABI.
constexpr std::array<KernelVersion, kNewestLandlockAbi> kReleases = {
    {{5, 13}, {5, 19}, {6, 2}, {6, 7}, {6, 10}, {6, 12}, {6, 15}, {7, 0}, {7, 1}, {7, 2}}};

}  // namespace

std::span<const LandlockBit> file_rights() {
  return kFileRights;
}

std::span<const LandlockBit> port_rights() {
  return kPortRights;
}

std::span<const LandlockBit> scopes() {
  return kScopes;
}

uint64_t bits_of(std::span<const LandlockBit> table, int abi) {
  uint64_t bits = 0;
  for (const LandlockBit& bit : table) {
    if (bit.abi <= abi) bits |= bit.bit;
  }
  return bits;
}

std::vector<std::string_view> names_of(std::span<const LandlockBit> table, uint64_t bits) {
  std::vector<std::string_view> names;
  for (const LandlockBit& bit : table) {
    if ((bits & bit.bit) != 0) names.push_back(bit.name);
  }
  return names;
}

std::span<const AccessWord> access_words() {
  return kWords;
}

std::optional<AccessWord> find_access(std::string_view name) {
  if (const auto word = std::ranges::find(kWords, name, &AccessWord::name); word != kWords.end()) return *word;
  const auto right = std::ranges::find(kFileRights, name, &LandlockBit::name);
  if (right == kFileRights.end()) return std::nullopt;
  return AccessWord{right->name, right->bit, 0, ""};
}

std::string describe_access(FileRights rights) {
  std::vector<std::string_view> names;
  for (const AccessWord& word : kWords) {
    if ((rights & word.rights) != word.rights) continue;
    names.push_back(word.name);
    rights &= ~word.rights;
  }
  for (const std::string_view name : names_of(kFileRights, rights)) names.push_back(name);
  return join(names, ", ");
}

KernelVersion landlock_release(int abi) {
  return kReleases.at(static_cast<size_t>(abi) - 1);
}

}  // namespace sandbox::arch
