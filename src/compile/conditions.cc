#include "compile/conditions.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compile/number_tree.h"
#include "compile/value_line.h"
#include "resolve/evaluate.h"

namespace sandbox::compile {
namespace {

using bpf::Assembler;
using bpf::Compare;
using policy::Operation;
using resolve::Condition;
using Node = Assembler::Node;

constexpr uint32_t low_half(uint64_t value) {
  return static_cast<uint32_t>(value);
}
constexpr uint32_t high_half(uint64_t value) {
  return static_cast<uint32_t>(value >> 32U);
}

/// A choice without the conditions that always hold.
struct Clause {
  std::vector<Condition> conditions;
  CodeEntry matched;
  uint32_t tag = 0;

  /// Whether they compare nothing but one term with values, and which.
  [[nodiscard]] std::optional<Term> term() const {
    const auto same = [&](const Condition& c) { return asks_for_values(c) && term_of(c) == term_of(conditions[0]); };
    if (!std::all_of(conditions.begin(), conditions.end(), same)) return std::nullopt;
    return term_of(conditions[0]);
  }
};

class ChoiceCompiler {
 public:
  ChoiceCompiler(Assembler& assembler, bpf::Endian endian, Effort effort)
      : assembler_(assembler), endian_(endian), effort_(effort) {}

  CodeEntry all_of(const Clause& clause, const CodeEntry& otherwise);
  CodeEntry first_of(std::span<const Clause> clauses, const CodeEntry& otherwise);

 private:
  /// Where a value continues from `first` on.
  struct Stretch {
    uint64_t first = 0;
    CodeEntry entry;
    uint32_t tag = 0;
  };
  /// Where a choice of a ValueLine continues.
  struct Outcome {
    CodeEntry entry;
    uint32_t tag = 0;  ///< 0: that of the choice before it on the line.
  };

  [[nodiscard]] Word low_word(const Term& term) const {
    return {bpf::low_half_offset(term.argument, endian_), low_half(term.mask)};
  }
  [[nodiscard]] Word high_word(const Term& term) const {
    return {bpf::high_half_offset(term.argument, endian_), high_half(term.mask)};
  }

  CodeEntry line(const Term& term, const ValueLine& line, std::span<const Outcome> outcomes);
  CodeEntry high_line(const Term& term, std::span<const Stretch> stretches);
  CodeEntry word_line(Word word, std::span<const Stretch> stretches);
  CodeEntry any_bit(const Condition& condition, const CodeEntry& yes, const CodeEntry& no);
  CodeEntry any_bit_of_word(Word word, uint32_t bits, const CodeEntry& yes, const CodeEntry& no);
  CodeEntry load(Word word, Node loaded);

  Assembler& assembler_;
  bpf::Endian endian_;
  Effort effort_;
};

/// Where those go on that have the word in A.
Node behind_load(const CodeEntry& entry, Word word) {
  return entry.word == word ? entry.loaded : entry.node;
}

CodeEntry ChoiceCompiler::load(Word word, Node loaded) {
  Node masked = loaded;
  if (word.mask != UINT32_MAX) masked = assembler_.step(BPF_ALU | BPF_AND | BPF_K, word.mask, loaded);
  return {assembler_.load(word.offset, masked), word, loaded};
}

/// Stretches of a word's values, of which the first begins at 0.
CodeEntry ChoiceCompiler::word_line(Word word, std::span<const Stretch> stretches) {
  std::vector<Target> targets;
  bool one_way = true;
  for (const Stretch& stretch : stretches) {
    if (stretch.first > word.mask) break;  // No value is so large.
    one_way = one_way && stretch.entry.node == stretches[0].entry.node;
    targets.push_back({low_half(stretch.first), behind_load(stretch.entry, word), stretch.tag});
  }
  if (one_way) return stretches[0].entry;
  return load(word, compile_number_tree(assembler_, targets, 0, effort_));
}

/// The high half decides, but for its values within which the outcome changes: then the low half does.
CodeEntry ChoiceCompiler::high_line(const Term& term, std::span<const Stretch> stretches) {
  std::vector<Stretch> highs;
  for (size_t i = 0; i < stretches.size();) {
    const uint32_t high = high_half(stretches[i].first);
    std::vector<Stretch> lows;  // Those that begin at this value of the high half, and the one that reaches into it.
    if (low_half(stretches[i].first) != 0) lows.push_back({0, stretches[i - 1].entry, stretches[i].tag});
    for (; i < stretches.size() && high_half(stretches[i].first) == high; ++i) {
      lows.push_back({low_half(stretches[i].first), stretches[i].entry, stretches[i].tag});
    }
    highs.push_back({high, word_line(low_word(term), lows), lows.back().tag});
    const bool more = high != UINT32_MAX && (i == stretches.size() || high_half(stretches[i].first) != high + 1);
    if (more) highs.push_back({uint64_t{high} + 1, stretches[i - 1].entry, stretches[i - 1].tag});
  }
  return word_line(high_word(term), highs);
}

CodeEntry ChoiceCompiler::line(const Term& term, const ValueLine& line, std::span<const Outcome> outcomes) {
  std::vector<Stretch> stretches;
  uint32_t tag = 0;
  for (const auto& [first, choice] : line) {
    const Outcome& outcome = outcomes[choice];
    if (outcome.tag != 0) tag = outcome.tag;
    if (stretches.empty() || stretches.back().entry.node != outcome.entry.node)
      stretches.push_back({first, outcome.entry, tag});
  }
  return high_half(term.mask) == 0 ? word_line(low_word(term), stretches) : high_line(term, stretches);
}

CodeEntry ChoiceCompiler::any_bit_of_word(Word word, uint32_t bits, const CodeEntry& yes, const CodeEntry& no) {
  if (bits == 0 || yes.node == no.node) return no;
  return load(word, assembler_.branch(Compare::kAnyBit, bits, behind_load(yes, word), behind_load(no, word)));
}

CodeEntry ChoiceCompiler::any_bit(const Condition& condition, const CodeEntry& yes, const CodeEntry& no) {
  const uint64_t bits = condition.value & term_of(condition).mask;
  const Term all = {condition.argument, UINT64_MAX};
  const CodeEntry low = any_bit_of_word(low_word(all), low_half(bits), yes, no);
  return any_bit_of_word(high_word(all), high_half(bits), yes, low);
}

/// Conditions one behind the other that compare one term are one search.
CodeEntry ChoiceCompiler::all_of(const Clause& clause, const CodeEntry& otherwise) {
  CodeEntry entry = clause.matched;
  const std::span<const Condition> conditions = clause.conditions;
  for (size_t end = conditions.size(); end > 0;) {
    const Condition& last = conditions[end - 1];
    size_t begin = end - 1;
    if (!asks_for_values(last)) {
      const bool negated = last.operation == Operation::kBitsNotSet;
      entry = any_bit(last, negated ? otherwise : entry, negated ? entry : otherwise);
    } else {
      const Term term = term_of(last);
      while (begin > 0 && asks_for_values(conditions[begin - 1]) && term_of(conditions[begin - 1]) == term) --begin;
      ValueLine values(0);
      for (const Values& matching : values_of(conditions.subspan(begin, end - begin))) values.set(matching, 1);
      entry = line(term, values, std::array{Outcome{otherwise, clause.tag}, Outcome{entry, clause.tag}});
    }
    end = begin;
  }
  return entry;
}

/// Clauses that all compare one term: the last is written on the line of values first, so that earlier ones have their
/// way.
CodeEntry ChoiceCompiler::first_of(std::span<const Clause> clauses, const CodeEntry& otherwise) {
  ValueLine values(0);
  std::vector<Outcome> outcomes(clauses.size() + 1, Outcome{otherwise, 0});
  for (size_t i = clauses.size(); i-- > 0;) {
    outcomes[i + 1] = {clauses[i].matched, clauses[i].tag};
    for (const Values& matching : values_of(clauses[i].conditions)) values.set(matching, i + 1);
  }
  return line(*clauses.front().term(), values, outcomes);
}

/// The choices that can be reached and depend on the arguments; the first that always matches replaces `otherwise`.
std::vector<Clause> reachable(std::span<const Choice> choices, CodeEntry& otherwise) {
  std::vector<Clause> clauses;
  for (const Choice& choice : choices) {
    Clause clause = {{}, choice.matched, choice.tag};
    bool never = false;
    for (const Condition& condition : choice.conditions) {
      const auto outcome = resolve::constant_outcome(condition);
      if (!outcome) clause.conditions.push_back(condition);
      never = never || outcome == false;
    }
    if (never) continue;
    if (clause.conditions.empty()) {
      otherwise = choice.matched;
      break;
    }
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

}  // namespace

CodeEntry compile_choices(Assembler& assembler, std::span<const Choice> choices, const CodeEntry& otherwise,
                          bpf::Endian endian, Effort effort) {
  CodeEntry next = otherwise;
  const std::vector<Clause> clauses = reachable(choices, next);
  ChoiceCompiler compiler(assembler, endian, effort);
  for (size_t end = clauses.size(); end > 0;) {
    const auto term = clauses[end - 1].term();
    size_t begin = end - 1;
    while (term && begin > 0 && clauses[begin - 1].term() == term) --begin;
    assembler.set_tag(clauses[begin].tag);
    next = term ? compiler.first_of(std::span(clauses).subspan(begin, end - begin), next)
                : compiler.all_of(clauses[begin], next);
    end = begin;
  }
  return next;
}

}  // namespace sandbox::compile
