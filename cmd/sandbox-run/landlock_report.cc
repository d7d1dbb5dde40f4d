#include "sandbox-run/landlock_report.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "kernel/caller.h"
#include "kernel/file_ancestry.h"
#include "kernel/path_environment.h"
#include "kernel/process_tree.h"
#include "report/caller_memory.h"
#include "report/landlock_call.h"

namespace sandbox::launcher {
namespace {

using Kind = report::LandlockCall::Kind;

/// After that many timeouts nothing is judged any more: each holds up the program.
constexpr unsigned kMaxTimeouts = 20;

report::LandlockSuggestions::Kind kind_of(LandlockLayer::Kind kind) {
  switch (kind) {
    case LandlockLayer::Kind::kFile:
      return report::LandlockSuggestions::Kind::kFile;
    case LandlockLayer::Kind::kOptions:
      return report::LandlockSuggestions::Kind::kOptions;
    case LandlockLayer::Kind::kProfile:
      break;
  }
  return report::LandlockSuggestions::Kind::kProfile;
}

/// What the working thread finds out. It owns what it touches: it may be abandoned.
struct Found {
  std::optional<kernel::LandlockDenial> denial;
  int signalled = 0;  ///< The process that a call is to signal.
  bool judged = false;
  bool too_far = false;
};

void judge_in_thread(arch::Abi abi, const kernel::Notification& notification,
                     const std::vector<resolve::PlacedRuleset>& layers, Found& found) {
  const auto call = report::landlock_call(abi, notification.call, kernel::blocking_memory_of(notification.thread));
  found.judged = true;
  if (!call) return;  // Its path cannot be read: EFAULT.
  if (call->kind == Kind::kSignal) {
    found.signalled = call->process;
    return;
  }
  const kernel::CallerFiles caller(notification.thread);
  if (kernel::is_plainly_allowed(caller, *call, layers)) return;
  auto account = kernel::account_of(caller, *call, layers);
  if (account) found.denial = std::move(account->denial);
  found.too_far = !account && account.error() == kernel::kTooFar;
}

bool has_trace(arch::Abi abi, const bpf::SystemCall& call, const report::MemoryReader& memory) {
  const report::CallerMemory caller(abi, memory);
  const bool by_prctl = static_cast<uint32_t>(call.args[0]) == PR_SET_SECCOMP;
  if (by_prctl && static_cast<uint32_t>(call.args[1]) != SECCOMP_MODE_FILTER) return false;
  const uint64_t program = call.args[2];
  const auto length = caller.number(program, 2);
  const auto words = caller.words(program + caller.word_bytes(), 1);
  if (!length || words.empty() || *length > BPF_MAXINSNS) return false;
  std::vector<sock_filter> instructions(*length);
  const auto bytes = std::as_writable_bytes(std::span(instructions));
  if (memory(words.front(), bytes) != bytes.size()) return false;
  return std::ranges::any_of(instructions, [](const sock_filter& instruction) {
    const bool computed = instruction.code == (BPF_RET | BPF_A);
    const bool trace =
        instruction.code == (BPF_RET | BPF_K) && (instruction.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
    return computed || trace;
  });
}

}  // namespace

LandlockReporter::LandlockReporter(const Landlock& landlock, std::span<const compile::NotifiedCall> notified)
    : landlock_(landlock), notified_(notified) {
  const std::string home = kernel::path_environment("").home;
  auto layers = std::make_shared<Layers>();
  for (const LandlockLayer& layer : landlock_.layers) {
    suggestions_.emplace_back(kind_of(layer.kind), layer.name, home);
    layers->push_back(layer.ready.placed());
  }
  layers_ = std::move(layers);
  find_changing();
}

/// Asked once for each device: one file system has few rules, or many.
void LandlockReporter::find_changing() {
  std::map<uint64_t, bool> keeps;
  for (size_t i = 0; i < landlock_.layers.size(); ++i) {
    for (const kernel::OpenedPath& path : landlock_.layers[i].ready.paths) {
      const auto [known, is_new] = keeps.try_emplace(path.id.device, false);
      if (is_new) known->second = kernel::keeps_inode_numbers(path.fd.get());
      if (!known->second) changing_.push_back({i, &path, path.id});
    }
  }
}

/// Takes the numbers that the rules' files have now, beside those that they had. True if there is a new one.
bool LandlockReporter::follow_changes() {
  std::shared_ptr<Layers> layers;
  for (Changing& file : changing_) {
    const auto status = kernel::status_of(file.path->fd.get());
    if (!status || status->id == file.id) continue;
    file.id = status->id;
    if (!layers) layers = std::make_shared<Layers>(*layers_);
    (*layers)[file.layer].files[file.id] |= file.path->rights;
  }
  if (!layers) return false;
  layers_ = std::move(layers);
  return true;
}

bool LandlockReporter::watches(const bpf::SystemCall& call) const {
  if (std::ranges::binary_search(notified_, compile::NotifiedCall{call.arch, call.number})) return true;
  return !notified_.empty() && compile::installs_filter(call, arch::native_abi());
}

std::optional<kernel::LandlockDenial> LandlockReporter::judge(const kernel::Notification& notification) {
  const auto abi = arch::abi_of(notification.call.arch, notification.call.number);
  if (!abi || notification.thread <= 0 || task_.abandoned() >= kMaxTimeouts) {
    ++unjudged_;
    return std::nullopt;
  }
  const auto ask = [&](std::shared_ptr<const Layers> layers) {
    auto found = std::make_shared<Found>();
    const bool in_time =
        task_.run([abi = *abi, notification, layers = std::move(layers), found](const std::stop_token&) {
          judge_in_thread(abi, notification, *layers, *found);
        });
    return in_time && found->judged ? found : nullptr;
  };
  auto found = ask(layers_);
  if (found && found->denial && !found->denial->reason.path.empty() && follow_changes()) found = ask(layers_);
  if (!found) {
    ++unjudged_;
    return std::nullopt;
  }
  if (found->too_far) ++too_far_;
  if (found->signalled > 0) return judge_signal(found->signalled);
  return found->denial;
}

/// The sandbox is the supervisor's children, and theirs.
std::optional<kernel::LandlockDenial> LandlockReporter::judge_signal(int process) const {
  if (kernel::is_below(process, getpid()).value_or(true)) return std::nullopt;
  for (size_t i = 0; i < layers_->size(); ++i) {
    if (((*layers_)[i].scopes & arch::scope::kSignals) == 0) continue;
    kernel::LandlockDenial denial;
    denial.layer = i;
    denial.error = EPERM;
    denial.reason.scopes = arch::scope::kSignals;
    return denial;
  }
  return std::nullopt;
}

bool LandlockReporter::installs_trace(const kernel::Notification& notification) {
  const auto abi = arch::abi_of(notification.call.arch, notification.call.number);
  if (!abi || !compile::installs_filter(notification.call, arch::native_abi())) return false;
  return has_trace(*abi, notification.call, kernel::memory_of(notification.thread, task_));
}

bool LandlockReporter::note(const kernel::LandlockDenial& denial) {
  ++count_;
  return suggestions_[denial.layer].note(denial.reason);
}

bool LandlockReporter::note_foreign(const kernel::LandlockDenial& denial) {
  ++count_;
  return foreign_.size() < report::LandlockSuggestions::kMaxPaths &&
         foreign_.insert(report::reason_text(denial.reason)).second;
}

bool LandlockReporter::makes_domain(const bpf::SystemCall& call) {
  const auto abi = arch::abi_of(call.arch, call.number);
  return abi && arch::name_of(*abi, call.number) == "landlock_restrict_self";
}

std::string LandlockReporter::suggestion_text() const {
  std::string text;
  for (const report::LandlockSuggestions& one : suggestions_) text += one.text();
  return text;
}

void LandlockReporter::add_descriptors(std::vector<int>& all) const {
  for (const LandlockLayer& layer : landlock_.layers) {
    for (const kernel::OpenedPath& path : layer.ready.paths) all.push_back(path.fd.get());
  }
}

}  // namespace sandbox::launcher
