// What scan prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "sandbox-policy/commands/code_comparison.h"
#include "sandbox-policy/output.h"
#include "scan/scan.h"

namespace sandbox::tool {

/// "openat", or "number 999 of x86_64".
std::string call_name(const scan::FoundCall& call);

void print_scan(const scan::ScanResult& result, const std::optional<CodeComparison>& policy, Output& out);
std::string scan_json(const scan::ScanResult& result, const std::optional<CodeComparison>& policy);

/// What is not known of the program's calls, if anything is not.
void print_unknown(const scan::ScanResult& result, Output& out);
/// check --program: a member "program" for one policy.
void add_code(Json& json, const CodeComparison& comparison, const scan::ScanResult& result);

/// Why the code can make a call; `json`: for programs.
void print_chain(const scan::ScanResult& result, const scan::FoundCall& call, bool json, Output& out);

}  // namespace sandbox::tool
