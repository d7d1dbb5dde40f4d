#include "kernel/errand.h"

#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace sandbox::kernel {

/// Where work is put and taken.
struct Errand::Desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void(const std::stop_token&)> work;
  bool done = true;
  std::stop_source left;  ///< Asked to stop: nobody waits any more.

  void serve() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // Signals are for the thread that waits.
    const std::stop_token token = left.get_token();
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return work || token.stop_requested(); });
      if (token.stop_requested()) return;
      const auto mine = std::exchange(work, nullptr);
      lock.unlock();
      try {
        mine(token);
      } catch (const std::exception&) {  // What it owes its result to is left as it was.
      }
      lock.lock();
      done = true;
      changed.notify_all();
    }
  }

  void leave() {
    const std::lock_guard lock(mutex);
    left.request_stop();
    changed.notify_all();
  }
};

Errand::~Errand() {
  if (desk_) desk_->leave();
}

bool Errand::run(std::function<void(const std::stop_token&)> work, std::chrono::milliseconds patience) {
  if (!desk_) {
    auto desk = std::make_shared<Desk>();
    // libc blocks signals while it makes a thread. Where that fails, it sets a mask that it has never read.
    sigset_t before;
    const bool known = pthread_sigmask(SIG_SETMASK, nullptr, &before) == 0;
    try {
      std::thread([desk] { desk->serve(); }).detach();
    } catch (const std::system_error&) {
      if (known) pthread_sigmask(SIG_SETMASK, &before, nullptr);
      return false;  // A limit on threads.
    }
    if (known) pthread_sigmask(SIG_SETMASK, &before, nullptr);
    desk_ = std::move(desk);
  }
  std::unique_lock lock(desk_->mutex);
  desk_->work = std::move(work);
  desk_->done = false;
  desk_->changed.notify_all();
  if (desk_->changed.wait_for(lock, patience, [&] { return desk_->done; })) return true;
  lock.unlock();
  desk_->leave();
  desk_.reset();
  ++left_behind_;
  return false;
}

}  // namespace sandbox::kernel
