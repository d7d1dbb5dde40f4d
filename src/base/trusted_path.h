// Whether other users could have written a file, or can put another one in its place.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace sandbox {

/// Why a file that `user` relies on may be another user's work; none if only root and `user` could have written it:
/// both own it and every folder above it, and neither group nor others may write these. In a folder with the sticky
/// bit, such as /tmp, others cannot touch what is not theirs. Symbolic links are followed, and each of them counts: its
/// owner, the folders that it stands in, and where it leads. Access control lists count as far as they show in the
/// group's bits.
///
/// The text goes on behind "FILE: ": "'/srv/x' may be written by its group (chmod go-w '/srv/x')".
std::optional<std::string> distrust(const std::string& path, uid_t user);

}  // namespace sandbox
