#include "sandbox-policy/commands/show_html.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/condition_text.h"
#include "sandbox-policy/xml.h"

namespace sandbox::tool {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #1c1e21; --back: #ffffff; --soft: #f1f3f5; --line: #d5d9de; --dim: #6a727c;
  --good: #14692b; --some: #8a5a00; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --text: #e3e5e8; --back: #15171a; --soft: #1f2226; --line: #363b42;
  --dim: #99a1ab; --good: #6fd38a; --some: #e8b866; --bad: #ff8b80 } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: 0 } h2 { font-size: 1.15rem; margin-top: 2.2rem }
.subtitle, .dim { color: var(--dim) }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .25rem .6rem;
  border-bottom: 1px solid var(--line) } th { font-weight: 600; background: var(--soft) }
.call, pre, code { font-family: ui-monospace, monospace; font-size: .88rem }
.allow, .none, .stricter { color: var(--good) } .some, .other { color: var(--some) }
.deny, .all, .looser { color: var(--bad) }
input { font: inherit; padding: .35rem .6rem; width: 20rem; max-width: 100%; margin: .4rem 0 .8rem;
  border: 1px solid var(--line); background: var(--back); color: var(--text) }
pre { background: var(--soft); padding: .6rem 0; overflow-x: auto; line-height: 1.35 }
pre span { display: block; padding: 0 .8rem; white-space: pre } pre span:target { background: var(--line) }
pre span::before { content: attr(data-line); display: inline-block; width: 3.2em; color: var(--dim) }
)";

constexpr std::string_view kScript = R"(
for (const input of document.querySelectorAll('input')) {
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of document.getElementById(input.dataset.table).tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
    }
  });
}
)";

/// Pieces of markup. What is text goes through xml_text().
class Html {
 public:
  explicit Html(std::string_view title) {
    text_ = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    text_ += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; ";
    text_ += "script-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n";
    text_ += "<title>" + xml_text(title) + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n";
  }
  void raw(std::string_view markup) { text_ += markup; }
  void element(std::string_view name, std::string_view text, std::string_view attributes = "") {
    text_ += "<" + std::string(name) + (attributes.empty() ? "" : " ") + std::string(attributes) + ">" +
             xml_text(text) + "</" + std::string(name) + ">";
  }
  void cell(std::string_view text, std::string_view style = "") {
    element("td", text, style.empty() ? "" : "class=\"" + std::string(style) + "\"");
  }
  std::string finish() {
    text_ += "<script>" + std::string(kScript) + "</script>\n</body>\n</html>\n";
    return std::move(text_);
  }

 private:
  std::string text_;
};

std::string_view style_of(policy::Action action) {
  switch (action) {
    case policy::Action::kAllow:
      return "allow";
    case policy::Action::kLog:
    case policy::Action::kTrace:
      return "some";
    default:
      return "deny";
  }
}

std::string_view style_of(Ability::Extent extent) {
  switch (extent) {
    case Ability::Extent::kNone:
      return "none";
    case Ability::Extent::kSome:
      return "some";
    case Ability::Extent::kAll:
      break;
  }
  return "all";
}

/// What the comment on the line says, of a clause that stands on a line of its own in YAML.
std::string comment_of(const resolve::Clause* clause, const policy::Policy& policy) {
  if (clause == nullptr || !clause->origin || policy.format != policy::Format::kBeats) return "";
  const std::string_view line = policy.source->line_at(clause->origin->range.offset);
  const size_t hash = line.find(" # ");
  return hash == std::string_view::npos ? "" : std::string(line.substr(hash + 3));
}

void add_origin(const resolve::Clause* clause, const Input& input, Html& html) {
  const std::string text = origin_text(clause, *input.policy);
  if (clause == nullptr || !clause->origin) {
    html.cell(text, "dim");
    return;
  }
  html.raw("<td><a href=\"#L" + std::to_string(line_of(*clause, *input.policy)) + "\">" + xml_text(text) + "</a></td>");
}

void add_call(const ListedCall& listed, const Page& page, const Input& input, Html& html) {
  const auto begin = [&](std::string_view name) {
    html.raw("<tr>");
    html.cell(std::to_string(listed.number), "dim");
    html.cell(name, "call");
  };
  if (!listed.by_rules) {
    begin(listed.name);
    html.cell(answers_text(listed, page.abi));
    html.raw("<td></td><td></td><td></td></tr>\n");
    return;
  }
  for (const resolve::Clause* clause : listed.chain.cases) {
    begin(listed.name);
    html.cell(resolve::verdict_text(clause->verdict, page.abi), style_of(clause->verdict.action));
    html.cell("if " + join(conditions_text(*clause, &*input.policy, page.abi, listed.number), " and "), "call");
    add_origin(clause, input, html);
    html.cell(comment_of(clause, *input.policy), "dim");
    html.raw("</tr>\n");
  }
  begin(listed.name);
  html.cell(resolve::verdict_text(listed.chain.otherwise, page.abi), style_of(listed.chain.otherwise.action));
  html.cell(listed.chain.cases.empty() ? "" : "otherwise", "dim");
  add_origin(listed.chain.last, input, html);
  html.cell(comment_of(listed.chain.last, *input.policy), "dim");
  html.raw("</tr>\n");
}

void add_part(const HtmlPart& part, const Input& input, Html& html) {
  const std::string abi(arch::info(part.page->abi).name);
  html.element("h2", "What a program can do (" + abi + ")");
  html.raw("\n<table>\n");
  for (const Ability& ability : part.abilities) {
    html.raw("<tr>");
    html.cell(ability.what);
    html.cell(ability.answer, style_of(ability.extent));
    html.raw("</tr>\n");
  }
  html.raw("</table>\n");
  html.element("h2", "Every call (" + abi + ")");
  html.raw("\n<input data-table=\"" + abi + "\" placeholder=\"a name, a verdict, a line\" aria-label=\"filter\">\n");
  html.raw("<table id=\"" + abi + "\"><thead><tr><th>number</th><th>call</th><th>gets</th><th>for</th>");
  html.raw("<th>by</th><th>note</th></tr></thead><tbody>\n");
  // What the policy names comes first, what is left to the default behind it.
  const auto named = [](const ListedCall& listed) { return listed.conditional() || listed.chain.last != nullptr; };
  for (const bool first : {true, false}) {
    for (const ListedCall& listed : part.page->calls) {
      if (named(listed) == first) add_call(listed, *part.page, input, html);
    }
  }
  html.raw("</tbody></table>\n");
}

void add_source(const SourceText& source, Html& html) {
  html.element("h2", "The text");
  html.raw("\n<pre>");
  const std::string& text = source.text();
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = std::to_string(++number);
    html.element("span", text.substr(begin, end - begin), "id=\"L" + line + "\" data-line=\"" + line + "\"");
    begin = end + 1;
  }
  html.raw("</pre>\n");
}

void add_heading(std::string_view title, std::string_view subtitle, Html& html) {
  html.element("h1", title);
  html.raw("\n");
  html.element("p", subtitle, "class=\"subtitle\"");
  html.raw("\n");
}

}  // namespace

std::string html_of(const Input& input, std::string_view subtitle, const std::vector<HtmlPart>& parts) {
  Html html(input.name);
  add_heading(input.name, subtitle, html);
  if (!input.enabled()) html.element("p", std::string(input.why_no_filter()) + ": it filters nothing", "class=\"all\"");
  for (const HtmlPart& part : parts) add_part(part, input, html);
  if (input.policy) add_source(*input.policy->source, html);
  return html.finish();
}

std::string html_of(std::string_view left, std::string_view right, std::string_view verdict,
                    const DifferenceLists& lists, const std::vector<AccessDifference>& accesses) {
  const std::string title = std::string(left) + " and " + std::string(right);
  Html html(title);
  add_heading(title, verdict, html);
  for (const std::string& heading : lists.headings) {
    html.element("h2", heading);
    html.raw("\n<table><thead><tr><th>calls</th><th>" + xml_text(left) + "</th><th>" + xml_text(right));
    html.raw("</th><th>the second is</th></tr></thead><tbody>\n");
    for (const AnswerGroup& group : lists.groups) {
      if (group.heading != heading) continue;
      std::vector<std::string> names = group.names;
      if (group.nameless > 0) names.push_back(plural(group.nameless, "number") + " that no call has");
      html.raw("<tr>");
      html.cell(join(names, ", "), "call");
      html.cell(group.left.text);
      html.cell(group.right.text);
      html.cell(word_of(group.direction), word_of(group.direction));
      html.raw("</tr>\n");
    }
    for (const ConditionalDifference& line : lists.conditional) {
      if (line.heading != heading) continue;
      std::vector<std::string> texts;
      for (const Cell& cell : line.cells) texts.push_back(cell.text);
      html.raw("<tr><td class=\"call\" colspan=\"4\">" + xml_text(join(texts, "  ")) + "</td></tr>\n");
    }
    html.raw("</tbody></table>\n");
  }
  if (!accesses.empty()) {
    html.element("h2", "Files and ports");
    html.raw("\n<table><tbody>\n");
    for (const AccessDifference& access : accesses) {
      html.raw("<tr>");
      html.cell(access.subject, "call");
      html.cell(access.left);
      html.cell(access.right);
      html.cell(access.equal ? "" : word_of(access.direction), access.equal ? "" : word_of(access.direction));
      html.raw("</tr>\n");
    }
    html.raw("</tbody></table>\n");
  }
  return html.finish();
}

}  // namespace sandbox::tool
