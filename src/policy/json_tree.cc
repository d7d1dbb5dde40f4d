#include "policy/json_tree.h"

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;

/// Lists and objects in one another. A profile has five; trees are taken down by recursion.
constexpr size_t kMaxDepth = 500;

constexpr std::string_view kWhite = " \t\r\n";

/// The offset behind the string that begins at `at`, whose closing quote the parser has seen. `length` is what it has
/// without escapes.
size_t end_of_string(std::string_view text, size_t at, size_t length) {
  if (text.substr(at + 1, length).find('\\') == std::string_view::npos) return at + length + 2;
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

/// Builds the tree from RapidJSON's events. These come without places, but in the copy of the text that is parsed a
/// string or number stands where it is written, and the stream is at any other token: before a bracket, behind a word.
class JsonEvents {
 public:
  /// Borrows all.
  JsonEvents(std::string_view text, rapidjson::InsituStringStream& stream, TreeMemory& memory)
      : text_(text), stream_(stream), tree_(memory) {}

  // RapidJSON's names for the events.
  bool Null() {
    const size_t at = stream_.Tell() - 4;
    const TreeNode* key = tree_.key();
    TreeNode node;
    node.range = key != nullptr ? key->range : SourceRange{static_cast<uint32_t>(at), 4};
    tree_.add(node);
    return true;
  }
  bool Bool(bool value) {
    const std::string_view word = value ? "true" : "false";
    return add_plain(word, stream_.Tell() - word.size());
  }
  bool RawNumber(const char* digits, rapidjson::SizeType length, bool /*copy*/) {
    return add_plain({digits, length}, offset_of(digits));
  }
  bool String(const char* value, rapidjson::SizeType length, bool /*copy*/) {
    TreeNode node;
    node.kind = Kind::kScalar;
    node.text = {value, length};
    const size_t begin = offset_of(value) - 1;  // The quote.
    node.range = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end_of_string(text_, begin, length) - begin)};
    tree_.add(node);
    return true;
  }
  bool Key(const char* value, rapidjson::SizeType length, bool copy) { return String(value, length, copy); }
  bool StartObject() { return open(Kind::kMapping); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close(); }
  bool StartArray() { return open(Kind::kSequence); }
  bool EndArray(rapidjson::SizeType /*items*/) { return close(); }

  // Events that RapidJSON does not give where numbers are asked for as they are written.
  bool Int(int /*value*/) { return false; }
  bool Uint(unsigned /*value*/) { return false; }
  bool Int64(int64_t /*value*/) { return false; }
  bool Uint64(uint64_t /*value*/) { return false; }
  bool Double(double /*value*/) { return false; }

  [[nodiscard]] bool too_deep() const { return too_deep_; }

  /// Where the innermost list or object that is still open begins.
  [[nodiscard]] std::optional<size_t> innermost() const {
    if (tree_.depth() == 0) return std::nullopt;
    return tree_.open_at(tree_.depth() - 1).range.offset;
  }

  /// The root. What a syntax error left open is closed as incomplete.
  TreeNode finish() {
    while (TreeNode* open = tree_.innermost()) {
      open->complete = false;
      close();
    }
    return tree_.take_root().value_or(TreeNode{});
  }

 private:
  /// The place of what stands in the parsed copy.
  [[nodiscard]] size_t offset_of(const char* in_copy) const { return static_cast<size_t>(in_copy - stream_.head_); }

  bool add_plain(std::string_view value, size_t offset) {
    TreeNode node;
    node.kind = Kind::kScalar;
    node.text = value;
    node.plain = true;
    node.range = {static_cast<uint32_t>(offset), static_cast<uint32_t>(value.size())};
    tree_.add(node);
    return true;
  }

  bool open(Kind kind) {
    too_deep_ = tree_.depth() == kMaxDepth;
    if (too_deep_) return false;
    TreeNode node;
    node.kind = kind;
    node.range = {static_cast<uint32_t>(stream_.Tell()), 1};
    tree_.open(node);
    return true;
  }

  bool close() {
    tree_.add(tree_.close());
    return true;
  }

  std::string_view text_;
  rapidjson::InsituStringStream& stream_;
  TreeBuilder tree_;
  bool too_deep_ = false;
};

/// Names what stands at `at` if it is something that people write in JSON and JSON does not have.
std::string what_is_not_json(std::string_view rest, std::string_view before) {
  if (rest.starts_with('#') || rest.starts_with("//") || rest.starts_with("/*")) {
    return R"(; JSON has no comments: put the text into a key such as "_comment")";
  }
  const size_t last = before.find_last_not_of(kWhite);
  const bool closing = rest.starts_with('}') || rest.starts_with(']');
  if (closing && last != std::string_view::npos && before[last] == ',') {
    return std::string("; JSON has no comma before '") + rest.front() + "'";
  }
  if (rest.starts_with('\'')) return "; JSON has double quotes only";
  return "";
}

/// The word that stands there, or the one character.
std::string found_at(std::string_view rest) {
  if (rest.empty()) return "the end of the text";
  const size_t length = std::min(rest.find_first_of(" \t\r\n,:{}[]"), rest.size());
  return in_quotes(rest.substr(0, std::max(length, size_t{1})), 40);
}

std::string not_closed(const SourceText& source, size_t opened) {
  const bool object = source.text()[opened] == '{';
  const std::string line = std::to_string(source.locate(opened).line);
  return std::string(object ? "the object that '{'" : "the list that '['") + " opened on line " + line +
         " does not end before this; expected ',' or '" + (object ? "}'" : "]'");
}

std::string message_of(const SourceText& source, rapidjson::ParseErrorCode code, size_t at,
                       std::optional<size_t> innermost) {
  const std::string_view text = source.text();
  const std::string_view rest = text.substr(std::min(at, text.size()));
  const std::string hint = what_is_not_json(rest, text.substr(0, at));
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "expected a JSON object, found nothing";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "the document has ended before this; a policy file has one";
    case rapidjson::kParseErrorObjectMissName:
      return "expected a key in double quotes, found " + found_at(rest) + hint;
    case rapidjson::kParseErrorObjectMissColon:
      return "expected ':' behind the key, found " + found_at(rest) + hint;
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return innermost ? not_closed(source, *innermost) + hint : "expected ',', found " + found_at(rest) + hint;
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "expected four hexadecimal digits behind '\\u'";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "half a character: a surrogate ('\\ud800' to '\\udfff') without the other one";
    case rapidjson::kParseErrorStringEscapeInvalid:
      if (!rest.starts_with('\\')) return "a line end or a tab in a string; the closing quote (\") may be missing";
      return "unknown escape in a string; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "the closing quote (\") is missing";
    case rapidjson::kParseErrorNumberTooBig:
      return "a number that is too large";
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
      return "a number that is cut off";
    case rapidjson::kParseErrorValueInvalid:
    default:
      return "expected a value, found " + found_at(rest) + hint;
  }
}

}  // namespace

bool looks_like_json(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhite);
  return first != std::string_view::npos && text[first] == '{';
}

JsonDocument parse_json(Diagnostics& diagnostics) {
  // check_text() has seen to the encoding; what escapes may make of it the parser looks at itself.
  // In a copy of the text, where it unescapes strings in place.
  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  const SourceText& source = diagnostics.source();
  JsonDocument document;
  document.memory = std::make_unique<TreeMemory>(source.text().size());
  const std::string& text = source.text();
  char* copy = document.memory->bytes(text.size() + 1);  // RapidJSON reads up to a NUL.
  std::copy_n(text.c_str(), text.size() + 1, copy);
  rapidjson::InsituStringStream stream(copy);
  JsonEvents events(text, stream, *document.memory);
  rapidjson::Reader reader;
  reader.Parse<kFlags>(stream, events);
  document.valid = !reader.HasParseError();
  if (!document.valid) {
    const auto at = static_cast<uint32_t>(reader.GetErrorOffset());
    const std::string message = events.too_deep()
                                    ? "the nesting is too deep"
                                    : message_of(source, reader.GetParseErrorCode(), at, events.innermost());
    diagnostics.error({at, 1}, message);
    diagnostics.ignore_from(at);
  }
  document.root = events.finish();
  return document;
}

}  // namespace sandbox::policy
