#include "scan/priority_protection.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "scan/values.h"

namespace sandbox::scan {
namespace {

constexpr std::string_view kProtocolFunctions[] = {"pthread_mutexattr_setprotocol", "pthread_mutexattr_setprioceiling",
                                                   "pthread_mutex_setprioceiling"};
/// What begins so takes mutexes.
constexpr std::string_view kMutexFunctions[] = {"pthread_mutex_", "pthread_cond_", "mtx_", "cnd_"};

class Question {
 public:
  Question(const Image& image, const Reachability& reach, const Exits& exits)
      : image_(image),
        reach_(reach),
        exits_(exits),
        libc_(image.find_file("libc.so.6")),
        search_(reach, ValueSearch::Of::kArguments) {}

  [[nodiscard]] bool may_have_ceilings() {
    if (!libc_) return true;
    const auto is_protocol = [](std::string_view name) { return std::ranges::count(kProtocolFunctions, name) != 0; };
    const auto is_mutex = [](std::string_view name) {
      return std::ranges::any_of(kMutexFunctions, [&](std::string_view begin) { return name.starts_with(begin); });
    };
    if (is_named(is_protocol)) return true;
    return is_named(is_mutex) && may_share_memory();
  }

 private:
  [[nodiscard]] bool is_libcs(size_t file) const { return file == *libc_ || file == image_.loader(); }

  /// Whether a file other than libc refers to such a name, or asks dlsym for it.
  template <typename Predicate>
  [[nodiscard]] bool is_named(Predicate fits) const {
    for (size_t i = 0; i < image_.file_count(); ++i) {
      if (is_libcs(i)) continue;
      const auto refers = [&](const Symbol& symbol) { return !symbol.defined && fits(symbol.name); };
      if (std::ranges::any_of(image_.file(i).symbols, refers)) return true;
    }
    return std::ranges::any_of(exits_.looked_up(), fits);
  }

  [[nodiscard]] bool may_share_memory() {
    const auto elsewhere = [&](const KernelCall& call) { return !is_libcs(image_.file_of(call.address)); };
    if (std::ranges::any_of(reach_.kernel_calls(), elsewhere)) return true;
    const auto shares = [](uint64_t flags) { return (flags & MAP_SHARED) != 0; };
    const auto maps = [](uint64_t number) {
      return number == SYS_mmap || number == SYS_shmat || number == SYS_remap_file_pages;
    };
    const auto always = [](uint64_t) { return true; };
    return calls_with("mmap", kRcx, shares) || calls_with("mmap64", kRcx, shares) ||
           calls_with("syscall", kRdi, maps) || calls_with("shmat", kRdi, always);
  }

  /// Whether a file other than libc may call a function of libc's with such an argument.
  template <typename Predicate>
  [[nodiscard]] bool calls_with(std::string_view name, uint8_t argument, Predicate fits) {
    for (const uint64_t function : image_.find_in(*libc_, name)) {
      if (!reach_.functions().contains(function)) continue;
      if (reach_.has_unknown_callers(function)) return true;
      for (const uint64_t site : call_sites(reach_, function)) {
        if (is_libcs(image_.file_of(site))) continue;
        const Values values = search_.before(site, argument, 4);
        if (!values.complete || std::ranges::any_of(values.known, fits)) return true;
      }
    }
    return false;
  }

  const Image& image_;
  const Reachability& reach_;
  const Exits& exits_;
  std::optional<size_t> libc_;
  ValueSearch search_;
};

}  // namespace

std::vector<uint64_t> priority_functions(const Image& image) {
  const auto libc = image.find_file("libc.so.6");
  if (!libc) return {};
  const ElfFile& file = image.file(*libc);
  const uint64_t base = Image::base(*libc);
  constexpr std::array kNames = {"sched_getparam", "sched_getscheduler", "sched_get_priority_max",
                                 "sched_get_priority_min"};
  std::array<uint64_t, kNames.size()> callees = {};
  for (size_t i = 0; i < kNames.size(); ++i) {
    const auto addresses = image.find_in(*libc, kNames.at(i));
    if (addresses.size() != 1) return {};
    callees.at(i) = addresses.front();
  }
  std::vector<uint64_t> found;
  for (const FrameEntry& frame : file.frames) {
    unsigned called = 0;  // By bit: those of kNames.
    for (uint64_t at = frame.begin; at < frame.end;) {
      const auto instruction = decode(file.at(at), base + at);
      if (!instruction) break;
      at += instruction->length;
      const auto callee = std::ranges::find(callees, instruction->target);
      if (instruction->flow == Flow::kCall && callee != callees.end()) called |= 1U << (callee - callees.begin());
    }
    // Both that ask for the present priority, or both that ask for the limits: nptl/tpp.c.
    const bool fits = (called & 3U) == 3 || (called & 12U) == 12;
    const auto is_own = [&](const Symbol& symbol) { return symbol.defined && symbol.value == frame.begin; };
    if (fits && std::ranges::none_of(file.symbols, is_own)) found.push_back(base + frame.begin);
  }
  return found;
}

bool may_have_priority_ceilings(const Image& image, const Reachability& reach, const Exits& exits) {
  return Question(image, reach, exits).may_have_ceilings();
}

}  // namespace sandbox::scan
