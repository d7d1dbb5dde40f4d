// Records what a supervised target does with files and TCP ports: which it reaches, and how.
#pragma once

#include <cstddef>
#include <string>

#include "kernel/bounded_task.h"
#include "kernel/watcher.h"
#include "record/file_uses.h"
#include "record/port_uses.h"

namespace sandbox::record {

class FileRecorder {
 public:
  /// Notes what the call is to do with files or a port. The caller waits meanwhile, as long as a timeout at most.
  void note(const kernel::Notification& notification, const kernel::StillValid& still_valid);
  /// The program that is started, by its path, and what execve(2) opens to start it.
  void note_program(const std::string& path);
  [[nodiscard]] const PortUses& ports() const { return ports_; }
  [[nodiscard]] FileUses& uses() { return uses_; }
  [[nodiscard]] const FileUses& uses() const { return uses_; }
  /// How many calls could not be followed: a file system did not answer in time, or the path could not be found.
  [[nodiscard]] size_t unknown() const { return unknown_; }

 private:
  kernel::BoundedTask task_;
  FileUses uses_;
  PortUses ports_;
  size_t unknown_ = 0;
};

}  // namespace sandbox::record
