#include "policy/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <string_view>

namespace sandbox::policy {
namespace {

using Kind = YamlNode::Kind;

/// A syntax error that yaml-cpp did not see; thrown through its parser and caught by `parse_yaml`.
struct SyntaxError {
  size_t offset;
  std::string message;
};

/// Reads from memory without copying.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // NOLINT: std::streambuf asks for it and never writes.
    setg(begin, begin, begin + text.size());
  }
};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// The place of a scalar behind its tag and anchor, at which yaml-cpp's mark may point instead.
size_t skip_properties(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    while (at < text.size() && !is_space(text[at])) ++at;
    while (at < text.size() && is_space(text[at])) ++at;
  }
  return at;
}

/// The offset behind the closing quote of the quoted scalar at `at`; none when the text ends first.
std::optional<size_t> end_of_quoted(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return i + 1;
      ++i;
    }
  }
  return std::nullopt;
}

/// Builds the tree from yaml-cpp's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const SourceText& source) : source_(source) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const size_t at = offset_of(mark);
    // yaml-cpp also begins a new document, without a word, where the indentation falls below that of the first.
    const bool marked = std::string_view(source_.text()).substr(at).starts_with("---");
    throw SyntaxError{at, marked ? "a second document starts here; a policy file has one"
                                 : "this line does not belong to what stands before it; is its indentation wrong?"};
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    (void)mark;
    (void)name;
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.range = {offset_of(mark), 1};
    node.anchored = anchor != 0;
    add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    (void)anchor;
    YamlNode node;
    node.kind = Kind::kAlias;
    node.range = {offset_of(mark), 1};
    add(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = Kind::kScalar;
    node.text = value;
    node.plain = tag == "?";
    node.anchored = anchor != 0;
    node.tagged = tag != "?" && tag != "!";
    const size_t at = skip_properties(source_.text(), offset_of(mark));
    const char first = at < source_.text().size() ? source_.text()[at] : '\0';
    size_t length = value.size();
    if (first == '"' || first == '\'') {
      const std::optional<size_t> end = end_of_quoted(source_.text(), at);
      if (!end) throw SyntaxError{at, std::string("the closing quote (") + first + ") is missing"};
      length = *end - at;
    }
    node.range = {static_cast<uint32_t>(at), static_cast<uint32_t>(length)};
    last_scalar_ = node.range.offset;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Kind::kSequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Kind::kMapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

  /// The document's root. Collections that are still open are closed as incomplete.
  std::optional<YamlNode> finish() {
    while (!open_.empty()) {
      open_.back().node.complete = false;
      close();
    }
    return std::move(root_);
  }

  /// Up to where what was read can be trusted, after a syntax error at `error`: not on its line, not in a flow
  /// collection that is still open, and not the last scalar, which may be a piece of something else.
  [[nodiscard]] uint32_t trusted_until(size_t error) const {
    const std::string_view line = source_.line_at(error);
    auto until = static_cast<uint32_t>(line.data() - source_.text().data());
    until = std::min(until, last_scalar_);
    for (const OpenNode& open : open_) {
      if (open.flow) until = std::min(until, open.node.range.offset);
    }
    return until;
  }

 private:
  struct OpenNode {
    YamlNode node;
    bool flow = false;
    std::optional<YamlNode> key;  ///< Of a mapping: a key that waits for its value.
  };

  [[nodiscard]] uint32_t offset_of(const YAML::Mark& mark) const {
    if (mark.line < 0 || mark.column < 0) return static_cast<uint32_t>(source_.text().size());
    return static_cast<uint32_t>(source_.offset_of(static_cast<size_t>(mark.line), static_cast<size_t>(mark.column)));
  }

  void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    OpenNode open;
    open.node.kind = kind;
    open.node.range = {offset_of(mark), 1};
    open.node.tagged = tag != "?" && tag != "!";
    open.node.anchored = anchor != 0;
    open.flow = style == YAML::EmitterStyle::Flow;
    open_.push_back(std::move(open));
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    std::optional<YamlNode> key = std::move(open_.back().key);
    if (key) {  // The syntax error stands where the key's value should.
      YamlNode cut_off;
      cut_off.range = key->range;
      cut_off.complete = false;
      node.entries.emplace_back(std::move(*key), std::move(cut_off));
    }
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      if (node.kind == Kind::kNull) node.range = parent.key->range;  // yaml-cpp marks a missing value anywhere.
      parent.node.entries.emplace_back(std::move(*parent.key), std::move(node));
      parent.key.reset();
    }
  }

  const SourceText& source_;
  std::vector<OpenNode> open_;
  std::optional<YamlNode> root_;
  uint32_t last_scalar_ = 0;
  int documents_ = 0;
};

/// A syntax error in words of ours, where yaml-cpp's would not help.
std::string explain_syntax_error(std::string_view line, char found, const std::string& message) {
  const size_t indentation = line.find_first_not_of(" \t");
  const bool tab_indented = line.substr(0, indentation).find('\t') != std::string_view::npos;
  if (tab_indented) return "a tab in the indentation; YAML is indented with spaces";
  if (found == '@') return "a plain value cannot start with '@'; put it in quotes, as in \"@network-io\"";
  if (found == '`') return "a plain value cannot start with '`'; put it in quotes";
  if (found == '%') return "a plain value cannot start with '%'; put it in quotes";
  if (message == YAML::ErrorMsg::MAP_VALUE)
    return "a ': ' that no key stands before; wrong indentation, or a value that needs quotes";
  if (message == YAML::ErrorMsg::BLOCK_ENTRY)
    return "a list entry ('- ') cannot stand here; start the list on a line of its own";
  if (message == YAML::ErrorMsg::END_OF_SEQ_FLOW)
    return "the list that '[' opened does not end before this; expected ',' or ']'";
  if (message == YAML::ErrorMsg::END_OF_MAP_FLOW)
    return "the mapping that '{' opened does not end before this; expected ',' or '}'";
  if (message == YAML::ErrorMsg::END_OF_MAP)
    return "this does not continue the mapping; expected a key at its indentation";
  if (message == YAML::ErrorMsg::END_OF_SEQ) return "this does not continue the list; expected '- ' at its indentation";
  if (message == YAML::ErrorMsg::FLOW_END) return "a closing bracket that nothing opened";
  if (message == YAML::ErrorMsg::UNKNOWN_ANCHOR) return "an alias for an anchor that was not given before";
  if (message.empty()) return "the nesting is too deep";
  return "not valid YAML: " + printable(message);
}

/// What yaml-cpp complains about, as an error of ours.
SyntaxError translate(const SourceText& source, const YAML::Exception& exception) {
  size_t offset = source.text().size();
  if (!exception.mark.is_null()) {
    offset = source.offset_of(static_cast<size_t>(exception.mark.line), static_cast<size_t>(exception.mark.column));
  }
  const char found = offset < source.text().size() ? source.text()[offset] : '\0';
  const bool too_deep = dynamic_cast<const YAML::DeepRecursion*>(&exception) != nullptr;
  const std::string message = too_deep ? "" : exception.msg;
  return {offset, explain_syntax_error(source.line_at(offset), found, message)};
}

}  // namespace

std::optional<YamlNode> parse_yaml(Diagnostics& diagnostics) {
  const SourceText& source = diagnostics.source();
  TreeBuilder builder(source);
  std::optional<SyntaxError> failure;
  try {
    MemoryBuffer buffer(source.text());
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const SyntaxError& error) {
    failure = error;
  } catch (const YAML::Exception& exception) {
    failure = translate(source, exception);
  }
  if (failure) {
    diagnostics.error({static_cast<uint32_t>(failure->offset), 1}, failure->message);
    diagnostics.ignore_from(builder.trusted_until(failure->offset));
  }
  return builder.finish();
}

}  // namespace sandbox::policy
