// Pieces of text that messages are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace sandbox {

/// The parts with a separator between them: "read, write". A projection makes text of parts that are none:
/// `join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; })`.
template <typename Parts, typename Projection = std::identity>
std::string join(const Parts& parts, std::string_view separator = ", ", Projection projection = {}) {
  std::string text;
  bool first = true;
  for (const auto& part : parts) {
    if (!std::exchange(first, false)) text += separator;
    text += std::invoke(projection, part);
  }
  return text;
}

/// The same as a sentence has them: "x86, arm and s390". `parts` has a size.
template <typename Parts, typename Projection = std::identity>
std::string join_with_and(const Parts& parts, Projection projection = {}) {
  std::string text;
  size_t left = parts.size();
  for (const auto& part : parts) {
    if (left != parts.size()) text += left == 1 ? " and " : ", ";
    text += std::invoke(projection, part);
    --left;
  }
  return text;
}

/// Whether the texts are equal but for the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// "1 call", "2 calls", "2 processes".
std::string plural(uint64_t count, std::string_view word);

/// "0x1f", with zeros in front up to `digits`.
std::string hex(uint64_t value, int digits = 1);

/// `text` fit for a one-line message: control characters and invalid UTF-8 become \n, \t or \xNN, invisible characters
/// \uNNNN, and what is longer than `limit` bytes ends in "...".
std::string printable(std::string_view text, size_t limit = 120);

/// The printable text between single quotes.
std::string in_quotes(std::string_view text, size_t limit = 120);

/// A file's name fit for a message, which ends in "..." only where no file can have such a name (PATH_MAX).
std::string printable_path(std::string_view path);

}  // namespace sandbox
