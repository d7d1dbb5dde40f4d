#include "kernel/bounded_task.h"

#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace sandbox::kernel {

/// What the caller's thread and the working thread share.
struct BoundedTask::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void(const std::stop_token&)> work;
  bool done = true;
  std::stop_source abandoned;  ///< Stop is requested when the caller no longer waits.

  void serve() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // Signals are for the thread that waits.
    const std::stop_token token = abandoned.get_token();
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return work || token.stop_requested(); });
      if (token.stop_requested()) return;
      const auto mine = std::exchange(work, nullptr);
      lock.unlock();
      try {
        mine(token);
      } catch (const std::exception&) {  // Its result stays as it was.
      }
      lock.lock();
      done = true;
      changed.notify_all();
    }
  }

  void abandon() {
    const std::lock_guard lock(mutex);
    abandoned.request_stop();
    changed.notify_all();
  }
};

BoundedTask::~BoundedTask() {
  if (shared_) shared_->abandon();
}

bool BoundedTask::run(std::function<void(const std::stop_token&)> work, std::chrono::milliseconds timeout) {
  if (!shared_) {
    auto shared = std::make_shared<Shared>();
    // libc blocks signals while it makes a thread. Where that fails, it sets a mask that it has never read.
    sigset_t before;
    const bool known = pthread_sigmask(SIG_SETMASK, nullptr, &before) == 0;
    try {
      std::thread([shared] { shared->serve(); }).detach();
    } catch (const std::system_error&) {
      if (known) pthread_sigmask(SIG_SETMASK, &before, nullptr);
      return false;  // A limit on threads.
    }
    if (known) pthread_sigmask(SIG_SETMASK, &before, nullptr);
    shared_ = std::move(shared);
  }
  std::unique_lock lock(shared_->mutex);
  shared_->work = std::move(work);
  shared_->done = false;
  shared_->changed.notify_all();
  if (shared_->changed.wait_for(lock, timeout, [&] { return shared_->done; })) return true;
  lock.unlock();
  shared_->abandon();
  shared_.reset();
  ++abandoned_;
  return false;
}

}  // namespace sandbox::kernel
