// What a policy's text excepts from the warnings of lint(), in comments:
//
//     # check: allow opens-processes: tracers are what this policy is for
//     - ptrace
//
// The comment may also stand behind what it is for. In JSON it is the text of a key that is a comment, such as
// "_comment", and is for the object that has the key.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/policy.h"

namespace sandbox::resolve {

/// One id of one such comment.
struct Exception {
  std::string_view id;  ///< One of lint_kinds().
  SourceRange range;    ///< Of the id in the comment.
  SourceRange scope;    ///< What it is for: a line with all that is indented below it, or a JSON object.
};

/// The exceptions in the policy's text, in its order. Adds an error for a comment with an unknown id, without an id or
/// without a reason, and for the first one that is too many.
std::vector<Exception> read_exceptions(const policy::Policy& policy, Diagnostics& diagnostics);

/// Takes over into `diagnostics` those of `found` that no exception is for, and sets `used` for each exception that is
/// for one, by its index. Returns how many were left out.
size_t add_others(const Diagnostics& found, const std::vector<Exception>& exceptions, std::vector<bool>& used,
                  Diagnostics& diagnostics);

}  // namespace sandbox::resolve
