// A policy's text as the commands get it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "resolve/resolve.h"
#include "sandbox-policy/load.h"
#include "support/policy_text.h"

namespace sandbox::testing {

/// Of a text called "p.yml" without errors, on x86_64.
inline tool::Input policy_input(std::string yaml) {
  PolicyText text(std::move(yaml));
  policy::Environment environment;
  environment.native = arch::Abi::kX86_64;
  tool::Input input;
  input.name = "p.yml";
  input.policy = text.read(environment);
  if (input.policy) input.rules = resolve::resolve(*input.policy, environment.native, text.diagnostics());
  EXPECT_EQ(text.problems(), "");
  return input;
}

}  // namespace sandbox::testing
