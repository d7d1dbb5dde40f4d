#include "scan/scan.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "arch/syscalls.h"
#include "base/text.h"
#include "scan/exits.h"
#include "scan/image.h"
#include "scan/joint_values.h"
#include "scan/named_rules.h"
#include "scan/places.h"
#include "scan/priority_protection.h"
#include "scan/reachability.h"
#include "scan/values.h"

namespace sandbox::scan {
namespace {

constexpr size_t kMaxPlaces = 20;
constexpr unsigned kMaxRounds = 50;
constexpr size_t kMaxChain = 64;
constexpr uint32_t kX32Bit = 0x40000000;
/// Kernels use these by themselves: handlers of signals return by the first, sleeps that a signal has interrupted go on
/// by the second.
constexpr std::string_view kKernels[] = {"rt_sigreturn", "restart_syscall"};

const char* how_of(Reason reason) {
  switch (reason) {
    case Reason::kCall:
      return "calls";
    case Reason::kJump:
      return "goes on in";
    case Reason::kAddress:
      return "takes the address of";
    case Reason::kPointer:
      return "uses data with the address of";
    case Reason::kLandingPad:
      return "is unwound into";
    case Reason::kEntry:
    case Reason::kLibrary:
      break;
  }
  return "";
}

/// Whether all calls with values of `narrow` are also ones with values of `wide`.
bool covers(const arch::NarrowedValues& wide, const arch::NarrowedValues& narrow) {
  for (size_t i = 0; i < wide.size(); ++i) {
    if (wide.at(i) && wide.at(i) != narrow.at(i)) return false;
  }
  return true;
}

void add(FoundArguments& arguments, const arch::NarrowedValues& values) {
  if (std::ranges::any_of(arguments.values, [&](const auto& old) { return covers(old, values); })) return;
  std::erase_if(arguments.values, [&](const auto& old) { return covers(values, old); });
  arguments.values.insert(values);
}

void add(FoundArguments& arguments, const CodePlace& place) {
  const auto same = [&](const CodePlace& old) { return old.text() == place.text(); };
  if (arguments.open.size() < kMaxPlaces && std::ranges::none_of(arguments.open, same)) arguments.open.push_back(place);
}

class Scanner {
 public:
  Scanner(Image& image, const ScanOptions& options)
      : image_(image), options_(options), reach_(image), joint_(reach_), places_(image) {}

  ScanResult run() {
    for (const uint64_t function : priority_functions(image_)) reach_.hold_back(function);
    add_entries();
    follow("following the code");
    // The loader's start comes last: what only it reaches is a group of its own.
    if (image_.loader()) {
      const size_t loader = *image_.loader();
      reach_.add_entry(Image::base(loader) + image_.file(loader).entry, Reason::kEntry, "the loader's start");
      // musl's looks up its own further stages by their names (ldso/dynlink.c).
      for (const char* name : {"__dls2b", "__dls3"}) {
        for (const uint64_t address : image_.find_in(loader, name))
          reach_.add_entry(address, Reason::kEntry, "the loader's start");
      }
      follow("following the loader");
    }
    find_calls();
    finish();
    return std::move(result_);
  }

 private:
  void say(const std::string& what) const {
    if (options_.progress) options_.progress(what);
  }

  // ---- Entries ----

  void add_entries() {
    reach_.add_entry(image_.file(0).entry, Reason::kEntry, "the program's start");
    if (!image_.is_code(image_.file(0).entry)) add_exports(0);  // Not a program, but a library.
    for (size_t i = 0; i < image_.file_count(); ++i) add_file_entries(i);
    if (!image_.loader()) return;
    // The loader looks these up by their names.
    for (const char* name : {"malloc", "calloc", "realloc", "free", "__libc_early_init"}) {
      for (const uint64_t address : image_.find(name)) reach_.add_entry(address, Reason::kEntry, "the loader");
    }
  }

  void add_file_entries(size_t index) {
    const ElfFile& file = image_.file(index);
    const uint64_t base = Image::base(index);
    for (const uint64_t function : file.init_functions) {
      reach_.add_entry(base + function, Reason::kEntry, "initialisation");
    }
    for (const auto& [array, size] : file.init_arrays) {
      for (const Pointer& pointer : image_.pointers_in({base + array, base + array + size})) {
        reach_.add_entry(pointer.target, Reason::kEntry, "initialisation");
      }
    }
    for (const Pointer& pointer : image_.pointers_in({base + file.thread_data.begin, base + file.thread_data.end})) {
      if (image_.is_code(pointer.target))
        reach_.add_entry(pointer.target, Reason::kEntry, "thread-local data");
      else
        reach_.add_object(pointer.target);
    }
    // What Go's linker left in a program is used: types and interfaces lead to it in ways of Go's own.
    for (const GoFunction& function : file.go_functions) {
      reach_.add_function(base + function.begin, Reason::kEntry, "Go's table of functions");
      reach_.sweep({base + function.begin, base + function.end}, base + function.begin);
    }
    if (image_.is_extra(index)) add_exports(index);
  }

  /// Of a library that is loaded, all functions may be called, by their names.
  void add_exports(size_t index) {
    const uint64_t base = Image::base(index);
    for (const Symbol& symbol : image_.file(index).symbols) {
      if (symbol.defined && image_.is_code(base + symbol.value)) {
        reach_.add_entry(base + symbol.value, Reason::kLibrary, "a library that is loaded");
      } else if (symbol.defined && image_.is_data(base + symbol.value)) {
        reach_.add_object(base + symbol.value);
      }
    }
  }

  // ---- Following ----

  /// Until nothing more is found: names that are given to dlsym lead further, and libraries that libc itself loads.
  void follow(const std::string& what) {
    for (unsigned round = 0; round < kMaxRounds; ++round) {
      say(what + ": " + plural(reach_.functions().size(), "function"));
      reach_.run();
      reach_.index();
      const size_t files = image_.file_count();
      bool more = exits_.follow_names(image_, reach_);
      if (!released_ && may_have_priority_ceilings(image_, reach_, exits_)) {
        released_ = true;
        more = reach_.release() || more;
      }
      for (size_t i = files; i < image_.file_count(); ++i) add_file_entries(i);
      if (!more && files == image_.file_count()) return;
    }
    result_.unknown.push_back({places_.at(image_.file(0).entry), "looks up names that lead to names without end"});
  }

  // ---- Calls ----

  void find_calls() {
    say("looking for numbers: " + plural(reach_.kernel_calls().size(), "place"));
    for (const uint64_t jump : reach_.unknown_jumps()) {
      result_.unknown.push_back({places_.at(jump), "jumps to code that is not known"});
    }
    for (const uint64_t place : reach_.unknown_code()) {
      result_.unknown.push_back({places_.at(place), "has an instruction that is not known"});
    }
    for (const OldCall& call : reach_.vsyscalls()) {
      constexpr uint32_t kNumbers[] = {96, 201, 309};  // gettimeofday, time, getcpu
      add_call(arch::Abi::kX86_64, kNumbers[call.target >> 10 & 3], {call.address, call.function, Flow::kCall}, false);
    }
    ValueSearch search(reach_);
    for (const KernelCall& call : reach_.kernel_calls()) {
      const Values values = search.before(call.address, kRax, 4);
      const auto abi = call.flow == Flow::kSyscall ? arch::Abi::kX86_64 : arch::Abi::kX86;
      const bool certain = values.complete && values.known.size() == 1;
      for (const uint64_t value : values.known) add_call(abi, static_cast<uint32_t>(value), call, certain);
      if (values.complete) continue;
      any_call_.push_back(call.address);
      std::string what = "makes a call whose number is not known";
      const CodePlace lost = places_.at(values.lost_at);
      if (values.lost_at != call.address) what += "; it comes from " + lost.text();
      result_.unknown.push_back({places_.at(call.address), what});
    }
  }

  void add_call(arch::Abi abi, uint32_t number, const KernelCall& call, bool certain) {
    const bool in_loader = image_.loader() && image_.file_of(call.address) == *image_.loader();
    const bool rare = in_loader && is_rare_call_of_loader(image_.file(*image_.loader()), number);
    if (rare && !options_.full_loader) return;
    if (abi == arch::Abi::kX86_64 && number >= kX32Bit && arch::name_of(arch::Abi::kX32, number)) abi = arch::Abi::kX32;
    if (!arch::name_of(abi, number)) {
      if (std::ranges::find(result_.nameless, number) == result_.nameless.end()) result_.nameless.push_back(number);
      return;
    }
    FoundCall& found = calls_[{abi, number}];
    found.abi = abi;
    found.number = number;
    if (found.places.size() < kMaxPlaces) found.places.push_back(places_.at(call.address));
    if (found.chain.empty()) found.chain = chain_to(call.function);
    if (options_.arguments) add_arguments(found, call, certain);
  }

  // ---- Arguments ----

  void add_arguments(FoundCall& found, const KernelCall& call, bool certain) {
    const auto narrowed = arch::narrowed_arguments(found.abi, *arch::name_of(found.abi, found.number));
    if (narrowed.empty()) return;
    if (!found.arguments) found.arguments.emplace();
    if (found.abi != arch::Abi::kX86_64) return open(*found.arguments, call.address);
    const JointValues values = joint_.at(call, found.number, certain, narrowed);
    for (const arch::NarrowedValues& each : values.values) add(*found.arguments, each);
    for (const uint64_t place : values.lost_at) add(*found.arguments, places_.at(place));
  }

  void open(FoundArguments& arguments, uint64_t place) {
    add(arguments, arch::NarrowedValues{});
    add(arguments, places_.at(place));
  }

  /// A call of which the number is not known may be any call, with any arguments.
  void open_for_unknown_calls() {
    for (auto& [key, call] : calls_) {
      if (!call.arguments) continue;
      for (const uint64_t place : any_call_) open(*call.arguments, place);
    }
  }

  std::vector<ChainLink> chain_to(uint64_t function) {
    std::vector<ChainLink> chain;
    for (size_t i = 0; i < kMaxChain && function != 0; ++i) {
      const auto reached = reach_.functions().find(function);
      if (reached == reach_.functions().end()) break;
      const ReachedFunction& how = reached->second;
      chain.push_back({places_.at(function), how.caller == 0 ? std::string(how.what) : how_of(how.reason)});
      function = how.caller;
    }
    std::ranges::reverse(chain);
    return chain;
  }

  void finish() {
    for (const std::string_view name : kKernels) {
      const uint32_t number = *arch::number_of(arch::Abi::kX86_64, name);
      FoundCall& found = calls_[{arch::Abi::kX86_64, number}];
      found.number = number;
      found.by_kernel = found.places.empty();
    }
    open_for_unknown_calls();
    for (auto& [key, call] : calls_) result_.calls.push_back(std::move(call));
    exits_.report(image_, reach_, places_, result_);
    result_.program = image_.file(0).path;
    for (size_t i = 1; i < image_.file_count(); ++i) result_.libraries.push_back(image_.file(i).path);
    result_.functions = reach_.functions().size();
    std::ranges::sort(result_.nameless);
  }

  Image& image_;
  const ScanOptions& options_;
  Reachability reach_;
  JointSearch joint_;
  Places places_;
  Exits exits_;
  bool released_ = false;  ///< What was held back.
  std::map<std::pair<arch::Abi, uint32_t>, FoundCall> calls_;
  std::vector<uint64_t> any_call_;  ///< Calls of which the number is not known.
  ScanResult result_;
};

}  // namespace

void merge(ScanResult& result, ScanResult further) {
  const auto same = [](const FoundCall& a, const FoundCall& b) { return a.abi == b.abi && a.number == b.number; };
  for (FoundCall& call : further.calls) {
    const auto known = std::ranges::find_if(result.calls, [&](const FoundCall& old) { return same(old, call); });
    if (known == result.calls.end()) {
      result.calls.push_back(std::move(call));
    } else {
      known->places.insert(known->places.end(), call.places.begin(), call.places.end());
      if (!call.arguments) continue;
      if (!known->arguments) known->arguments.emplace();
      for (const arch::NarrowedValues& values : call.arguments->values) add(*known->arguments, values);
      for (const CodePlace& place : call.arguments->open) add(*known->arguments, place);
    }
  }
  std::ranges::sort(result.calls, {}, [](const FoundCall& call) { return std::pair(call.abi, call.number); });
  const auto append = [](auto& to, auto& from) {
    for (auto& each : from) to.push_back(std::move(each));
  };
  append(result.unknown, further.unknown);
  append(result.exits, further.exits);
  append(result.nameless, further.nameless);
  result.libraries.push_back(further.program);
  for (std::string& library : further.libraries) {
    if (std::ranges::find(result.libraries, library) == result.libraries.end()) result.libraries.push_back(library);
  }
}

Result<ScanResult, ScanError> scan_program(const std::string& path, const ScanOptions& options) {
  std::vector<std::string> with = options.with;
  if (options.with_nss) {
    for (std::string& library : nss_libraries()) with.push_back(std::move(library));
  }
  auto image = Image::load(path, {with});
  if (!image) return image.error();
  return Scanner(*image, options).run();
}

}  // namespace sandbox::scan
