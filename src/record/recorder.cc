#include "record/recorder.h"

#include <algorithm>
#include <utility>

#include "arch/abi.h"
#include "base/file.h"
#include "kernel/descriptors.h"
#include "kernel/probe.h"

namespace sandbox::record {
namespace {

using arch::Abi;

/// Whether it is the first thread of its process, by whose id the process goes: pidfd_open(2) takes no other. Much
/// quicker than asking /proc, and the recorded program waits.
bool leads_process(pid_t thread) {
  return kernel::open_process(thread).valid();
}

}  // namespace

/// A target's threads come in turns; the one that came last is known without looking.
kernel::Answer Recorder::decide(const kernel::Notification& notification, const kernel::StillValid& still_valid) {
  if (files_) files_->note(notification, still_valid);
  const compile::NotifiedCall call = {notification.call.arch, notification.call.number};
  if (!std::ranges::binary_search(uncounted_, call)) collector_.note(notification.call);
  if (notification.thread != last_thread_) note_thread(notification.thread);
  return {kernel::Answer::Kind::kAllow, 0};
}

void Recorder::record_files(std::vector<compile::NotifiedCall> uncounted) {
  files_.emplace();
  uncounted_ = std::move(uncounted);
}

void Recorder::note_thread(pid_t thread) {
  last_thread_ = thread;
  if (thread > 0 && threads_.insert(thread).second && leads_process(thread)) ++processes_;
}

Recording Recorder::recording() const {
  Recording recording = collector_.recording();
  const auto is_x32 = [](const RecordedCall& call) { return call.abi == Abi::kX32; };
  const bool tried = std::ranges::any_of(recording.calls, is_x32);
  if (tried && !kernel::runs_x32()) std::erase_if(recording.calls, is_x32);
  return recording;
}

}  // namespace sandbox::record
