#include "arch/multiplexers.h"

#include <algorithm>

#include "arch/syscalls.h"

namespace sandbox::arch {
namespace {

constexpr std::string_view kSocketcall = "socketcall";
constexpr std::string_view kIpc = "ipc";

struct Row {
  std::string_view name;
  std::string_view multiplexer;
  uint32_t selector;
};

constexpr Row kRows[] = {
    {"socket", kSocketcall, 1},
    {"bind", kSocketcall, 2},
    {"connect", kSocketcall, 3},
    {"listen", kSocketcall, 4},
    {"accept", kSocketcall, 5},
    {"getsockname", kSocketcall, 6},
    {"getpeername", kSocketcall, 7},
    {"socketpair", kSocketcall, 8},
    {"send", kSocketcall, 9},
    {"recv", kSocketcall, 10},
    {"sendto", kSocketcall, 11},
    {"recvfrom", kSocketcall, 12},
    {"shutdown", kSocketcall, 13},
    {"setsockopt", kSocketcall, 14},
    {"getsockopt", kSocketcall, 15},
    {"sendmsg", kSocketcall, 16},
    {"recvmsg", kSocketcall, 17},
    {"accept4", kSocketcall, 18},
    {"recvmmsg", kSocketcall, 19},
    {"sendmmsg", kSocketcall, 20},
    {"semop", kIpc, 1},
    {"semget", kIpc, 2},
    {"semctl", kIpc, 3},
    {"semtimedop", kIpc, 4},
    {"msgsnd", kIpc, 11},
    {"msgrcv", kIpc, 12},
    {"msgget", kIpc, 13},
    {"msgctl", kIpc, 14},
    {"shmat", kIpc, 21},
    {"shmdt", kIpc, 22},
    {"shmget", kIpc, 23},
    {"shmctl", kIpc, 24},
    // What does the same work under another name, so that denying the one does not leave the other open: send is sendto
    // without an address, recv likewise, accept is accept4 without flags.
    {"sendto", kSocketcall, 9},
    {"recvfrom", kSocketcall, 10},
    {"accept4", kSocketcall, 5},
    {"recvmmsg_time64", kSocketcall, 19},
    {"semtimedop", kIpc, 1},  // semop is semtimedop without a timeout.
    {"semtimedop_time64", kIpc, 1},
    {"semtimedop_time64", kIpc, 4},
};

}  // namespace

std::vector<Multiplexed> multiplexed(Abi abi, std::string_view name) {
  std::vector<Multiplexed> found;
  for (const Row& row : kRows) {
    if (row.name != name || !number_of(abi, row.multiplexer)) continue;
    found.push_back({row.multiplexer, row.selector, row.multiplexer == kIpc ? 0xffff : UINT32_MAX});
  }
  return found;
}

bool has_multiplexers(Abi abi) {
  return number_of(abi, kSocketcall) || number_of(abi, kIpc);
}

std::vector<std::string_view> calls_behind(std::string_view multiplexer) {
  std::vector<std::string_view> names;
  for (const Row& row : kRows) {
    const bool known = std::find(names.begin(), names.end(), row.name) != names.end();
    if (row.multiplexer == multiplexer && !known) names.push_back(row.name);
  }
  return names;
}

}  // namespace sandbox::arch
