// Text as wide as the terminal: that of --help above all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sandbox::command_line {

/// How many columns there are for text: those of the terminal on standard output, from 60 to 120, and 80 where that is
/// none.
size_t terminal_width();

/// The words of a text, whose own line breaks count as spaces, in lines of at most `width` columns that end with a
/// newline. No word is broken, so a longer one makes a longer line. All lines but the first begin with `indent` spaces,
/// and on the first `used` columns are taken already.
std::string wrapped(std::string_view text, size_t width, size_t indent = 0, size_t used = 0);

/// A row of a table: the description begins in `column`, or two spaces behind a `left` that is longer.
std::string help_row(std::string left, std::string_view description, size_t column, size_t width);

}  // namespace sandbox::command_line
