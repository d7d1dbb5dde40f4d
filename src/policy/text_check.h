// What a policy's text must be before any parser sees it.
#pragma once

#include <cstddef>

#include "base/diagnostic.h"

namespace sandbox::policy {

/// The most bytes that a policy file may have.
inline constexpr size_t kMaxPolicyBytes = size_t{1024} * 1024;

/// The most bytes that several policies for one filter may have together.
inline constexpr size_t kMaxTogether = 8 * kMaxPolicyBytes;

/// Whether the text is UTF-8 whose lines end in LF or CRLF, without other control characters than tabs, and with a byte
/// order mark at most at its beginning. yaml-cpp would take other
/// encodings and stray bytes without a word (a NUL acts as an escape, a lone CR vanishes), and a name would be read
/// that is not in it. The first problem is added to `diagnostics`.
bool check_text(Diagnostics& diagnostics);

}  // namespace sandbox::policy
