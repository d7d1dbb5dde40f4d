// Raw BPF from any tool: a file of struct sock_filter[], in the machine's byte order, and what a launcher puts in
// front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "arch/abi.h"
#include "base/result.h"
#include "compile/compile.h"

namespace sandbox::compile {

/// Why a filter from a file cannot be used: a sentence without its subject, "is empty", or "instruction 3: ...".
struct UnusableFilter {
  std::string message;
};

struct RawFilter {
  Filter filter;
  size_t prefix = 0;  ///< How many instructions were put in front.
};

/// Reads raw BPF and makes a filter for a launcher. Where the program does not allow one of the launcher's own calls
/// whatever its arguments, a token check for these calls is put in front. It changes the verdict on no other call, and
/// no call leaves the kernel's cache for it.
Result<RawFilter, UnusableFilter> read_raw_filter(std::string_view bytes, arch::Abi launcher);

/// The bytes of raw BPF. The exec token is no part of it: compile for no launcher.
std::string write_raw_filter(const bpf::ValidatedProgram& program);

}  // namespace sandbox::compile
