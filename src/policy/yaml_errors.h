// Syntax errors of YAML, in words that say what to do.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/source_text.h"

namespace YAML {
class Exception;
}

namespace sandbox::policy {

struct SyntaxError {
  size_t offset = 0;
  std::string message;
};

/// What had been read when yaml-cpp gave up.
struct ParserState {
  std::optional<size_t> innermost_flow;  ///< Where the innermost '[' or '{' stands that is still open.
  std::optional<size_t> innermost;       ///< The same for any list or mapping.
  SourceRange last_scalar;
  bool last_scalar_quoted = false;
};

/// An error of yaml-cpp as one of ours.
SyntaxError translate(const SourceText& source, const YAML::Exception& exception, const ParserState& state);

/// "the closing quote (") is missing", for the quote that opened.
std::string missing_quote(char quote);

/// A directive ('%') that yaml-cpp would take or overlook without a word: behind the document's beginning, or without a
/// line '---' behind it.
std::optional<SyntaxError> find_stray_directive(const SourceText& source);

}  // namespace sandbox::policy
