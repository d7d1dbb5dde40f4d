#include "fuzzer.h"

#include <errno.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace sandbox::fuzz {

size_t accepted = 0;

void fail(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
  std::abort();
}

void check_message(std::string_view message) {
  if (message.empty() || printable(message, 100'000) != message)
    fail("not one printable line: " + std::string(message));
}

void check_diagnostics(Diagnostics& diagnostics) {
  diagnostics.sort();
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    const std::string line = format_diagnostic(diagnostics.source(), diagnostic);
    check_message(diagnostic.message);
    const std::string excerpt = format_excerpt(diagnostics.source(), diagnostic);
    if (std::count(excerpt.begin(), excerpt.end(), '\n') > 1) fail("not two lines: " + excerpt);
    const bool of_nothing = diagnostic.message.starts_with("is empty: ");  // Then there is no place to name.
    if (diagnostic.severity == Severity::kError && !diagnostic.range && !of_nothing) {
      fail("an error without a place: " + line);
    }
    if (diagnostic.range && diagnostic.range->offset > diagnostics.source().text().size())
      fail("behind the text: " + line);
  }
}

}  // namespace sandbox::fuzz
