// What the unwinder knows of a file's functions: .eh_frame, and the landing pads of C++ and Rust.
#pragma once

#include <cstdint>
#include <vector>

#include "scan/elf_file.h"

namespace sandbox::scan {

/// The functions of .eh_frame, sorted. `header` is the address of .eh_frame_hdr, `section` that of .eh_frame itself; 0:
/// not known. What is damaged ends the list.
std::vector<FrameEntry> read_frames(const ElfFile& file, uint64_t header, uint64_t section);

/// Where the unwinder enters a function: the landing pads in its language data.
std::vector<uint64_t> landing_pads(const ElfFile& file, const FrameEntry& frame);

}  // namespace sandbox::scan
