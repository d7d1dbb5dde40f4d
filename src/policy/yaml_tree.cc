#include "policy/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/yaml_errors.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

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

/// What stands before a scalar or a collection.
struct Properties {
  size_t end = 0;       ///< The place behind them, at which the node itself begins.
  bool tagged = false;  ///< Also by the tag '!', which yaml-cpp does not tell from the tag of a quoted scalar.
};

/// yaml-cpp's mark of a node points at its tag or anchor if it has one.
Properties skip_properties(std::string_view text, size_t at) {
  Properties properties;
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    properties.tagged = properties.tagged || text[at] == '!';
    while (at < text.size() && !is_space(text[at])) ++at;
    while (at < text.size() && (is_space(text[at]) || text[at] == '#')) {
      at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
    }
  }
  properties.end = at;
  return properties;
}

/// The '-' of a list entry with nothing in it, before `at`, where yaml-cpp noticed, and not before `from`. An entry
/// that is written (`~`, `null`) stands where it is.
size_t empty_entry_before(const SourceText& source, size_t at, size_t from) {
  const std::string_view text = source.text();
  if (at < text.size() && (text[at] == '~' || text[at] == 'n' || text[at] == 'N')) return at;
  for (size_t dash = text.rfind('-', at); dash != std::string_view::npos && dash > 0 && dash >= from;
       dash = text.rfind('-', dash - 1)) {
    const std::string_view line = source.line_at(dash);
    const size_t column = static_cast<size_t>(text.data() + dash - line.data());
    const size_t behind = line.find_first_not_of(" \t", column + 1);
    const bool empty = behind == std::string_view::npos || line[behind] == '#';
    if (empty && line.find_first_not_of("- ") >= column) return dash;
  }
  return at;
}

/// Whether nothing stands before `at` on its line but what may: list entries and the '?' of an explicit key.
bool only_indicators_before(std::string_view line, size_t column) {
  return line.substr(0, column).find_first_not_of(" \t-?") == std::string_view::npos;
}

/// Whether a key is followed by ':', or is an explicit one ('? key', or the key on the line behind a lone '?').
bool has_indicator(const SourceText& source, SourceRange key) {
  const std::string_view text = source.text();
  const size_t behind = text.find_first_not_of(" \t", key.offset + key.length);
  if (behind != std::string_view::npos && text[behind] == ':') return true;

  std::string_view line = source.line_at(key.offset);
  size_t column = static_cast<size_t>(text.data() + key.offset - line.data());
  const auto begin = static_cast<size_t>(line.data() - text.data());
  const bool alone = line.substr(0, column).find_first_not_of(" \t") == std::string_view::npos;
  if (alone && begin > 0) {
    line = source.line_at(begin - 1);
    column = line.size();
  }
  const size_t mark = line.substr(0, column).find_last_not_of(" \t");
  return mark != std::string_view::npos && line[mark] == '?' && only_indicators_before(line, mark);
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

/// More opening brackets than closing ones, wherever they stand. The parser stops at a nesting of some hundreds, but
/// only after it has looked for the end of each, at 240 bytes a bracket.
constexpr size_t kMaxOpenBrackets = 10'000;

/// Where there are more; npos if that is nowhere.
size_t too_many_brackets(std::string_view text) {
  size_t open = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '[' || c == '{') {
      if (++open > kMaxOpenBrackets) return at;
    } else if ((c == ']' || c == '}') && open > 0) {
      --open;
    }
  }
  return std::string_view::npos;
}

/// Builds the trees from yaml-cpp's events.
class YamlEvents : public YAML::EventHandler {
 public:
  /// `may_be_followed`: whether another document may stand behind this one. Borrows the others.
  YamlEvents(const SourceText& source, bool (*may_be_followed)(const TreeNode& document), TreeMemory& memory)
      : source_(source), may_be_followed_(may_be_followed), memory_(memory), tree_(memory) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const size_t at = offset_of(mark);
    // yaml-cpp also begins a new document, without a word, where the indentation falls below that of the first.
    const bool marked = std::string_view(source_.text()).substr(at).starts_with("---");
    if (marked && root_ && (root_->kind == Kind::kNull || may_be_followed_(*root_))) {
      if (documents_ > kMaxDocuments) {
        throw SyntaxError{at, "more than " + std::to_string(kMaxDocuments) + " documents in one text"};
      }
      put_away();
      return;
    }
    throw SyntaxError{at, marked ? "a second document starts here; a policy file has one"
                                 : "the document has ended before this line; is its indentation wrong?"};
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    (void)mark;
    (void)name;
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    TreeNode node;
    node.range = {offset_of(mark), 1};
    node.anchored = anchor != 0;
    add(node);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    (void)anchor;
    TreeNode node;
    node.kind = Kind::kAlias;
    node.range = {offset_of(mark), 1};
    add(node);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    TreeNode node;
    node.kind = Kind::kScalar;
    node.text = memory_.text(value);
    node.plain = tag == "?";
    node.anchored = anchor != 0;
    const Properties properties = skip_properties(source_.text(), offset_of(mark));
    node.tagged = (tag != "?" && tag != "!") || properties.tagged;
    const size_t at = properties.end;
    const char first = at < source_.text().size() ? source_.text()[at] : '\0';
    size_t length = value.size();
    if (first == '"' || first == '\'') {
      const std::optional<size_t> end = end_of_quoted(source_.text(), at);
      if (!end) throw SyntaxError{at, missing_quote(first)};
      length = *end - at;
    }
    node.range = {static_cast<uint32_t>(at), static_cast<uint32_t>(length)};
    if (node.tagged || node.anchored) node.range = {offset_of(mark), 1};  // Which is what will be complained of.
    last_scalar_ = node.range;
    last_scalar_quoted_ = first == '"' || first == '\'';
    add(node);
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

  /// The documents' roots. Collections that are still open are closed as incomplete.
  std::vector<TreeNode> finish() {
    finishing_ = true;  // Nothing that is found from here on counts: a syntax error has ended the reading.
    while (TreeNode* open = tree_.innermost()) {
      open->complete = false;
      close();
    }
    put_away();
    return std::move(finished_);
  }

  /// Up to where what was read can be trusted, after a syntax error at `error`: not on its line, not in a flow
  /// collection that is still open, and not the last scalar, which may be a piece of something else.
  [[nodiscard]] uint32_t trusted_until(size_t error) const {
    const std::string_view line = source_.line_at(error);
    auto until = static_cast<uint32_t>(line.data() - source_.text().data());
    until = std::min(until, last_scalar_.offset);
    for (size_t depth = 0; depth < tree_.depth(); ++depth) {
      const TreeNode& open = tree_.open_at(depth);
      if (open.flow) until = std::min(until, open.range.offset);
    }
    return until;
  }

  [[nodiscard]] ParserState state() const {
    ParserState state;
    for (size_t depth = 0; depth < tree_.depth(); ++depth) {
      const TreeNode& open = tree_.open_at(depth);
      if (open.flow) state.innermost_flow = open.range.offset;
      state.innermost = open.range.offset;
    }
    state.last_scalar = last_scalar_;
    state.last_scalar_quoted = last_scalar_quoted_;
    return state;
  }

 private:
  /// The document that has been read joins those before it, in the place of an empty one.
  void put_away() {
    if (!root_) return;
    if (!finished_.empty() && finished_.back().kind == Kind::kNull) finished_.pop_back();
    if (finished_.empty() || root_->kind != Kind::kNull) finished_.push_back(*root_);
    root_.reset();
  }

  [[nodiscard]] uint32_t offset_of(const YAML::Mark& mark) const {
    if (mark.line < 0 || mark.column < 0) return static_cast<uint32_t>(source_.text().size());
    return static_cast<uint32_t>(source_.offset_of(static_cast<size_t>(mark.line), static_cast<size_t>(mark.column)));
  }

  void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    TreeNode node;
    node.kind = kind;
    node.range = {offset_of(mark), 1};
    node.tagged = tag != "?";
    node.anchored = anchor != 0;
    node.flow = style == YAML::EmitterStyle::Flow;
    tree_.open(node);
  }

  void close() { add(tree_.close()); }

  void add(TreeNode node) {
    if (tree_.depth() == 0) {
      root_ = node;
      return;
    }
    const TreeNode& parent = *tree_.innermost();
    const TreeNode* key = tree_.key();
    if (parent.kind == Kind::kSequence && node.kind == Kind::kNull && !parent.flow) {
      const auto before = tree_.in_innermost();
      const size_t from = before.empty() ? parent.range.offset : before.back().range.offset + size_t{1};
      node.range.offset = static_cast<uint32_t>(empty_entry_before(source_, node.range.offset, from));
    } else if (key != nullptr) {
      if (node.kind == Kind::kNull) node.range = key->range;  // yaml-cpp marks a missing value anywhere.
      if (!finishing_) check_entry(parent, *key, node);
    }
    tree_.add(node);
  }

  /// yaml-cpp takes a value without a key, and a line without a ':' as a key.
  void check_entry(const TreeNode& mapping, const TreeNode& key, const TreeNode& value) const {
    if (key.kind == Kind::kNull && source_.text()[key.range.offset] == ':') {
      throw SyntaxError{key.range.offset, "a ':' that no key stands before"};
    }
    const bool scalar = key.kind == Kind::kScalar || key.kind == Kind::kNull;  // `null` and `~` are null.
    if (mapping.flow || value.kind != Kind::kNull || !scalar || has_indicator(source_, key.range)) return;
    const std::string_view line = source_.line_at(key.range.offset);
    const auto column = static_cast<size_t>(source_.text().data() + key.range.offset - line.data());
    const std::string_view written = key.kind == Kind::kNull ? line.substr(column) : std::string_view(key.text);
    throw SyntaxError{key.range.offset, in_quotes(written) + " is not followed by ':'"};
  }

  const SourceText& source_;
  bool (*may_be_followed_)(const TreeNode& document);
  std::vector<TreeNode> finished_;
  TreeMemory& memory_;
  TreeBuilder tree_;
  std::optional<TreeNode> root_;
  SourceRange last_scalar_;
  bool last_scalar_quoted_ = false;
  size_t documents_ = 0;
  bool finishing_ = false;
};

}  // namespace

Tree parse_yaml(Diagnostics& diagnostics) {
  return parse_yaml_stream(diagnostics, [](const TreeNode&) { return false; });
}

Tree parse_yaml_stream(Diagnostics& diagnostics, bool (*may_be_followed)(const TreeNode& document)) {
  const SourceText& source = diagnostics.source();
  Tree tree;
  tree.memory = std::make_unique<TreeMemory>(source.text().size());
  YamlEvents events(source, may_be_followed, *tree.memory);
  // A line end behind the last line, so that yaml-cpp sees an unterminated quote there as it does elsewhere.
  const bool unfinished = !source.text().ends_with('\n');
  const std::string finished = unfinished ? source.text() + "\n" : std::string();
  std::optional<SyntaxError> failure = find_stray_directive(source);
  if (failure) {
    diagnostics.error({static_cast<uint32_t>(failure->offset), 1}, failure->message);
    return tree;
  }
  const size_t brackets = too_many_brackets(source.text());
  bool too_deep = false;
  try {
    MemoryBuffer buffer(std::string_view(unfinished ? finished : source.text()).substr(0, brackets));
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const SyntaxError& error) {
    failure = error;
  } catch (const YAML::DeepRecursion& exception) {
    too_deep = true;
    failure = translate(source, exception, events.state());
  } catch (const YAML::Exception& exception) {
    failure = translate(source, exception, events.state());
  }
  if (brackets != std::string_view::npos && !too_deep) {  // What was found behind the cut, if anything, is not there.
    failure = SyntaxError{brackets,
                          "more than " + std::to_string(kMaxOpenBrackets) + " opening brackets without a closing one"};
  }
  if (failure) {
    diagnostics.error({static_cast<uint32_t>(failure->offset), 1}, failure->message);
    diagnostics.ignore_from(events.trusted_until(failure->offset));
  }
  tree.documents = events.finish();
  return tree;
}

}  // namespace sandbox::policy
