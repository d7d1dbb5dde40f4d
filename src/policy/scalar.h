// The scalars of a policy: integers, truth values, actions, errno values.
#pragma once

#include <cstdint>
#include <optional>

#include "base/diagnostic.h"
#include "policy/policy.h"
#include "policy/tree.h"

namespace sandbox::policy {

/// Each reader adds an error and returns nothing when the node is not what it should be. `what` names the node in the
/// message: "'action'", "an entry of 'names'".

/// true or false, in YAML 1.1's words for them, unquoted.
std::optional<bool> read_bool(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

/// A decimal, 0x, 0o or negative integer of at most 64 bits.
std::optional<Integer> read_integer(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

/// An action's name in any case.
std::optional<Action> read_action(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

/// An operation's name in any case.
std::optional<Operation> read_operation(const TreeNode& node, Diagnostics& diagnostics);

/// Whether 0 is an error number: a call that gets it returns 0, as if it had been made.
enum class ErrnoZero : uint8_t { kError, kAccepted };

/// An errno name, or a number up to 4095.
std::optional<ErrnoValue> read_errno(const TreeNode& node, std::string_view what, Diagnostics& diagnostics,
                                     ErrnoZero zero = ErrnoZero::kError);

/// Integers and names of constants, joined with `|`.
std::optional<Value> read_value(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

/// A version such as "6.1"; further numbers (5.10.23) are left out.
std::optional<arch::KernelVersion> read_kernel_version(const TreeNode& node, std::string_view what,
                                                       Diagnostics& diagnostics);

/// The name of an ABI, libseccomp's or an alias.
std::optional<arch::Abi> read_abi(const TreeNode& node, Diagnostics& diagnostics);

/// A number from 0 to 5.
std::optional<uint8_t> read_argument_index(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

/// A scalar that is not an alias and has no anchor or tag; otherwise an error "`what` must be `expected`".
bool expect_scalar(const TreeNode& node, std::string_view what, std::string_view expected, Diagnostics& diagnostics);

/// Whether the node is no alias and has no anchor or tag.
constexpr bool is_literal(const TreeNode& node) {
  return node.kind != TreeNode::Kind::kAlias && !node.anchored && !node.tagged;
}

/// Aliases, anchors and tags are errors within the section: what a policy says must stand where it is read.
bool expect_literal(const TreeNode& node, std::string_view what, Diagnostics& diagnostics);

}  // namespace sandbox::policy
