// What a profile says of itself, in the comment at the top of its text.
#pragma once

#include <string>
#include <string_view>

namespace sandbox::profiles {

/// In the words of the text, each as one line; empty where the text does not say it.
//
//     # Starts no other program.       summary: the first line
//     #
//     # For:    parsers, and servers   for_whom
//     #         that ...
//     # Allows: ...
//     # Denies: ...
//     # Files:  --ro /etc/app         files, for a program whose files are known: options that can be given beside it
struct Description {
  std::string summary;
  std::string for_whom;
  std::string allows;
  std::string denies;
  std::string files;
};

Description describe(std::string_view text);

}  // namespace sandbox::profiles
