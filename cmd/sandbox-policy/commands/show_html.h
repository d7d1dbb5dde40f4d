// show and diff as one page of HTML that needs nothing beside itself: no network, no other file.
#pragma once

#include <string>
#include <vector>

#include "sandbox-policy/commands/diff_section.h"
#include "sandbox-policy/commands/difference_lists.h"
#include "sandbox-policy/commands/show_page.h"
#include "sandbox-policy/commands/show_summary.h"

namespace sandbox::tool {

/// One ABI's part of the page.
struct HtmlPart {
  const Page* page = nullptr;
  std::vector<Ability> abilities;
};

/// What a program can do, every call with what it gets and the line that says so, and the text with numbered lines.
/// Behind a call stands what the comment on its line says: in a recorded policy, how often it was made.
std::string html_of(const Input& input, std::string_view subtitle, const std::vector<HtmlPart>& parts);

/// The differences of two sides; `verdict` is a sentence.
std::string html_of(std::string_view left, std::string_view right, std::string_view verdict,
                    const DifferenceLists& lists, const std::vector<AccessDifference>& accesses);

}  // namespace sandbox::tool
