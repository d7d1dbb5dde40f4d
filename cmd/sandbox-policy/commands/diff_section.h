// diff: the accesses to files and ports that the landlock sections of two sides treat differently.
#pragma once

#include <string>
#include <vector>

#include "sandbox-policy/commands/difference_lists.h"
#include "sandbox-policy/file_access.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// A place from which on the sides differ, up to the places below it that are listed, too.
struct AccessDifference {
  std::string subject;  ///< "/etc", "connect_tcp to port 443".
  std::string left;     ///< What is allowed there, in words.
  std::string right;
  Direction direction = Direction::kOther;
  bool equal = false;  ///< The sides agree here, and do not above.
};

/// Compares what both sides allow at each place where a rule of either stands, and everywhere else: what a file is
/// allowed changes nowhere but at a rule. Empty: they are equal.
std::vector<AccessDifference> compare_sections(SectionLayers& left, SectionLayers& right);

void print_section_differences(const std::vector<AccessDifference>& differences, Output& out);

/// As a member "accesses".
void json_section_differences(const std::vector<AccessDifference>& differences, Json& json);

}  // namespace sandbox::tool
