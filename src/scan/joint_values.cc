#include "scan/joint_values.h"

#include <algorithm>
#include <utility>

#include "scan/named_rules.h"

namespace sandbox::scan {
namespace {

constexpr size_t kMaxStates = 20'000;
constexpr size_t kMaxStatesInAll = 1'000'000;  ///< Of all searches in a program.
constexpr size_t kMaxChoices = 256;            ///< Combinations that one instruction may give.
constexpr size_t kMaxTransforms = 8;
constexpr size_t kMaxValues = 500;

constexpr uint32_t kClone = 56;   // x86_64's number.
constexpr unsigned kEqual = 0x4;  // The conditions of je and jne.
constexpr unsigned kNotEqual = 0x5;

/// Where the kernel takes arguments from, by x86_64's calls.
constexpr uint8_t kArgumentRegisters[] = {kRdi, kRsi, kRdx, kR10, kR8, kR9};

/// Bytes that have all bits of a mask.
uint8_t width_of(uint64_t mask) {
  return mask > UINT32_MAX ? 8 : 4;
}

ValueState as_state(uint64_t at, const ValuePlace& place, const std::vector<Transform>& transforms) {
  return {at, place, transforms};
}

}  // namespace

JointValues JointSearch::at(const KernelCall& call, uint32_t number, bool certain,
                            std::span<const arch::NarrowedArgument> arguments) {
  wanted_ = number;
  asked_ = arguments;
  work_.clear();
  seen_.clear();
  result_ = {};
  Parts first;
  ValuePlace place;
  place.reg = kRax;
  place.width = 4;
  first.push_back(certain ? known(number) : Part{Part::Kind::kFollowed, 0, place, {}});
  for (const arch::NarrowedArgument& argument : arguments) {
    place.reg = kArgumentRegisters[argument.argument];
    place.width = width_of(argument.mask);
    first.push_back({Part::Kind::kFollowed, 0, place, {}});
  }
  push(call.address, first);
  while (!work_.empty()) {
    const State state = std::move(work_.back());
    work_.pop_back();
    before(state);
    if (seen_.size() <= kMaxStates && states_ <= kMaxStatesInAll && result_.values.size() <= kMaxValues) continue;
    result_.values = {arch::NarrowedValues{}};
    result_.lost_at = {call.address};
    break;
  }
  return std::move(result_);
}

// ---- States ----

void JointSearch::emit(const Parts& parts) {
  arch::NarrowedValues values = {0, 0};
  bool any = true;
  for (size_t i = 0; i < asked_.size(); ++i) {
    const Part& part = parts[i + 1];
    values[i] = part.kind == Part::Kind::kKnown ? std::optional(part.value & asked_[i].mask) : std::nullopt;
    any = any && !values[i];
    if (part.kind == Part::Kind::kLost) result_.lost_at.insert(part.value);
  }
  result_.values.insert(any ? arch::NarrowedValues{} : values);
}

/// A way with another number is left; one on which nothing is left to be followed is a result.
void JointSearch::push(uint64_t at, Parts parts) {
  const auto is = [&](const Part& part, Part::Kind kind) { return part.kind == kind; };
  if (is(parts.front(), Part::Kind::kKnown) && (parts.front().value & UINT32_MAX) != wanted_) return;
  for (Part& part : parts) {
    if (part.transforms.size() > kMaxTransforms) part = lost(at);
  }
  if (std::ranges::none_of(parts, [&](const Part& part) { return is(part, Part::Kind::kFollowed); })) {
    return emit(parts);
  }
  ++states_;
  State state = {at, std::move(parts)};
  if (seen_.insert(state).second) work_.push_back(std::move(state));
}

/// One state for each combination of what the parts can be. No combination: control does not come that way.
void JointSearch::push_product(uint64_t at, const std::vector<Parts>& choices) {
  size_t combinations = 1;
  for (const Parts& of_part : choices) combinations = std::min(combinations * of_part.size(), kMaxChoices + 1);
  if (combinations > kMaxChoices) {
    Parts parts = {choices.front().size() == 1 ? choices.front().front() : lost(at)};
    while (parts.size() < choices.size()) parts.push_back(lost(at));
    return push(at, std::move(parts));
  }
  for (size_t which = 0; which < combinations; ++which) {
    Parts parts;
    size_t rest = which;
    for (const Parts& of_part : choices) {
      parts.push_back(of_part[rest % of_part.size()]);
      rest /= of_part.size();
    }
    push(at, std::move(parts));
  }
}

void JointSearch::lose_all(const State& state) {
  Parts parts = state.parts;
  for (Part& part : parts) {
    if (part.kind == Part::Kind::kFollowed) part = lost(state.at);
  }
  push(state.at, std::move(parts));
}

// ---- Ways back ----

void JointSearch::before(const State& state) {
  if (resolve_variables(state)) return;
  if (reach_.is_swept(state.at)) return lose_all(state);
  bool any = false;
  for (const uint64_t start : reach_.stretches_into(state.at)) {
    any = true;
    back_through(start, state);
  }
  if (!reach_.is_leader(state.at)) {
    if (!any) lose_all(state);
    return;
  }
  if (!arguments_.only_known_callers(state.at)) return from_unknown_callers(state);
  for (const Edge& edge : reach_.edges_to(state.at)) {
    any = true;
    back_over_edge(edge, state);
  }
  if (!any) lose_all(state);
}

/// The arguments can be anything; for numbers there are rules.
void JointSearch::from_unknown_callers(const State& state) {
  std::vector<Parts> choices;
  for (const Part& part : state.parts) {
    if (part.kind != Part::Kind::kFollowed) {
      choices.push_back({part});
    } else if (choices.empty()) {
      choices.push_back(values_of(part, state.at, true));
    } else {
      choices.push_back({lost(state.at)});
    }
  }
  push_product(state.at, choices);
}

/// Variables have their values whatever way led here.
bool JointSearch::resolve_variables(const State& state) {
  bool any = false;
  std::vector<Parts> choices;
  for (const Part& part : state.parts) {
    const bool variable = part.kind == Part::Kind::kFollowed && (part.place.kind == ValuePlace::Kind::kVariable ||
                                                                 part.place.kind == ValuePlace::Kind::kThrough);
    any = any || variable;
    choices.push_back(variable ? values_of(part, state.at, choices.empty()) : Parts{part});
  }
  if (any) push_product(state.at, choices);
  return any;
}

JointSearch::Parts JointSearch::values_of(const Part& part, uint64_t at, bool is_number) {
  const std::pair key(as_state(at, part.place, part.transforms), is_number);
  auto known_values = found_.find(key);
  if (known_values == found_.end()) {
    known_values = found_.emplace(key, (is_number ? numbers_ : arguments_).at(key.first)).first;
  }
  Parts parts;
  for (const uint64_t value : known_values->second.known) parts.push_back(known(value));
  if (!known_values->second.complete) parts.push_back(lost(known_values->second.lost_at));
  return parts;
}

void JointSearch::back_over_edge(const Edge& edge, const State& state) {
  const auto from = reach_.instruction_at(edge.from);
  if (!from) return lose_all(state);
  const bool equal = from->flow == Flow::kBranch && (from->opcode & 0xf) == kEqual;
  const auto compare = equal ? instruction_in_front(edge.from) : std::nullopt;
  std::vector<Parts> choices;
  for (const Part& part : state.parts) {
    const bool followed = part.kind == Part::Kind::kFollowed;
    const auto told = followed && compare
                          ? ValueSearch::told_by(*compare, as_state(edge.from, part.place, part.transforms))
                          : std::nullopt;
    choices.push_back(told ? Parts{known(*told)} : step(*from, part, edge.call, choices.empty()));
  }
  push_product(edge.from, choices);
}

/// The one instruction that control comes from without a jump, if it can come in no other way.
std::optional<Instruction> JointSearch::instruction_in_front(uint64_t address) const {
  const auto starts = reach_.stretches_into(address);
  if (starts.size() != 1 || reach_.is_leader(address)) return std::nullopt;
  std::optional<Instruction> last;
  for (uint64_t at = starts.front(); at < address; at = last->end()) {
    last = reach_.instruction_at(at);
    if (!last) return std::nullopt;
  }
  return last;
}

void JointSearch::back_through(uint64_t start, const State& state) {
  std::vector<Instruction> stretch;
  for (uint64_t at = start; at < state.at;) {
    const auto instruction = reach_.instruction_at(at);
    if (!instruction) return lose_all(state);
    stretch.push_back(*instruction);
    at = instruction->end();
  }
  Parts parts = state.parts;
  for (size_t i = stretch.size(); i-- > 0;) {
    const Instruction* in_front = i > 0 ? &stretch[i - 1] : nullptr;
    std::vector<Parts> choices;
    bool settled = false;
    for (const Part& part : parts) {
      choices.push_back(choices_over(stretch[i], in_front, {stretch.data(), i + 1}, part, choices.empty()));
      const Part* only = choices.back().size() == 1 ? choices.back().data() : nullptr;
      settled = settled || only == nullptr || only->kind != part.kind || only->place.kind != part.place.kind;
    }
    if (settled) return push_product(stretch[i].address, choices);
    for (size_t p = 0; p < parts.size(); ++p) parts[p] = std::move(choices[p].front());
    if (reach_.is_swept(stretch[i].address)) return lose_all({stretch[i].address, std::move(parts)});
  }
  push(start, std::move(parts));
}

/// What a part can be in front of an instruction of a stretch.
JointSearch::Parts JointSearch::choices_over(const Instruction& over, const Instruction* in_front,
                                             std::span<const Instruction> stretch, const Part& part, bool is_number) {
  if (part.kind != Part::Kind::kFollowed) return {part};
  Part found = part;
  if (over.flow == Flow::kBranch && (over.opcode & 0xf) == kNotEqual && in_front != nullptr) {
    const auto told = ValueSearch::told_by(*in_front, as_state(over.address, part.place, part.transforms));
    if (told) return {known(*told)};
  }
  ValueSearch::find_on_stack(stretch, found.place);
  Parts parts = step(over, found, false, is_number);
  const bool flags = !is_number && wanted_ == kClone && !parts.empty() && parts.back().kind == Part::Kind::kLost;
  if (!flags) return parts;
  const Image& image = reach_.image();
  const auto known_flags = flags_in_place_of_clone3(image.file(image.file_of(over.address)), stretch);
  if (known_flags.empty()) return parts;
  parts.pop_back();
  for (const uint32_t value : known_flags) parts.push_back(known(value));
  return parts;
}

JointSearch::Parts JointSearch::step(const Instruction& over, const Part& part, bool entered, bool is_number) {
  if (part.kind != Part::Kind::kFollowed) return {part};
  StepResult result =
      (is_number ? numbers_ : arguments_).step_back(over, as_state(over.address, part.place, part.transforms), entered);
  Parts parts;
  for (const uint64_t value : result.values) parts.push_back(known(value));
  for (ValueState& further : result.further) {
    parts.push_back({Part::Kind::kFollowed, 0, further.place, std::move(further.transforms)});
  }
  if (result.lost) parts.push_back(lost(over.address));
  return parts;
}

}  // namespace sandbox::scan
