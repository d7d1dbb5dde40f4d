// Records a supervised target: every call that waits is counted and allowed.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "compile/notify.h"
#include "kernel/watcher.h"
#include "record/file_recorder.h"
#include "record/recording.h"

namespace sandbox::record {

/// Counts all calls. A derived class decides what becomes of them at the end.
class Recorder : public kernel::Watcher {
 public:
  explicit Recorder(const CollectorOptions& options) : collector_(options) {}

  kernel::Answer decide(const kernel::Notification& notification, const kernel::StillValid& still_valid) final;

  /// Also records what is done with files. `uncounted`: calls that are notified for that alone, and are no part of the
  /// recording.
  void record_files(std::vector<compile::NotifiedCall> uncounted);
  /// Null: record_files() was not called.
  [[nodiscard]] const FileRecorder* files() const { return files_ ? &*files_ : nullptr; }
  FileRecorder* files() { return files_ ? &*files_ : nullptr; }

 protected:
  [[nodiscard]] uint64_t calls_seen() const { return collector_.seen(); }
  [[nodiscard]] size_t different_calls() const { return collector_.different(); }
  /// How many processes have made calls by their first threads. One whose pid an earlier one had is not told from it.
  [[nodiscard]] size_t processes() const { return processes_; }
  /// What was seen until now, without calls through an ABI that this kernel turns out not to run: it has answered them
  /// with ENOSYS, and so does the policy.
  [[nodiscard]] Recording recording() const;

 private:
  void note_thread(pid_t thread);

  Collector collector_;
  std::optional<FileRecorder> files_;
  std::vector<compile::NotifiedCall> uncounted_;
  pid_t last_thread_ = 0;
  std::unordered_set<pid_t> threads_;
  size_t processes_ = 0;
};

}  // namespace sandbox::record
