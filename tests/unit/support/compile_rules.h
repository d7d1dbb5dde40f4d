// Compiling one policy, written short.
#pragma once

#include <utility>

#include "compile/compile.h"

namespace sandbox::testing {

/// The filter of one policy that covers several ABIs.
inline Result<compile::Filter, compile::CompileError> compile_rules(resolve::PolicyRules policy,
                                                                    const compile::CompileOptions& options = {}) {
  return compile::compile({&policy, 1}, options);
}

/// The filter of one policy that covers one ABI.
inline Result<compile::Filter, compile::CompileError> compile_rules(const resolve::RuleSet& rules,
                                                                    const compile::CompileOptions& options = {}) {
  return compile_rules(resolve::PolicyRules{rules}, options);
}

}  // namespace sandbox::testing
