// A document as a tree in which everything has a place, whichever parser has read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/source_text.h"

namespace sandbox::policy {

struct TreeEntry;

/// Borrows its text and what is in it from the TreeMemory that it was built in.
struct TreeNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping, kAlias };

  Kind kind = Kind::kNull;
  bool plain = false;     ///< A scalar without quotes: only such a one can be a truth value, or a number of JSON.
  bool tagged = false;    ///< YAML: an explicit tag (`!!str`) stands before it.
  bool anchored = false;  ///< YAML: an anchor (`&name`) stands before it.
  bool flow = false;      ///< YAML: a collection in brackets.
  bool complete = true;   ///< False when a syntax error cut this collection short.
  SourceRange range;      ///< A scalar as written, quotes included; of a collection only its first character.
  std::string_view text;  ///< A scalar's value.

  std::span<const TreeNode> items;     ///< Of a sequence.
  std::span<const TreeEntry> entries;  ///< Of a mapping, in order, duplicates included.
};

struct TreeEntry {
  TreeNode key;
  TreeNode value;
};

/// Where trees live: they are never taken down node by node.
class TreeMemory {
 public:
  /// `text_size`: bytes of the text that is parsed, by which the first piece of memory is measured.
  explicit TreeMemory(size_t text_size) : pieces_(kFirstPiece + 2 * text_size) {}

  /// Room for so many bytes, for as long as this object.
  char* bytes(size_t count) { return static_cast<char*>(pieces_.allocate(count, 1)); }

  /// A copy.
  std::string_view text(std::string_view text);
  std::span<const TreeNode> items(std::span<const TreeNode> nodes);
  /// Of keys and values in turn.
  std::span<const TreeEntry> entries(std::span<const TreeNode> nodes);

 private:
  static constexpr size_t kFirstPiece = 1024;

  std::pmr::monotonic_buffer_resource pieces_;
};

/// What a parser has read.
struct Tree {
  std::unique_ptr<TreeMemory> memory;
  std::vector<TreeNode> documents;  ///< Their roots.
};

/// Puts together one tree after the other from a parser's events, which come in the order of the text.
class TreeBuilder {
 public:
  /// Borrows the memory.
  explicit TreeBuilder(TreeMemory& memory) : memory_(memory) {}

  /// A list or a mapping begins.
  void open(const TreeNode& collection) { open_.push_back({collection, nodes_.size()}); }
  /// A node joins the innermost collection.
  void add(const TreeNode& node) { nodes_.push_back(node); }
  /// What was opened last ends, and is to be added. A key in it that has no value gets one that is not complete, at its
  /// own place.
  [[nodiscard]] TreeNode close();

  /// How many collections are open, and those, from the root on.
  [[nodiscard]] size_t depth() const { return open_.size(); }
  [[nodiscard]] const TreeNode& open_at(size_t depth) const { return open_[depth].node; }
  [[nodiscard]] TreeNode* innermost() { return open_.empty() ? nullptr : &open_.back().node; }

  /// What the innermost collection has so far, keys and values in turn. Valid until the next event.
  [[nodiscard]] std::span<const TreeNode> in_innermost() const;
  /// The key that waits for its value; null if there is none.
  [[nodiscard]] const TreeNode* key() const;

  /// The whole tree, which is taken out of here; none as long as a collection is open.
  std::optional<TreeNode> take_root();

 private:
  struct Open {
    TreeNode node;
    size_t first = 0;  ///< Of its nodes in `nodes_`.
  };

  TreeMemory& memory_;
  std::vector<Open> open_;
  std::vector<TreeNode> nodes_;  ///< Of all open collections; when none is open, the root.
};

}  // namespace sandbox::policy
