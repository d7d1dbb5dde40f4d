// What a template can ask for, by the word that stands between two '@' in it. An answer that ends with a newline takes
// the place of the whole line.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sandbox::generator {

using Answers = std::map<std::string, std::string>;

/// For the completions of "sandbox-run" or "sandbox-policy".
Answers completion_answers(std::string_view program);

/// For the JSON schemas of policies and expectations.
Answers schema_answers();

}  // namespace sandbox::generator
