// On which calls two programs differ: a proof, not a sample.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bpf/paths.h"
#include "bpf/program.h"
#include "bpf/validate.h"

namespace sandbox::bpf {

/// The numbers from `first` to `last`.
struct Interval {
  uint32_t first = 0;
  uint32_t last = 0;
  auto operator<=>(const Interval&) const = default;
};

/// A set of calls: every number of an interval through every one of these values of seccomp_data.arch.
struct CallSet {
  std::vector<Interval> archs;  ///< Sorted and apart. More than one value: ABIs that both programs treat alike.
  Interval numbers;
};

/// What the programs answer to calls that they judge differently, as the kernel reads it.
struct Difference {
  CallSet calls;
  bool depends_on_arguments = false;  ///< Else it is so for all arguments. Words of the instruction pointer count too.
  /// One of the calls: through the first arch of theirs that the caller named, if there is one, and with their first
  /// number. With its other words it shows the difference for all of the set's archs and numbers.
  SystemCall witness;
  uint32_t left = 0;
  uint32_t right = 0;
};

/// Calls of which nothing is claimed: whether the programs differ on some of them hangs on what `obstacle` says.
struct Undecided {
  CallSet calls;
  Obstacle obstacle;
};

struct Comparison {
  /// Sorted by arch and number. For calls that differ by their arguments there is one for each pair of answers.
  std::vector<Difference> differences;
  std::vector<Undecided> undecided;
  /// False: there are more differences than were asked for, or than could be told apart with the work allowed. Those
  /// that are listed hold.
  bool complete = true;

  /// Whether no call gets different answers. This is exact.
  [[nodiscard]] bool equal() const { return differences.empty() && undecided.empty() && complete; }
};

/// The byte order of the arguments of calls through an arch.
struct ArchEndian {
  uint32_t arch = 0;
  Endian endian = Endian::kLittle;
};

struct DiffOptions {
  /// What witnesses need to know. Others are taken to be little-endian: no byte order matters to the comparison itself.
  std::span<const ArchEndian> archs;
  size_t max_differences = 4096;
  Limits limits;
};

/// Compares two programs on all calls.
Comparison diff(const ValidatedProgram& left, const ValidatedProgram& right, const DiffOptions& options = {});

}  // namespace sandbox::bpf
