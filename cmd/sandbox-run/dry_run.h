// What --dry-run prints: what a launch would install.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compile/ready_filter.h"
#include "kernel/target.h"
#include "sandbox-run/load.h"
#include "sandbox-run/options.h"

namespace sandbox::launcher {

/// "10 ranges of numbers, 39 instructions"; of raw BPF the ranges are not known.
std::string size_of(const compile::ReadyFilter& ready);

/// To standard output, as text or with --json. `flags` are those of seccomp(2).
void print_dry_run(const Loaded& loaded, const Options& options, uint32_t flags,
                   const std::optional<kernel::Program>& program);

}  // namespace sandbox::launcher
