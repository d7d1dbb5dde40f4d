// The scan of a program, for the commands that ask its code.
#pragma once

#include <string>

#include "base/log.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/options.h"
#include "sandbox-policy/output.h"
#include "scan/scan.h"

namespace sandbox::tool {

/// Scans a program as the options say, with a line of progress on a terminal. An error was printed.
Result<scan::ScanResult, Unusable> scan_for(const std::string& program, const Options& options, const Log& log);

/// explain --program: the shortest way from an entry point of the program to the call.
int explain_program(const Options& options, const Log& log, Output& out);

}  // namespace sandbox::tool
