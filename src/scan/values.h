// Which values a register can have at an instruction: found backwards, along all ways that lead there.
//
// The search follows moves, arithmetic with constants, the stack, arguments into all callers, and variables into all
// instructions that store to them. What it cannot follow makes the answer incomplete, never smaller than the truth.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "scan/reachability.h"

namespace sandbox::scan {

struct Values {
  std::set<uint64_t> known;
  bool complete = true;
  uint64_t lost_at = 0;  ///< If it is not: the first instruction behind which nothing is known.
};

/// A number in front of an operation that was met on the way back.
struct Transform {
  enum class Kind : uint8_t { kAdd, kAnd, kOr, kXor, kShl, kZeroExtend, kSignExtend };
  Kind kind = Kind::kAdd;
  uint64_t number = 0;  ///< Or the width in bytes.

  auto operator<=>(const Transform&) const = default;
};

/// Where a value is that is looked for.
struct ValuePlace {
  enum class Kind : uint8_t {
    kRegister,
    kMemory,    ///< At a register plus an offset: the stack, or a structure.
    kVariable,  ///< At a fixed address.
    kThrough,   ///< At an offset from the address that a variable holds.
  };
  Kind kind = Kind::kRegister;
  uint8_t reg = kNoRegister;
  uint8_t width = 8;
  int64_t offset = 0;
  uint64_t address = 0;

  auto operator<=>(const ValuePlace&) const = default;
};

struct ValueState {
  uint64_t at = 0;  ///< The value is looked for before this instruction.
  ValuePlace place;
  std::vector<Transform> transforms;

  auto operator<=>(const ValueState&) const = default;
};

/// What is known of a value one instruction further back. All empty: control does not come from there.
struct StepResult {
  std::vector<uint64_t> values;     ///< Those that it can have been given.
  std::vector<ValueState> further;  ///< Where else it may come from, before the instruction.
  bool lost = false;                ///< Or from what is not followed.
};

class ValueSearch {
 public:
  /// Named rules are about numbers of calls: they do not hold for other values.
  enum class Of : uint8_t { kNumbers, kArguments };

  /// `reach` must be indexed.
  explicit ValueSearch(const Reachability& reach, Of of = Of::kNumbers) : reach_(reach), of_(of) {}

  /// The values that a register has before an instruction, of so many bytes.
  Values before(uint64_t address, uint8_t reg, uint8_t width);

  // ---- For a search that takes its ways itself: joint_values.h ----

  /// The values of a place.
  Values at(const ValueState& state);
  /// Over one instruction, `entered` over a call into the function that is left backwards.
  StepResult step_back(const Instruction& over, const ValueState& state, bool entered);
  /// The value that a comparison for equality tells, if the branch behind it is taken so.
  static std::optional<uint64_t> told_by(const Instruction& compare, const ValueState& state);
  /// Names memory by the stack's register, if the stretch shows that it is on the stack.
  static void find_on_stack(std::span<const Instruction> stretch, ValuePlace& place);
  /// Whether unknown callers of the function at `address` do not count.
  [[nodiscard]] bool only_known_callers(uint64_t address) const;

 private:
  using Place = ValuePlace;
  using State = ValueState;
  /// Which addresses on the stack a function takes, as offsets from the two registers that name them.
  struct FrameFacts {
    bool has_frame_pointer = false;  ///< RBP points into the frame.
    bool is_odd = false;             ///< Not all of it is code.
    std::vector<int64_t> taken_from_stack;
    std::vector<int64_t> taken_from_frame;
  };
  class Search;
  friend class Search;

  const FrameFacts& frame_facts(const Extent& function);

  bool returns(uint64_t function, unsigned depth);
  bool path_returns(uint64_t function, unsigned depth);
  /// Whether control comes back behind a call.
  bool call_returns(const Instruction& call, unsigned depth);

  const Reachability& reach_;
  Of of_;
  std::unordered_map<uint64_t, bool> returns_;
  std::unordered_map<uint64_t, FrameFacts> frames_;
  size_t states_ = 0;          ///< That were looked at by all searches.
  bool asks_callers_ = false;  ///< A named rule's question is being answered.
};

}  // namespace sandbox::scan
