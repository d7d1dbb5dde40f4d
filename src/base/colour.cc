#include "base/colour.h"

#include <unistd.h>

#include <cstdlib>

namespace sandbox {
namespace {

const char* sequence(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kCyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

bool wants_colour(ColourChoice choice, int fd) {
  if (choice != ColourChoice::kAuto) return choice == ColourChoice::kAlways;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return (no_colour == nullptr || *no_colour == '\0') && !dumb && isatty(fd) == 1;
}

std::string with_painted_marks(Colour colour, std::string_view excerpt) {
  const size_t end = excerpt.rfind('\n');
  if (end == std::string_view::npos) return std::string(excerpt);
  return std::string(excerpt.substr(0, end + 1)) + painted(colour, excerpt.substr(end + 1));
}

std::string painted(Colour colour, std::string_view text) {
  if (colour == Colour::kNone || text.empty()) return std::string(text);
  return sequence(colour) + std::string(text) + "\x1b[0m";
}

}  // namespace sandbox
