// The functions of Go programs, which Go's own runtime finds by .gopclntab, also in stripped programs.
#pragma once

#include <vector>

#include "scan/elf_file.h"

namespace sandbox::scan {

/// The functions of a Go program, sorted; empty for other programs, and for tables of releases before Go 1.16.
std::vector<GoFunction> read_go_functions(const ElfFile& file);

}  // namespace sandbox::scan
