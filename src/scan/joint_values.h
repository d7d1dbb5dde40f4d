// The number of a call to the kernel, and its arguments, along the same ways.
//
// A wrapper such as glibc's syscall(3) or Go's Syscall6 makes all calls with all arguments, if each register is looked
// for by itself. Here the registers are followed back together, so that the arguments are those of the ways on which
// the number is the one that is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "arch/narrowed_arguments.h"
#include "scan/reachability.h"
#include "scan/values.h"

namespace sandbox::scan {

struct JointValues {
  std::set<arch::NarrowedValues> values;  ///< An empty one where none of the arguments is known.
  std::set<uint64_t> lost_at;             ///< Instructions behind which an argument is not known.
};

class JointSearch {
 public:
  /// `reach` must be indexed.
  explicit JointSearch(const Reachability& reach)
      : reach_(reach), numbers_(reach), arguments_(reach, ValueSearch::Of::kArguments) {}

  /// The values of `arguments` where the call at an address has a number. `certain`: it has no other one.
  JointValues at(const KernelCall& call, uint32_t number, bool certain,
                 std::span<const arch::NarrowedArgument> arguments);

 private:
  /// A register of which the value is followed, known, or lost.
  struct Part {
    enum class Kind : uint8_t { kFollowed, kKnown, kLost };
    Kind kind = Kind::kFollowed;
    uint64_t value = 0;  ///< kLost: the instruction.
    ValuePlace place;
    std::vector<Transform> transforms;

    auto operator<=>(const Part&) const = default;
  };
  using Parts = std::vector<Part>;  ///< The number in front.
  struct State {
    uint64_t at = 0;  ///< Before this instruction.
    Parts parts;

    auto operator<=>(const State&) const = default;
  };

  static Part known(uint64_t value) { return {Part::Kind::kKnown, value, {}, {}}; }
  static Part lost(uint64_t at) { return {Part::Kind::kLost, at, {}, {}}; }

  void push(uint64_t at, Parts parts);
  void push_product(uint64_t at, const std::vector<Parts>& choices);
  void emit(const Parts& parts);
  void lose_all(const State& state);
  void before(const State& state);
  void from_unknown_callers(const State& state);
  bool resolve_variables(const State& state);
  Parts values_of(const Part& part, uint64_t at, bool is_number);
  void back_through(uint64_t start, const State& state);
  Parts choices_over(const Instruction& over, const Instruction* in_front, std::span<const Instruction> stretch,
                     const Part& part, bool is_number);
  Parts step(const Instruction& over, const Part& part, bool entered, bool is_number);
  void back_over_edge(const Edge& edge, const State& state);
  [[nodiscard]] std::optional<Instruction> instruction_in_front(uint64_t address) const;

  const Reachability& reach_;
  ValueSearch numbers_;
  ValueSearch arguments_;
  std::map<std::pair<ValueState, bool>, Values> found_;
  size_t states_ = 0;  ///< Of all searches.

  // Of one search.
  uint64_t wanted_ = 0;
  std::span<const arch::NarrowedArgument> asked_;
  std::vector<State> work_;
  std::set<State> seen_;
  JointValues result_;
};

}  // namespace sandbox::scan
