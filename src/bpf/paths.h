// What a program answers to every call at once: all its paths, as one function of the bits of struct seccomp_data.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bpf/decision_diagram.h"
#include "bpf/program.h"
#include "bpf/symbolic_word.h"
#include "bpf/validate.h"

namespace sandbox::bpf {

/// The value as the kernel acts on it (__seccomp_filter in kernel/seccomp.c): errno data is at most 4095, only errno,
/// trap and trace have data at all, and an action that it does not know is kill_process.
uint32_t as_the_kernel_reads(uint32_t value);

/// One of the two programs that are compared.
enum class Side : uint8_t { kLeft, kRight };

/// What could not be followed exactly.
struct Obstacle {
  enum class Kind : uint8_t {
    kValue,       ///< The instruction computes or compares a value of which there is no small account.
    kPaths,       ///< From the instruction on, the paths are too many.
    kOutOfReach,  ///< The work was used up before.
  };
  Side side = Side::kLeft;
  size_t instruction = 0;
  Kind kind = Kind::kValue;
  auto operator<=>(const Obstacle&) const = default;
};

/// How much a comparison may cost before it gives up. A step is some 0.2 us and at most 40 bytes.
struct Limits {
  uint64_t work = uint64_t{1} << 21U;
  uint64_t work_on_one_instruction = uint64_t{1} << 18U;
  size_t states = size_t{1} << 16U;  ///< Of registers, over all instructions of a program.
};

/// The order in which diagrams ask for the bits of the arguments: it decides how large they become. Comparisons with
/// constants are small word by word; comparisons of words with one another only bit by bit, through all words in turn.
enum class BitOrder : uint8_t { kWordByWord, kBitByBit };

/// A bit of struct seccomp_data: of the word at this byte offset.
struct DataBit {
  uint32_t offset = 0;
  uint32_t bit = 0;
};

/// Follows programs through the same diagrams, so that functions of different programs can be compared.
///
/// A value that is too complex is replaced by one of which nothing is known, as if the call brought it along; the same
/// computation gives the same one, in whichever program. Functions that are equal nevertheless are truly equal. Where
/// they differ, what depends on the unknown is to be taken with care.
class Paths {
 public:
  using Ref = Diagrams::Ref;
  static constexpr unsigned kWordBits = 32;
  static constexpr unsigned kWords = sizeof(seccomp_data) / 4;
  /// The variables in order: the bits of arch from the highest on, of nr, then of the arguments and the instruction
  /// pointer. Then unknown values.
  static constexpr uint32_t kArchVariable = 0;
  static constexpr uint32_t kNumberVariable = kWordBits;
  static constexpr uint32_t kFirstArgumentVariable = 2 * kWordBits;
  static constexpr uint32_t kFirstUnknownVariable = kWords * kWordBits;

  explicit Paths(const Limits& limits, BitOrder order = BitOrder::kWordByWord)
      : diagrams_(limits.work), limits_(limits), order_(order) {}

  /// The outcome of the program, a function whose leaves are for `outcome` and `obstacle`.
  Ref follow(const ValidatedProgram& program, Side side);

  /// What a leaf says: the answer as the kernel reads it, or none, and then there is an obstacle.
  [[nodiscard]] std::optional<uint32_t> outcome(Ref leaf) const;
  [[nodiscard]] const Obstacle& obstacle(Ref leaf) const;
  /// Where the unknown value of a variable comes from. Precondition: not below kFirstUnknownVariable.
  [[nodiscard]] const Obstacle& unknown(uint32_t variable) const;
  /// What a variable below kFirstUnknownVariable is.
  [[nodiscard]] DataBit bit_of(uint32_t variable) const;

  [[nodiscard]] const Diagrams& diagrams() const { return diagrams_; }

 private:
  using Value = uint32_t;  ///< An index of values_.
  static constexpr size_t kX = 1;
  static constexpr size_t kScratch = 2;
  /// A, X and the scratch words.
  using State = std::array<Value, kScratch + BPF_MEMWORDS>;

  /// An instruction in one state.
  struct Place {
    size_t instruction = 0;
    State state = {};
    Ref condition = Diagrams::kTrue;
    size_t yes = 0;  ///< The next place.
    size_t no = 0;
    Ref function = Diagrams::kFalse;  ///< The outcome from here on.
  };

  /// Where the analysis of one program stands.
  struct Walk {
    Side side;
    const Program& program;
    std::vector<uint32_t> live;  ///< The registers that an instruction, or one behind it, may read: a bit for each.
    std::vector<Place> places;
    std::vector<std::map<State, size_t>> at;  ///< By instruction: its places.
  };

  void step(Walk& walk, size_t place);
  void branch(Walk& walk, size_t place);
  void end(Walk& walk, size_t place, Ref function);
  void compute(Walk& walk, size_t place);
  size_t place_at(Walk& walk, size_t instruction, State state);
  size_t end_place(Walk& walk, Ref function);

  Value intern(SymbolicWord word);
  Value constant(uint32_t value) { return intern(constant_word(value, kWordBits)); }
  Value data(uint32_t offset);
  Value result_of(uint16_t operation, Value a, Value b, const Obstacle& here);
  Ref comparison(uint16_t operation, Value a, Value b, const Obstacle& here);
  Value unknown_value(const Obstacle& here);
  Ref outcome_of(Value value, const Obstacle& here);
  Ref with_data(uint32_t action, const SymbolicWord& value, unsigned bits, uint32_t data);

  void begin() { diagrams_.begin(limits_.work_on_one_instruction); }
  Ref answer(uint32_t value) { return diagrams_.leaf(kOutcome | as_the_kernel_reads(value)); }
  Ref blocked(const Obstacle& obstacle);
  /// What fails when all work is used up says nothing about the instruction.
  [[nodiscard]] Obstacle named(Obstacle obstacle) const;

  static constexpr uint64_t kOutcome = uint64_t{1} << 32U;
  static constexpr uint64_t kObstacle = uint64_t{2} << 32U;

  Diagrams diagrams_;
  Limits limits_;
  BitOrder order_;
  std::vector<SymbolicWord> values_;
  std::unordered_map<SymbolicWord, Value, HashOfWord> value_index_;  ///< There may be hundreds of thousands.
  std::map<std::array<uint32_t, 3>, Value> results_;                 ///< By operation and operands.
  std::map<std::array<uint32_t, 3>, Ref> comparisons_;               ///< The same.
  std::vector<Obstacle> obstacles_;                                  ///< Those that leaves name.
  std::map<Obstacle, size_t> obstacle_index_;
  std::vector<Obstacle> unknowns_;  ///< By group of 32 variables.
};

}  // namespace sandbox::bpf
