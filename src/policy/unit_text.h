// A systemd unit as text: sections, and assignments that may go on over several lines (systemd.syntax(7)).
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/source_text.h"

namespace sandbox::policy {

/// A piece of the text.
struct UnitPiece {
  std::string_view text;
  SourceRange range;
};

/// `Key=value` in a unit.
struct UnitAssignment {
  UnitPiece section;  ///< "Service"; empty before the first header.
  UnitPiece key;
  std::vector<UnitPiece> lines;  ///< The value: one piece a line that it goes on over, without the backslashes.
};

/// Whether the text looks like a unit: the first line that is no comment is a section's header.
bool looks_like_unit(std::string_view text);

/// Calls `take` for every assignment of `diagnostics.source()`, in order. What is none is an error: a line before it
/// may have lost the backslash at its end, and systemd would pass over what stands there.
void read_assignments(Diagnostics& diagnostics, const std::function<void(const UnitAssignment&)>& take);

/// The words of a value, split at blanks as systemd splits lists of names.
std::vector<UnitPiece> words_of(const UnitAssignment& assignment);

}  // namespace sandbox::policy
