// Raw BPF from any tool: a file of struct sock_filter[], in the machine's byte order, and what a launcher puts in
// front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

/// A code of raw BPF is one byte in two: the other is NUL, which no policy has.
bool looks_like_raw_bpf(std::string_view bytes);

/// The program in raw BPF, as `validate` takes it.
Result<bpf::ValidatedProgram, UnusableFilter> read_raw_program(std::string_view bytes);

/// Reads raw BPF and makes a filter for a launcher. A return that a launch must not make is an error. Where the program
/// does not allow one of the launcher's own calls regardless of its arguments, a token check for these calls is put in
/// front. It changes the verdict on no other call, and no call leaves the kernel's cache for it.
Result<RawFilter, UnusableFilter> read_raw_filter(std::string_view bytes, arch::Abi launcher);

/// The ABIs whose value of seccomp_data.arch a program compares with; x32 if a number of its own is compared with.
std::vector<arch::Abi> abis_in(const bpf::Program& program);

/// The bytes of raw BPF. The exec token is no part of it: compile for no launcher.
std::string write_raw_filter(const bpf::ValidatedProgram& program);

}  // namespace sandbox::compile
