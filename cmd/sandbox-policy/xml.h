// Text in XML documents.
#pragma once

#include <string>
#include <string_view>

namespace sandbox::tool {

/// The text as an attribute's value or as content: markup is escaped, and what XML 1.0 cannot hold (control characters,
/// invalid UTF-8, U+FFFE and U+FFFF) is written in printable characters.
std::string xml_text(std::string_view text);

}  // namespace sandbox::tool
