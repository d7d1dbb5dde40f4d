// Colour in what people read on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sandbox {

/// What --color says.
enum class ColourChoice : uint8_t { kAuto, kAlways, kNever };

inline constexpr std::string_view kColourWords[] = {"auto", "always", "never"};  // As in ColourChoice.

enum class Colour : uint8_t { kNone, kBold, kDim, kRed, kGreen, kYellow, kCyan };

/// Whether what is written to a descriptor is to be coloured. Where that is left to us it is on a terminal, unless that
/// is a dumb one, or NO_COLOR is set to anything (no-color.org).
bool wants_colour(ColourChoice choice, int fd);

/// A line of a text and the marks below it, as format_excerpt() has them: the marks in a colour.
std::string with_painted_marks(Colour colour, std::string_view excerpt);

/// The text between the sequences of a colour.
std::string painted(Colour colour, std::string_view text);

}  // namespace sandbox
