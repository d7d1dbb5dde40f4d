// show --summary: what a program can do under a policy or filter, in lines that an administrator can sign.
#pragma once

#include <string>
#include <vector>

#include "arch/abi.h"
#include "bpf/program.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"
#include "sandbox-policy/output.h"

namespace sandbox::tool {

/// One ability.
struct Ability {
  enum class Extent : uint8_t { kNone, kSome, kAll };
  std::string_view key;   ///< In JSON: "programs".
  std::string_view what;  ///< "starts other programs".
  Extent extent = Extent::kNone;
  std::string answer;  ///< "yes", "no", or what of it.
};

/// What the program (see program_of()) lets a process of the ABI do, and what the input's landlock section leaves of
/// it. An ability counts if some arguments of a call that gives it are allowed.
std::vector<Ability> abilities_of(const Input& input, const bpf::ValidatedProgram& program, arch::Abi abi);

void print_abilities(const std::vector<Ability>& abilities, Output& out);

/// As a member "summary".
void json_abilities(const std::vector<Ability>& abilities, Json& json);

}  // namespace sandbox::tool
