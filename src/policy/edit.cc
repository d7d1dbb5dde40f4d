#include "policy/edit.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/diagnostic.h"
#include "base/json.h"
#include "base/text.h"
#include "policy/beats_reader.h"
#include "policy/reader.h"
#include "policy/yaml_text.h"
#include "policy/yaml_tree.h"

namespace sandbox::policy {
namespace {

using Kind = TreeNode::Kind;
using Place = TextChange::Place;

size_t end_of(SourceRange range) {
  return size_t{range.offset} + range.length;
}

}  // namespace

TextEditor::TextEditor(const Policy& policy) : policy_(policy), wanted_(policy) {
  if (policy.format != Format::kBeats || policy.source == nullptr) return;
  text_ = policy.source->text();
  const size_t newline = text_.find('\n');
  if (newline != std::string_view::npos && newline > 0 && text_[newline - 1] == '\r') line_end_ = "\r\n";
  Diagnostics unused(policy.source);
  tree_ = parse_yaml(unused);
}

// ---- Places

TextEditor::Entry TextEditor::find(std::string_view name) const {
  if (tree_.documents.empty()) return {};
  const TreeNode& document = tree_.documents.front();
  for (const auto& [key, value] : document.entries) {
    if (!is_beats_key(key)) continue;
    if (key.text == std::string(kSectionPrefix) + std::string(name)) return {&document, &key, &value};
    if (key.text != kSectionKey) continue;
    for (const auto& [inner, inner_value] : value.entries) {
      if (inner.text == name) return {&value, &inner, &inner_value};
    }
  }
  return {};
}

const TreeNode* TextEditor::group_node(size_t index) const {
  const Entry list = find("syscalls");
  return list && index < list.value->items.size() ? &list.value->items[index] : nullptr;
}

bool TextEditor::is_flow(const TreeNode& collection) const {
  const size_t at = collection.range.offset;
  return at < text_.size() && (text_[at] == '[' || text_[at] == '{');
}

size_t TextEditor::line_start(size_t offset) const {
  const size_t newline = text_.substr(0, offset).rfind('\n');
  return newline == std::string_view::npos ? 0 : newline + 1;
}

/// Before the line end.
size_t TextEditor::line_end(size_t offset) const {
  const size_t end = std::min(text_.find('\n', offset), text_.size());
  return end < text_.size() && end > offset && text_[end - 1] == '\r' ? end - 1 : end;
}

bool TextEditor::only_blanks_before(size_t offset) const {
  return text_.find_first_not_of(' ', line_start(offset)) >= offset;
}

/// The first of the comment lines that stand right above the line at `line`, indented as it is.
size_t TextEditor::comments_above(size_t line, size_t indent) const {
  while (line > 0) {
    const size_t above = line_start(line - 1);
    const size_t mark = text_.find_first_not_of(' ', above);
    if (mark != above + indent || text_[mark] != '#') break;
    line = above;
  }
  return line;
}

std::string TextEditor::with_line_ends(const std::string& lines) const {
  if (line_end_ == "\n") return lines;
  std::string text;
  for (const char c : lines) text += c == '\n' ? line_end_ : std::string(1, c);
  return text;
}

void TextEditor::change(size_t offset, size_t length, std::string text, Place place) {
  changes_.push_back({offset, length, std::move(text), place});
}

// ---- Groups

bool TextEditor::add_group(const Group& group, const GroupComments& comments) {
  const Entry list = find("syscalls");
  const TreeNode* first = group_node(0);
  if (first == nullptr) return false;
  if (is_flow(*list.value)) {
    const bool json = !first->entries.empty() && text_[first->entries.front().key.range.offset] == '"';
    change(first->range.offset, 0, flow_group(group, json ? FlowStyle::kJson : FlowStyle::kYaml) + ", ",
           Place::kInLine);
  } else {
    const size_t dash = list.value->range.offset;
    const size_t line = line_start(dash);
    const size_t indent = dash - line;
    const std::string lines = with_line_ends(block_group(group, indent, comments));
    if (only_blanks_before(dash)) {
      change(comments_above(line, indent), 0, lines, Place::kAboveLine);
    } else {  // "? syscalls" and ": - action: allow" on the line below.
      change(dash, 0, lines.substr(indent) + std::string(indent, ' '), Place::kInLine);
    }
  }
  wanted_.groups.insert(wanted_.groups.begin() + static_cast<std::ptrdiff_t>(added_), group);
  ++added_;
  return true;
}

std::optional<GroupLines> TextEditor::lines_of_group(size_t group) const {
  const TreeNode* node = group_node(group);
  if (node == nullptr) return std::nullopt;
  const size_t line = line_start(node->range.offset);
  const size_t dash = text_.find_first_not_of(' ', line);
  const bool behind_dash =
      dash < node->range.offset && text_[dash] == '-' && text_.find_first_not_of(' ', dash + 1) == node->range.offset;
  if (!behind_dash || is_flow(*find("syscalls").value)) return std::nullopt;
  return GroupLines{comments_above(line, dash - line), line, dash - line};
}

bool TextEditor::replace_group(size_t index, size_t begin, size_t end, const Group& group,
                               const GroupComments& comments) {
  const auto lines = lines_of_group(index);
  if (!lines || begin < lines->begin || end > text_.size() || end < begin) return false;
  change(begin, end - begin, with_line_ends(block_group(group, lines->indent, comments)), Place::kInLine);
  wanted_.groups[added_ + index] = group;
  return true;
}

// ---- Lists

/// Behind an entry of a list of scalars: the last one that is not taken out.
bool TextEditor::append(const TreeNode& list, const TreeNode& item, const std::vector<std::string>& words) {
  const SourceRange last = item.range;
  std::string more;
  if (is_flow(list)) {
    const bool json = text_[last.offset] == '"';
    for (const std::string& word : words) more += ", " + (json ? json_string(word) : yaml_scalar(word));
    change(end_of(last), 0, more, Place::kInLine);
    return true;
  }
  const size_t dash = list.range.offset;
  const std::string margin(dash - line_start(dash), ' ');
  for (const std::string& word : words) more += line_end_ + margin + "- " + yaml_scalar(word);
  change(line_end(end_of(last)), 0, more, Place::kBelowLine);
  return true;
}

bool TextEditor::add_names(size_t group, const std::vector<std::string>& names) {
  const TreeNode* node = group_node(group);
  if (node == nullptr) return false;
  const auto entry = std::ranges::find_if(node->entries, [](const TreeEntry& e) { return e.key.text == "names"; });
  if (entry == node->entries.end()) return false;
  std::vector<Name>& known = wanted_.groups[added_ + group].names;
  const TreeNode& list = entry->value;
  if (list.kind != Kind::kSequence) return false;
  const auto stays = [&](const TreeNode& item) {
    return std::ranges::find(known, item.text, &Name::text) != known.end();
  };
  const auto last = std::find_if(list.items.rbegin(), list.items.rend(), stays);
  if (last == list.items.rend()) return false;
  std::vector<std::string> fresh;
  for (const std::string& name : names) {
    if (std::ranges::find(known, name, &Name::text) != known.end()) continue;
    known.push_back({name, {}});
    fresh.push_back(name);
  }
  return fresh.empty() || append(list, *last, fresh);
}

/// Of an entry of a list of scalars, with its separator or its line. None: more would be removed than that.
std::optional<TextChange> TextEditor::removal(const TreeNode& list, size_t index, size_t first_kept) const {
  const SourceRange item = list.items[index].range;
  if (is_flow(list)) {
    const size_t begin = index < first_kept ? item.offset : end_of(list.items[index - 1].range);
    const size_t end = index < first_kept ? list.items[index + 1].range.offset : end_of(item);
    if (text_.substr(begin, end - begin).find('#') != std::string_view::npos) return std::nullopt;
    return TextChange{begin, end - begin, "", Place::kInLine};
  }
  const size_t line = line_start(item.offset);
  const size_t dash = text_.find_first_not_of(' ', line);
  const bool behind_dash =
      text_[dash] == '-' && text_.find_first_not_of(' ', dash + 1) == item.offset && dash < item.offset;
  const size_t behind = text_.find_first_not_of(" \r", end_of(item));
  const bool ends = behind == std::string_view::npos || text_[behind] == '\n' || text_[behind] == '#';
  const size_t newline = text_.find('\n', end_of(item));
  if (!behind_dash || !ends || newline == std::string_view::npos) return std::nullopt;
  return TextChange{line, newline + 1 - line, "", Place::kInLine};
}

bool TextEditor::remove_names(size_t group, const std::vector<std::string>& names) {
  const TreeNode* node = group_node(group);
  if (node == nullptr) return false;
  const auto entry = std::ranges::find_if(node->entries, [](const TreeEntry& e) { return e.key.text == "names"; });
  if (entry == node->entries.end() || entry->value.kind != Kind::kSequence) return false;
  const auto& items = entry->value.items;
  const auto goes = [&](std::string_view text) { return std::ranges::find(names, text) != names.end(); };
  const auto kept = std::ranges::find_if(items, [&](const TreeNode& item) { return !goes(item.text); });
  if (kept == items.end()) return false;
  std::vector<TextChange> removals;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!goes(items[i].text)) continue;
    auto one = removal(entry->value, i, static_cast<size_t>(kept - items.begin()));
    if (!one) return false;
    removals.push_back(std::move(*one));
  }
  changes_.insert(changes_.end(), removals.begin(), removals.end());
  std::erase_if(wanted_.groups[added_ + group].names, [&](const Name& name) { return goes(name.text); });
  return true;
}

bool TextEditor::cover(const std::vector<arch::Abi>& abis, arch::Abi native) {
  std::vector<arch::Abi> covered;
  for (const ListedAbi& listed : wanted_.architectures) covered.push_back(listed.abi);
  const bool listed = !covered.empty();
  if (!listed) covered.push_back(native);
  std::vector<arch::Abi> fresh;
  for (const arch::Abi abi : abis) {
    if (std::ranges::find(covered, abi) != covered.end()) continue;
    covered.push_back(abi);
    fresh.push_back(abi);
  }
  if (fresh.empty()) return true;
  const Entry list = find("architectures");
  const auto extend = [&] {
    if (!list || list.value->kind != Kind::kSequence || list.value->items.empty()) return false;
    return append(*list.value, list.value->items.back(), names_of(fresh));
  };
  const bool done = listed ? extend() : add_key("architectures", names_of(covered), "");
  if (!done) return false;
  wanted_.architectures.clear();
  for (const arch::Abi abi : covered) wanted_.architectures.push_back({abi, {}});
  return true;
}

// ---- Keys

/// A key of the section that is not there yet, with a list or else a scalar, beside `default_action`: below its line,
/// or in flow style before it.
bool TextEditor::add_key(std::string_view name, const std::vector<std::string>& list, const std::string& scalar) {
  const Entry beside = find("default_action");
  if (!beside || beside.value->kind != Kind::kScalar) return false;
  const size_t key = beside.key->range.offset;
  const bool dotted = beside.mapping == tree_.documents.data();
  const std::string full_name = (dotted ? std::string(kSectionPrefix) : "") + std::string(name);
  if (is_flow(*beside.mapping)) {
    const FlowStyle style = text_[key] == '"' ? FlowStyle::kJson : FlowStyle::kYaml;
    change(key, 0, flow_entry(full_name, list.empty() ? scalar : flow_list(list, style), style) + ", ", Place::kInLine);
    return true;
  }
  // An explicit key ("? default_action") stands behind the column of its mapping.
  const size_t line = line_start(key);
  const size_t before = key == line ? std::string_view::npos : text_.substr(line, key - line).find_last_not_of(' ');
  const bool explicit_key = before != std::string_view::npos && text_[line + before] == '?';
  const std::string margin(explicit_key ? before : key - line, ' ');
  change(line_end(end_of(beside.value->range)), 0,
         line_end_ + margin + flow_entry(full_name, list.empty() ? scalar : flow_list(list)), Place::kBelowLine);
  return true;
}

bool TextEditor::set_kernel(arch::KernelVersion version) {
  const Entry known = find("kernel");
  if (known) {
    change(known.value->range.offset, known.value->range.length, version_value(version), Place::kInLine);
  } else if (!add_key("kernel", {}, version_value(version))) {
    return false;
  }
  wanted_.kernel = version;
  return true;
}

// ---- The result

std::optional<std::string> TextEditor::text() const {
  if (tree_.documents.empty()) return std::nullopt;
  std::vector<TextChange> sorted = changes_;
  // What is inserted comes before what is replaced from the same place on, or it would be replaced, too.
  std::ranges::stable_sort(sorted, {}, [](const TextChange& c) { return std::pair(c.offset, c.length > 0); });
  std::string changed(text_);
  // From the back, so that the places before stay what they are; at one place the first change comes to stand first.
  for (auto change = sorted.rbegin(); change != sorted.rend(); ++change) {
    changed.replace(change->offset, change->length, change->text);
  }
  const auto source = std::make_shared<const SourceText>(policy_.source->name(), changed);
  Diagnostics problems(source);
  const auto read = read_policy(source, {}, problems);
  if (!read || problems.has_errors() || write_beats(*read) != write_beats(wanted_)) return std::nullopt;
  return changed;
}

}  // namespace sandbox::policy
