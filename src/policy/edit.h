// Changes of a policy's text: where a group, a name, an ABI or `kernel:` goes, however the policy is written. All that
// is not changed stays as it is, byte for byte, comments and blanks included.
//
//     TextEditor editor(policy);
//     editor.add_group(group);
//     editor.cover(abis, arch::native_abi());
//     const std::optional<std::string> text = editor.text();
//
// A place is found in the tree that the YAML was parsed into, never by searching the text for words: so a key may be
// quoted or dotted, a '-' may stand alone on its line, comments may stand anywhere, lines may end in CRLF and the last
// one not at all. What the tree does not tell (where a plain scalar in an odd style ends, say) is not guessed at
// either: the result is read back, and if it is not the policy that was asked for, there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/abi.h"
#include "arch/call_versions.h"
#include "policy/beats_writer.h"
#include "policy/policy.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// What changes at one place of a text.
struct TextChange {
  enum class Place : uint8_t {
    kAboveLine,  ///< Whole lines, before the one that begins at `offset`.
    kBelowLine,  ///< Whole lines, below the one that ends at `offset`; `text` begins with a line end and has none
                 ///< behind.
    kInLine,     ///< Part of a line, or of several.
  };
  size_t offset = 0;
  size_t length = 0;  ///< So many bytes are replaced; 0 for an insertion.
  std::string text;
  Place place = Place::kInLine;
};

/// Where a group in block style stands, from the first of the comment lines right above it on.
struct GroupLines {
  size_t begin = 0;   ///< Of its comments.
  size_t dash = 0;    ///< The beginning of the line with its '-', below the comments.
  size_t indent = 0;  ///< The column of its '-'.
};

/// Collects changes of one text. Each of them is false, and changes nothing, where the policy has no such place.
class TextEditor {
 public:
  /// `policy` was read from its source, without errors; it is borrowed. Nothing can be added to a container profile.
  explicit TextEditor(const Policy& policy);

  /// Before all groups that are there, so that it decides before them. Comments are left out in flow style.
  bool add_group(const Group& group, const GroupComments& comments = {});

  /// Behind the names of a group that has some; those that are there already are left out.
  bool add_names(size_t group, const std::vector<std::string>& names);

  /// Takes names out of a group, with what stands behind them on their lines. False, and all stay, if it has others
  /// than `names` no longer, or a comment stands between names in braces. Names may be added to the group afterwards.
  bool remove_names(size_t group, const std::vector<std::string>& names);

  /// The policy covers these ABIs, too: behind those that it lists. `native` is what it covers if it lists none.
  bool cover(const std::vector<arch::Abi>& abis, arch::Abi native);

  /// In place of the version that is given, if one is.
  bool set_kernel(arch::KernelVersion version);

  /// None if the group is in flow style, or its '-' is on another line than its first key.
  [[nodiscard]] std::optional<GroupLines> lines_of_group(size_t group) const;

  /// Writes a group anew, in place of the text from `begin` to `end`, which are its lines.
  bool replace_group(size_t index, size_t begin, size_t end, const Group& group, const GroupComments& comments);

  /// In the order in which they were made; their places are those in the text before all of them.
  [[nodiscard]] const std::vector<TextChange>& changes() const { return changes_; }

  /// The text with all changes, after it was read back: it is the policy that was asked for, or there is none.
  [[nodiscard]] std::optional<std::string> text() const;

 private:
  struct Entry {
    const TreeNode* mapping = nullptr;  ///< That has the key: the section, or of a dotted key the document.
    const TreeNode* key = nullptr;      ///< Null: there is no such entry.
    const TreeNode* value = nullptr;
    explicit operator bool() const { return key != nullptr; }
  };

  [[nodiscard]] Entry find(std::string_view name) const;
  [[nodiscard]] const TreeNode* group_node(size_t index) const;
  [[nodiscard]] bool is_flow(const TreeNode& collection) const;
  [[nodiscard]] size_t line_start(size_t offset) const;
  [[nodiscard]] size_t line_end(size_t offset) const;
  [[nodiscard]] bool only_blanks_before(size_t offset) const;
  [[nodiscard]] size_t comments_above(size_t line, size_t indent) const;
  [[nodiscard]] std::string with_line_ends(const std::string& lines) const;

  bool add_key(std::string_view name, const std::vector<std::string>& list, const std::string& scalar);
  bool append(const TreeNode& list, const TreeNode& item, const std::vector<std::string>& words);
  [[nodiscard]] std::optional<TextChange> removal(const TreeNode& list, size_t index, size_t first_kept) const;
  void change(size_t offset, size_t length, std::string text, TextChange::Place place);

  const Policy& policy_;
  std::string_view text_;
  std::string line_end_ = "\n";
  Tree tree_;  ///< Of one document, or of none.
  Policy wanted_;
  size_t added_ = 0;  ///< So many of its groups come before those that `policy_` has.
  std::vector<TextChange> changes_;
};

}  // namespace sandbox::policy
