// Filter files: a compiled program on disk, with what a launcher must know of it. sandbox-run(1), FILTER FILES, has the
// format; read_filter_file and write_filter_file are the only code that knows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bpf/validate.h"

namespace sandbox::bpf {

/// 1: the exec token led to "allow". 2: to a user notification.
inline constexpr uint16_t kFilterFileVersion = 2;

/// The most bytes that the name of the source may have.
inline constexpr size_t kMaxSourceName = 255;

/// An ABI as the kernel has it: AUDIT_ARCH_*, and the number from which its calls count, which tells x32 from x86_64.
struct FileAbi {
  uint32_t audit_arch = 0;
  uint32_t first_number = 0;
  bool operator==(const FileAbi&) const = default;
};

/// An instruction that waits for a word of the exec token.
struct FileTokenSite {
  uint16_t index = 0;
  uint16_t word = 0;
  bool operator==(const FileTokenSite&) const = default;
};

struct FilterFile {
  std::string source;                      ///< What it was compiled from, for messages: printable, maybe empty.
  FileAbi launcher;                        ///< Whose execve the token opens.
  std::vector<FileAbi> covered;            ///< The ABIs that the policy speaks about.
  uint32_t flags = 0;                      ///< SECCOMP_FILTER_FLAG_LOG, _SPEC_ALLOW, _TSYNC with _TSYNC_ESRCH.
  uint32_t ranges = 0;                     ///< How many stretches of numbers the ABIs were cut into.
  std::vector<FileTokenSite> token_sites;  ///< Sorted by index.
  ValidatedProgram program;
};

/// Why a file cannot be used: a sentence without its subject, "is cut short: ...".
struct FilterFileError {
  std::string message;
};

/// The largest that a filter file can be.
extern const size_t kMaxFilterFileBytes;

/// Whether the bytes claim to be a filter file. A damaged one still does unless it was damaged at both ends.
bool claims_to_be_filter_file(std::string_view bytes);

/// The bytes of a filter file. Preconditions: what read_filter_file checks.
std::string write_filter_file(const FilterFile& file);

/// Reads a filter file. Anything wrong with it is an error: a version, flag or field that is not known, a count that
/// does not fit, bytes that are left over, a checksum that is another, a program that `validate` does not accept. What
/// an ABI or a token site means is not looked at here.
Result<FilterFile, FilterFileError> read_filter_file(std::string_view bytes);

/// The checksum that a file ends in: CRC-32 as in gzip and Ethernet. Finds every change within 32 bits in a row.
uint32_t checksum(std::string_view bytes);

}  // namespace sandbox::bpf
