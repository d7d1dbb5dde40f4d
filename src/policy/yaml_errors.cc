#include "policy/yaml_errors.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/exceptions.h>

#include <algorithm>
#include <string_view>

#include "base/diagnostic.h"

namespace sandbox::policy {
namespace {

/// The first tab in the indentation of the line at `offset`.
std::optional<size_t> tab_in_indentation(const SourceText& source, size_t offset) {
  const std::string_view line = source.line_at(offset);
  const size_t tab = line.substr(0, line.find_first_not_of(" \t")).find('\t');
  if (tab == std::string_view::npos) return std::nullopt;
  return static_cast<size_t>(line.data() - source.text().data()) + tab;
}

std::string line_number(const SourceText& source, size_t offset) {
  return std::to_string(source.locate(offset).line);
}

/// Whether nothing but blanks stands between the end of a quoted scalar and `offset`.
bool follows_quoted_scalar(const SourceText& source, size_t offset, const ParserState& state) {
  const size_t end = state.last_scalar.offset + state.last_scalar.length;
  const std::string_view rest = std::string_view(source.text()).substr(offset);
  if (!state.last_scalar_quoted || end > offset || rest.find_first_not_of(" \t\r\n") != 0) return false;
  return source.text().find_first_not_of(" \t", end) >= offset;
}

/// "the list that '[' opened on line 5", for a flow collection that is not closed.
std::string open_flow(const SourceText& source, const ParserState& state, std::string_view what) {
  std::string text(what);
  if (state.innermost_flow) text += " opened on line " + line_number(source, *state.innermost_flow);
  return text + " does not end before this; expected ',' or ";
}

std::string alias_name(std::string_view text, size_t offset) {
  const std::string_view rest = text.substr(offset);
  return std::string(rest.substr(0, rest.find_first_of(" \t\r\n,]}:")));
}

std::string explain(const SourceText& source, size_t offset, const std::string& message, const ParserState& state) {
  const std::string_view text = source.text();
  const char found = offset < text.size() ? text[offset] : '\0';
  const bool line_begins = offset == 0 || text[offset - 1] == '\n';
  if (found == '@') return "a plain value cannot start with '@'; put it in quotes, as in \"@network-io\"";
  if (found == '`') return "a plain value cannot start with '`'; put it in quotes";
  if (found == '%' && !line_begins) return "a plain value cannot start with '%'; put it in quotes";
  if (message.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) {  // yaml-cpp 0.8 adds the name.
    return "the alias " + in_quotes(alias_name(text, offset)) + " has no anchor before it";
  }
  if (follows_quoted_scalar(source, offset, state)) {
    return "text behind a closing quote; the quoted text began on line " +
           line_number(source, state.last_scalar.offset);
  }
  if (message == YAML::ErrorMsg::MAP_VALUE) {
    return "a ': ' that no key stands before; wrong indentation, a value that needs quotes, or a ':' without a space "
           "behind it";
  }
  if (message == YAML::ErrorMsg::BLOCK_ENTRY) {
    return "a list entry ('- ') cannot stand here; start the list on a line of its own";
  }
  if (message == YAML::ErrorMsg::END_OF_SEQ_FLOW) return open_flow(source, state, "the list that '['") + "']'";
  if (message == YAML::ErrorMsg::END_OF_MAP_FLOW) return open_flow(source, state, "the mapping that '{'") + "'}'";
  if (message == YAML::ErrorMsg::END_OF_MAP) {
    return "this does not continue the mapping; expected a key at its indentation";
  }
  if (message == YAML::ErrorMsg::END_OF_SEQ) return "this does not continue the list; expected '- ' at its indentation";
  if (message == YAML::ErrorMsg::FLOW_END) return "a closing bracket that nothing opened";
  return "not valid YAML: " + printable(message);
}

}  // namespace

SyntaxError translate(const SourceText& source, const YAML::Exception& exception, const ParserState& state) {
  if (dynamic_cast<const YAML::DeepRecursion*>(&exception) != nullptr) {
    return {state.innermost.value_or(0), "the nesting is too deep"};
  }
  size_t offset = source.text().size();
  if (!exception.mark.is_null()) {
    offset = source.offset_of(static_cast<size_t>(exception.mark.line), static_cast<size_t>(exception.mark.column));
  }
  if (!state.innermost_flow) {  // Within brackets tabs do no harm.
    if (const auto tab = tab_in_indentation(source, offset)) {
      return {*tab, "a tab in the indentation; YAML is indented with spaces"};
    }
  }
  if (exception.msg == YAML::ErrorMsg::DOC_IN_SCALAR) {
    const size_t quote = source.text().find_first_of("\"'", state.last_scalar.offset + state.last_scalar.length);
    if (quote < offset) return {quote, missing_quote(source.text()[quote])};
  }
  return {offset, explain(source, offset, exception.msg, state)};
}

std::string missing_quote(char quote) {
  return std::string("the closing quote (") + quote + ") is missing";
}

std::optional<SyntaxError> find_stray_directive(const SourceText& source) {
  const std::string_view text = source.text();
  size_t directive = std::string_view::npos;
  bool started = false;  // By a line '---' or by contents.
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const size_t first = line.find_first_not_of(" \t\r");
    const bool empty = first == std::string_view::npos || line[first] == '#';
    if (line.starts_with('%')) {
      directive = std::min(directive, begin);
      if (started) break;
    } else if (!empty && !started) {
      if (directive != std::string_view::npos && !line.starts_with("---")) break;
      directive = std::string_view::npos;
      started = true;
    }
    begin = end + 1;
  }
  if (directive == std::string_view::npos) return std::nullopt;
  return SyntaxError{directive, "a directive ('%') must stand before a line '---' that starts the document"};
}

}  // namespace sandbox::policy
