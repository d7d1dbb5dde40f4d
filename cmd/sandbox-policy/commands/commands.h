// The commands, one file each. Every one returns the exit status; what it prints goes to `out`, and messages to `log`.
#pragma once

#include "base/log.h"
#include "sandbox-policy/options.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

int check(const Options& options, const Log& log, Output& out);
int show(const Options& options, const Log& log, Output& out);
int explain(const Options& options, const Log& log, Output& out);
int disasm(const Options& options, const Log& log, Output& out);
int diff(const Options& options, const Log& log, Output& out);
int test(const Options& options, const Log& log, Output& out);
int convert(const Options& options, const Log& log, Output& out);
int compile(const Options& options, const Log& log, Output& out);
int record(const Options& options, const Log& log, Output& out);
int scan(const Options& options, const Log& log, Output& out);
int list(const Options& options, const Log& log, Output& out);
int audit(const Options& options, const Log& log, Output& out);

}  // namespace sandbox::tool
