// Scalars as YAML text.
#pragma once

#include <string>
#include <string_view>

namespace sandbox::policy {

/// The text as a scalar that YAML reads back as this very text: plain where it is surely taken for a string, else
/// between double quotes.
std::string yaml_scalar(std::string_view text);

}  // namespace sandbox::policy
