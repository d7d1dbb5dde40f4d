// Work that the supervised program can hold up, through its memory or its locks. A thread of its own does it, which is
// abandoned when the work exceeds its timeout.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace sandbox::kernel {

class BoundedTask {
 public:
  /// Long compared to what the work takes, short compared to what people wait for.
  static constexpr std::chrono::milliseconds kTimeout{200};

  BoundedTask() = default;
  BoundedTask(const BoundedTask&) = delete;
  BoundedTask& operator=(const BoundedTask&) = delete;
  ~BoundedTask();

  /// False: the work was not done in time and its thread is abandoned, or no thread could be started. Abandoned work
  /// may continue, so it must own what it touches, and ask its token before it does what must not be done too late. An
  /// exception ends it.
  bool run(std::function<void(const std::stop_token&)> work, std::chrono::milliseconds timeout = kTimeout);

  /// How many times work was abandoned.
  [[nodiscard]] unsigned abandoned() const { return abandoned_; }

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;  ///< With the thread; a new one after a thread was abandoned.
  unsigned abandoned_ = 0;
};

}  // namespace sandbox::kernel
