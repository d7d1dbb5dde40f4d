// Work that somebody else can hold up: the supervised program, through its memory or its locks. It is done by a thread
// of its own, which is left behind where it takes too long.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace sandbox::kernel {

class Errand {
 public:
  /// Long against what it takes, short against what people wait for.
  static constexpr std::chrono::milliseconds kPatience{200};

  Errand() = default;
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;
  ~Errand();

  /// False: the work is not done in time, or there can be no thread. It may go on meanwhile, so it owns what it
  /// touches; an exception ends it; and it asks its token whether it was left behind before it does what must not be
  /// done too late.
  bool run(std::function<void(const std::stop_token&)> work, std::chrono::milliseconds patience = kPatience);

  /// How often work was not done in time.
  [[nodiscard]] unsigned left_behind() const { return left_behind_; }

 private:
  struct Desk;

  std::shared_ptr<Desk> desk_;  ///< Shared with the thread; a new one when a thread was left behind.
  unsigned left_behind_ = 0;
};

}  // namespace sandbox::kernel
