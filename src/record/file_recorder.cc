#include "record/file_recorder.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "arch/abi.h"
#include "kernel/caller.h"
#include "kernel/landlock_account.h"
#include "report/landlock_call.h"

namespace sandbox::record {
namespace {

constexpr std::chrono::milliseconds kTimeout{1000};
constexpr unsigned kMaxTimeouts = 20;  // After these nothing is followed any more.

struct Found {
  std::vector<kernel::LandlockUse> uses;
  std::optional<kernel::LandlockPortUse> port;
  bool known = true;
};

}  // namespace

void FileRecorder::note(const kernel::Notification& notification, const kernel::StillValid& still_valid) {
  const auto abi = arch::abi_of(notification.call.arch, notification.call.number);
  if (!abi) return;
  if (notification.thread <= 0 || task_.abandoned() >= kMaxTimeouts) {
    ++unknown_;
    return;
  }
  if (!report::is_landlock_call(*abi, notification.call.number)) return;
  auto found = std::make_shared<Found>();
  const bool in_time = task_.run(
      [abi = *abi, notification, found](const std::stop_token&) {
        const auto memory = kernel::blocking_memory_of(notification.thread);
        const auto call = report::landlock_call(abi, notification.call, memory);
        if (!call) return;
        auto account = kernel::account_of(kernel::CallerFiles(notification.thread), *call, {});
        found->known = account.ok();
        if (!account) return;
        found->uses = std::move(account->uses);
        found->port = account->port;
      },
      kTimeout);
  if (!in_time || !found->known) {
    ++unknown_;
  } else if (still_valid()) {
    for (const kernel::LandlockUse& use : found->uses) uses_.note(use);
    if (found->port) ports_.note(*found->port);
  }
}

void FileRecorder::note_program(const std::string& path) {
  report::LandlockCall call;
  call.kind = report::LandlockCall::Kind::kExecute;
  call.path.text = path;
  const auto account = kernel::account_of(kernel::CallerFiles(getpid()), call, {});
  if (!account) return;
  for (const kernel::LandlockUse& use : account->uses) uses_.note(use);
}

}  // namespace sandbox::record
