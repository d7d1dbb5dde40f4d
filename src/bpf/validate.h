// The kernel's checks on a filter, made before the kernel makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "bpf/program.h"

namespace sandbox::bpf {

/// Where and why a program is not one that seccomp(2) accepts.
struct InvalidProgram {
  size_t index = 0;     ///< The instruction, from 0.
  std::string message;  ///< One sentence without the index.
};

/// A program that the kernel's checks accept. Only `validate` makes one, and installing takes nothing else: the type is
/// the proof.
class ValidatedProgram {
 public:
  [[nodiscard]] const Program& instructions() const { return instructions_; }
  [[nodiscard]] size_t size() const { return instructions_.size(); }

 private:
  friend Result<ValidatedProgram, InvalidProgram> validate(Program program);
  explicit ValidatedProgram(Program program) : instructions_(std::move(program)) {}

  Program instructions_;
};

/// Checks what bpf_check_classic (net/core/filter.c) and seccomp_check_filter (kernel/seccomp.c) check: the length, the
/// codes, jumps within the program, aligned loads within struct seccomp_data, scratch words written before they are
/// read, constant shifts and divisors, and a return at the end.
Result<ValidatedProgram, InvalidProgram> validate(Program program);

}  // namespace sandbox::bpf
