#include "policy/tree.h"

#include <algorithm>
#include <type_traits>

namespace sandbox::policy {

static_assert(std::is_trivially_destructible_v<TreeNode> && std::is_trivially_destructible_v<TreeEntry>);

std::string_view TreeMemory::text(std::string_view text) {
  if (text.empty()) return {};
  char* copy = bytes(text.size());
  std::ranges::copy(text, copy);
  return {copy, text.size()};
}

std::span<const TreeNode> TreeMemory::items(std::span<const TreeNode> nodes) {
  auto* copies = static_cast<TreeNode*>(pieces_.allocate(nodes.size_bytes(), alignof(TreeNode)));
  std::uninitialized_copy(nodes.begin(), nodes.end(), copies);
  return {copies, nodes.size()};
}

std::span<const TreeEntry> TreeMemory::entries(std::span<const TreeNode> nodes) {
  const size_t count = nodes.size() / 2;
  auto* copies = static_cast<TreeEntry*>(pieces_.allocate(count * sizeof(TreeEntry), alignof(TreeEntry)));
  for (size_t i = 0; i < count; ++i) std::construct_at(copies + i, TreeEntry{nodes[2 * i], nodes[2 * i + 1]});
  return {copies, count};
}

std::span<const TreeNode> TreeBuilder::in_innermost() const {
  if (open_.empty()) return {};
  return std::span(nodes_).subspan(open_.back().first);
}

const TreeNode* TreeBuilder::key() const {
  if (open_.empty() || open_.back().node.kind != TreeNode::Kind::kMapping) return nullptr;
  const std::span<const TreeNode> nodes = in_innermost();
  return nodes.size() % 2 == 1 ? &nodes.back() : nullptr;
}

TreeNode TreeBuilder::close() {
  if (const TreeNode* cut_off = key()) {
    TreeNode value;
    value.range = cut_off->range;
    value.complete = false;
    add(value);
  }
  TreeNode node = open_.back().node;
  if (node.kind == TreeNode::Kind::kMapping) {
    node.entries = memory_.entries(in_innermost());
  } else {
    node.items = memory_.items(in_innermost());
  }
  nodes_.resize(open_.back().first);
  open_.pop_back();
  return node;
}

std::optional<TreeNode> TreeBuilder::take_root() {
  if (!open_.empty() || nodes_.empty()) return std::nullopt;
  const TreeNode root = nodes_.back();
  nodes_.clear();
  return root;
}

}  // namespace sandbox::policy
