// What Landlock makes of a file that is moved, or gets one more name.
//
// Beside the rights to make and to remove directory entries the kernel compares source and destination: no file may
// come to a place where more can be done with it (current_check_refer_path() in security/landlock/fs.c).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "resolve/landlock/evaluate.h"

namespace sandbox::resolve {

/// One side of a rename or a link.
struct ReferSide {
  Ancestry directory;          ///< Of the directory that has, or gets, the entry.
  std::optional<FileId> file;  ///< What is there; none: nothing.
  uint32_t mode = 0;           ///< Its type, as in struct stat.
};

struct Refer {
  ReferSide from;
  ReferSide to;
  bool link = false;           ///< The old name stays.
  bool exchange = false;       ///< RENAME_EXCHANGE.
  bool on_root_mount = false;  ///< Both sides are on the mount whose root the topmost directory is.
};

struct ReferDenial {
  size_t layer = 0;
  arch::FileRights missing = 0;  ///< kRefer alone: also where more could be done with the file at its new place.
  bool at_source = false;        ///< The directory that lacks the right: of the old name.
  int error = 0;                 ///< EACCES, or EXDEV for what programs take as the cue to copy.
};

/// Precondition: `from.file`, and with `exchange` also `to.file`.
std::optional<ReferDenial> judge_refer(std::span<const PlacedRuleset> layers, const Refer& refer);

/// The right to make an entry of this type.
arch::FileRights right_to_make(uint32_t mode);

}  // namespace sandbox::resolve
