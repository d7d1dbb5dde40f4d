// Which calls a program can make: its files, what of their code can run, and the numbers at its calls to the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "arch/abi.h"
#include "arch/narrowed_arguments.h"
#include "base/result.h"
#include "scan/elf_file.h"

namespace sandbox::scan {

struct ScanOptions {
  std::vector<std::string> with;  ///< Libraries that the program loads while it runs, by path or name.
  bool with_nss = false;          ///< And those that /etc/nsswitch.conf names.
  bool full_loader = false;       ///< What the loader does beside starting a program, too.
  bool arguments = false;         ///< FoundCall::arguments, too.
  std::function<void(const std::string&)> progress;  ///< Is told what is done now; may be empty.
};

/// A place in code, as people find it: "libc.so.6: read+0x10".
struct CodePlace {
  std::string file;      ///< The path.
  std::string function;  ///< The nearest symbol in front; empty: none.
  uint64_t offset = 0;   ///< In the function, or in the file's image if there is none.

  [[nodiscard]] std::string text() const;
};

/// A way from an entry point to a call: the first is the entry's function.
struct ChainLink {
  CodePlace function;
  std::string how;  ///< How the function before leads to it, in words: "calls", "takes the address of" ...
};

/// What those arguments of a call can be that say what it is for (arch/narrowed_arguments.h).
struct FoundArguments {
  std::set<arch::NarrowedValues> values;  ///< No value covers another.
  std::vector<CodePlace> open;            ///< Behind these places an argument is not known.

  /// Whether nothing is known.
  [[nodiscard]] bool any() const { return values.contains(arch::NarrowedValues{}); }
};

struct FoundCall {
  arch::Abi abi = arch::Abi::kX86_64;
  uint32_t number = 0;
  std::vector<CodePlace> places;
  std::vector<ChainLink> chain;  ///< To the first of the places.
  /// None: the call has no such arguments, or they were not asked for.
  std::optional<FoundArguments> arguments;
  bool by_kernel = false;  ///< Not in the code: the kernel has signal handlers and interrupted sleeps end so.
};

/// Something that a scan cannot know.
struct Unknown {
  CodePlace place;
  std::string what;  ///< A clause: "the number of a call is not known".
};

/// Where the program leaves what was scanned.
struct Exit {
  enum class Kind : uint8_t {
    kLibrary,  ///< dlopen.
    kSymbol,   ///< dlsym, with a name that is not known.
    kNss,      ///< A function of libc that loads the libraries of /etc/nsswitch.conf.
    kProgram,  ///< execve.
    kCode,     ///< Memory is made executable: code that is made at run time.
  };
  Kind kind = Kind::kLibrary;
  CodePlace place;
  std::string what;  ///< What is loaded, where that is a constant; the function of NSS.
};

struct ScanResult {
  std::string program;
  std::vector<std::string> libraries;  ///< Paths, the loader among them.
  std::vector<FoundCall> calls;        ///< Sorted by ABI and number.
  std::vector<Unknown> unknown;
  std::vector<Exit> exits;
  std::vector<uint32_t> nameless;  ///< Numbers that no table has.
  size_t functions = 0;
};

/// Adds what another program can call, which the first one starts.
void merge(ScanResult& result, ScanResult further);

/// Scans a program. Nothing is executed; what is read is the program, its libraries and the loader's configuration.
Result<ScanResult, ScanError> scan_program(const std::string& path, const ScanOptions& options);

}  // namespace sandbox::scan
