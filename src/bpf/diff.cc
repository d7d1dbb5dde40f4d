#include "bpf/diff.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "bpf/interpret.h"

namespace sandbox::bpf {
namespace {

using Ref = Diagrams::Ref;

/// The functions of both programs, of the same variables.
struct Pair {
  Ref left = 0;
  Ref right = 0;
  auto operator<=>(const Pair&) const = default;
};

/// The words of struct seccomp_data, by byte offset / 4.
using Words = std::array<uint32_t, Paths::kWords>;

/// A pair of answers that some arguments get.
struct Finding {
  uint32_t left = 0;
  uint32_t right = 0;
  Words words = {};  ///< Arguments that get it.
  bool for_all_arguments = false;
  std::optional<Obstacle> hangs_on;  ///< The words are no proof: an unknown value decides.
};

/// What can be said of the calls of one class: those for which the programs are one pair of functions of the arguments.
struct Findings {
  std::vector<Finding> answers;
  std::set<Obstacle> obstacles;
};

/// Compares two functions on all arguments.
class ArgumentSearch {
 public:
  ArgumentSearch(const Paths& paths, size_t most, uint64_t& steps_left)
      : paths_(paths), diagrams_(paths.diagrams()), most_(most), steps_left_(steps_left) {}

  Findings search(Pair pair) {
    visit(pair, std::nullopt);
    if (diagrams_.is_leaf(pair.left) && diagrams_.is_leaf(pair.right)) {
      for (Finding& finding : findings_.answers) finding.for_all_arguments = true;
    }
    return std::move(findings_);
  }

  [[nodiscard]] bool complete() const { return complete_; }

 private:
  void visit(Pair pair, std::optional<Obstacle> hangs_on) {
    if (pair.left == pair.right) return;
    if (diagrams_.is_leaf(pair.left) && diagrams_.is_leaf(pair.right)) return arrive(pair, hangs_on);
    if (!visited_.insert(uint64_t{pair.left} << 32U | pair.right).second) return;
    if (steps_left_ == 0) complete_ = false;
    if (!complete_) return;
    --steps_left_;
    const uint32_t variable = std::min(diagrams_.variable_of(pair.left), diagrams_.variable_of(pair.right));
    const bool unknown = variable >= Paths::kFirstUnknownVariable;
    if (unknown && !hangs_on) hangs_on = paths_.unknown(variable);
    for (const bool value : {false, true}) {
      if (!unknown) set(variable, value);
      visit({diagrams_.when(pair.left, variable, value), diagrams_.when(pair.right, variable, value)}, hangs_on);
    }
    if (!unknown) set(variable, false);
  }

  void set(uint32_t variable, bool value) {
    const DataBit at = paths_.bit_of(variable);
    uint32_t& word = words_.at(at.offset / 4);
    const uint32_t bit = 1U << at.bit;
    word = value ? word | bit : word & ~bit;
  }

  void arrive(Pair leaves, const std::optional<Obstacle>& hangs_on) {
    const auto left = paths_.outcome(leaves.left);
    const auto right = paths_.outcome(leaves.right);
    if (!left) findings_.obstacles.insert(paths_.obstacle(leaves.left));
    if (!right) findings_.obstacles.insert(paths_.obstacle(leaves.right));
    if (!left || !right) return;
    if (!known_.insert({*left, *right, hangs_on.has_value()}).second) return;
    if (findings_.answers.size() == most_) complete_ = false;
    if (complete_) findings_.answers.push_back({*left, *right, words_, false, hangs_on});
  }

  const Paths& paths_;
  const Diagrams& diagrams_;
  size_t most_;
  uint64_t& steps_left_;
  bool complete_ = true;
  Words words_ = {};
  Findings findings_;
  std::unordered_set<uint64_t> visited_;
  std::set<std::tuple<uint32_t, uint32_t, bool>> known_;
};

/// The values of the word that begins with variable `first`, by what the functions are then: intervals on which they
/// are the same pair, sorted, without those on which both programs are the same.
class WordSplit {
 public:
  WordSplit(const Diagrams& diagrams, uint32_t first, size_t most) : diagrams_(diagrams), first_(first), most_(most) {}

  std::vector<std::pair<Interval, Pair>> split(Pair pair) {
    visit(pair, 0, 0);
    return std::move(parts_);
  }

  [[nodiscard]] bool complete() const { return complete_; }

 private:
  void visit(Pair pair, uint32_t bits, uint32_t value) {
    if (pair.left == pair.right || !complete_) return;
    const uint32_t variable = std::min(diagrams_.variable_of(pair.left), diagrams_.variable_of(pair.right));
    if (variable >= first_ + Paths::kWordBits) {
      const auto rest = static_cast<uint32_t>((uint64_t{1} << (Paths::kWordBits - bits)) - 1);
      return add({value, value | rest}, pair);
    }
    for (const bool bit : {false, true}) {
      const uint32_t next = bit ? value | 1U << (Paths::kWordBits - 1 - bits) : value;
      visit({diagrams_.when(pair.left, first_ + bits, bit), diagrams_.when(pair.right, first_ + bits, bit)}, bits + 1,
            next);
    }
  }

  void add(Interval interval, Pair pair) {
    if (!parts_.empty() && parts_.back().second == pair && parts_.back().first.last + 1 == interval.first) {
      parts_.back().first.last = interval.last;
    } else if (parts_.size() == most_) {
      complete_ = false;
    } else {
      parts_.emplace_back(interval, pair);
    }
  }

  const Diagrams& diagrams_;
  uint32_t first_;
  size_t most_;
  bool complete_ = true;
  std::vector<std::pair<Interval, Pair>> parts_;
};

class Differ {
 public:
  Differ(const ValidatedProgram& left, const ValidatedProgram& right, const DiffOptions& options, BitOrder order)
      : left_(left),
        right_(right),
        options_(options),
        paths_(options.limits, order),
        steps_left_(options.limits.work / 8) {}

  Comparison compare();

 private:
  void compare_numbers(const std::vector<Interval>& archs, Pair pair);
  void report(const CallSet& calls, const Findings& findings);
  const Findings& findings_for(Pair pair);
  bool shown_by_witness(Difference& difference) const;
  [[nodiscard]] ArchEndian arch_of(const std::vector<Interval>& archs) const;
  [[nodiscard]] SystemCall witness(const CallSet& calls, const Words& words) const;

  const ValidatedProgram& left_;
  const ValidatedProgram& right_;
  const DiffOptions& options_;
  Paths paths_;
  uint64_t steps_left_;
  std::map<Pair, Findings> known_;
  Comparison result_;
};

Comparison Differ::compare() {
  const Ref left = paths_.follow(left_, Side::kLeft);
  const Ref right = paths_.follow(right_, Side::kRight);
  WordSplit archs(paths_.diagrams(), Paths::kArchVariable, options_.max_differences);
  std::map<Pair, std::vector<Interval>> alike;
  std::vector<Pair> in_order;
  for (const auto& [interval, pair] : archs.split({left, right})) {
    if (alike[pair].empty()) in_order.push_back(pair);
    alike[pair].push_back(interval);
  }
  if (!archs.complete()) result_.complete = false;
  for (const Pair pair : in_order) compare_numbers(alike[pair], pair);
  return std::move(result_);
}

void Differ::compare_numbers(const std::vector<Interval>& archs, Pair pair) {
  WordSplit numbers(paths_.diagrams(), Paths::kNumberVariable, options_.max_differences);
  for (const auto& [interval, functions] : numbers.split(pair)) {
    report({archs, interval}, findings_for(functions));
  }
  if (!numbers.complete()) result_.complete = false;
}

const Findings& Differ::findings_for(Pair pair) {
  if (const auto known = known_.find(pair); known != known_.end()) return known->second;
  ArgumentSearch search(paths_, options_.max_differences, steps_left_);
  Findings findings = search.search(pair);
  if (!search.complete()) result_.complete = false;
  return known_.emplace(pair, std::move(findings)).first->second;
}

void Differ::report(const CallSet& calls, const Findings& findings) {
  std::set<Obstacle> obstacles = findings.obstacles;
  std::set<std::pair<uint32_t, uint32_t>> shown;
  for (const Finding& finding : findings.answers) {
    if (result_.differences.size() == options_.max_differences) {
      result_.complete = false;
      break;
    }
    Difference difference = {calls, !finding.for_all_arguments, witness(calls, finding.words), finding.left,
                             finding.right};
    if (finding.hangs_on) {
      obstacles.insert(*finding.hangs_on);
      if (!shown_by_witness(difference) || !shown.insert({difference.left, difference.right}).second) continue;
    } else {
      shown.insert({difference.left, difference.right});
    }
    result_.differences.push_back(std::move(difference));
  }
  for (const Obstacle& obstacle : obstacles) result_.undecided.push_back({calls, obstacle});
}

/// Where an unknown value decides, the arguments may show a difference all the same. But then only this
/// call's.
bool Differ::shown_by_witness(Difference& difference) const {
  const SystemCall& call = difference.witness;
  const Endian endian = arch_of(difference.calls.archs).endian;
  difference.left = as_the_kernel_reads(interpret(left_, call, endian).value);
  difference.right = as_the_kernel_reads(interpret(right_, call, endian).value);
  difference.calls = {{{call.arch, call.arch}}, {call.number, call.number}};
  difference.depends_on_arguments = true;
  return difference.left != difference.right;
}

/// The arch of a witness, and its byte order.
ArchEndian Differ::arch_of(const std::vector<Interval>& archs) const {
  for (const ArchEndian& known : options_.archs) {
    for (const Interval& interval : archs) {
      if (interval.first <= known.arch && known.arch <= interval.last) return known;
    }
  }
  return {archs.front().first, Endian::kLittle};
}

SystemCall Differ::witness(const CallSet& calls, const Words& words) const {
  const ArchEndian arch = arch_of(calls.archs);
  const auto field = [&](uint32_t offset) {
    const uint64_t first = words[offset / 4];
    const uint64_t second = words[offset / 4 + 1];
    return arch.endian == Endian::kLittle ? second << 32U | first : first << 32U | second;
  };
  SystemCall call;
  call.number = calls.numbers.first;
  call.arch = arch.arch;
  for (unsigned i = 0; i < kArgumentCount; ++i) call.args[i] = field(kArgsOffset + 8 * i);
  call.instruction_pointer = field(offsetof(seccomp_data, instruction_pointer));
  return call;
}

bool same(const Instruction& a, const Instruction& b) {
  return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
}

}  // namespace

Comparison diff(const ValidatedProgram& left, const ValidatedProgram& right, const DiffOptions& options) {
  // What they compute is the same.
  if (std::equal(left.instructions().begin(), left.instructions().end(), right.instructions().begin(),
                 right.instructions().end(), same)) {
    return {};
  }
  Comparison result = Differ(left, right, options, BitOrder::kWordByWord).compare();
  if (result.undecided.empty()) return result;
  Comparison second = Differ(left, right, options, BitOrder::kBitByBit).compare();
  return second.undecided.size() < result.undecided.size() ? second : result;
}

}  // namespace sandbox::bpf
