#include "sandbox-policy/xml.h"

#include "base/text.h"

namespace sandbox::tool {

std::string xml_text(std::string_view text) {
  constexpr std::string_view kNonCharacters[] = {"\xEF\xBF\xBE", "\xEF\xBF\xBF"};
  std::string out;
  const std::string shown = printable(text, std::string_view::npos);
  for (size_t i = 0; i < shown.size(); ++i) {
    const std::string_view rest = std::string_view(shown).substr(i, 3);
    if (rest == kNonCharacters[0] || rest == kNonCharacters[1]) {
      out += rest == kNonCharacters[0] ? "\\ufffe" : "\\uffff";
      i += 2;
      continue;
    }
    switch (shown[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += shown[i];
    }
  }
  return out;
}

}  // namespace sandbox::tool
