// What a policy does with the calls that a program's code has: for scan --policy and check --program.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "resolve/rule_set.h"
#include "sandbox-policy/output.h"
#include "scan/scan.h"

namespace sandbox::tool {

/// The calls are those of the scan that was compared, which must outlive this.
struct CodeComparison {
  std::string policy;                          ///< Its name, printable.
  std::vector<const scan::FoundCall*> denied;  ///< Whatever the arguments.
  /// Allowed with some arguments alone; not where all that the code was found to have are allowed.
  std::vector<const scan::FoundCall*> conditional;
  std::vector<const scan::FoundCall*> absent;  ///< By a group or `kernel:` they get ENOSYS: programs do without them.
  std::vector<std::string> needless;           ///< Calls that are allowed, and that the code has not.
};

CodeComparison compare_with_code(const scan::ScanResult& result, const resolve::PolicyRules& rules, std::string name);

/// Whether the program may need more than the policy allows.
bool misses_calls(const CodeComparison& comparison, const scan::ScanResult& result);

void print_missed(const CodeComparison& comparison, Output& out);
void print_needless(const CodeComparison& comparison, Output& out);

}  // namespace sandbox::tool
