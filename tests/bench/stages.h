// The stages from a policy's text to its filter, one function each, as sandbox-run goes through them. What is wrong
// ends the program: the policies here are known to be good.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/source_text.h"
#include "compile/compile.h"
#include "policy/policy.h"
#include "resolve/rule_set.h"

namespace sandbox::bench {

using Source = std::shared_ptr<const SourceText>;

Source open_policy(const std::string& path);
policy::Policy read(const Source& source);
resolve::PolicyRules resolve(const policy::Policy& policy);
compile::Filter compile(std::span<const resolve::PolicyRules> policies, compile::Effort effort);

}  // namespace sandbox::bench
