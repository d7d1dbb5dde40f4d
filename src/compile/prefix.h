// Instructions that are laid in front of a program that stays as it is.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "bpf/assembler.h"
#include "compile/compile.h"

namespace sandbox::compile {

/// Builds them: make nodes with `assembler`, let the calls that are not decided continue at `program()`, and finish
/// with the node at which all calls begin.
class Prefix {
 public:
  /// Which registers the way to the program has written. It finds both as the kernel hands them to it.
  enum class Written : uint8_t { kA, kAAndX };

  explicit Prefix(const Filter& filter);

  [[nodiscard]] bpf::Assembler& assembler() { return assembler_; }
  [[nodiscard]] bpf::Assembler::Node program(Written written);

  /// The whole: `root` and what is reachable from it, then the program. Marks are token sites, as compile_token_check
  /// makes them. The error: there are too many instructions for one filter.
  Result<Filter, CompileError> finish(bpf::Assembler::Node root);

 private:
  const Filter& filter_;
  bpf::Assembler assembler_;
  bpf::Assembler::Node behind_;
};

}  // namespace sandbox::compile
