#include "record/recording.h"

#include <algorithm>
#include <string>

#include "arch/syscalls.h"
#include "resolve/evaluate.h"

namespace sandbox::record {
namespace {

using arch::Abi;

/// The numbers that a table holds: those of every ABI but for a few of arm's own. They are made in pieces, when one of
/// a piece's calls is made first: memory that is not touched costs nothing.
constexpr uint32_t kTableSize = 1024;
constexpr uint32_t kPieceSize = 64;

constexpr uint32_t kSkippedNumber = UINT32_MAX;

/// Numbers that every policy for x86_64 answers with ENOSYS, as the kernel does (resolve/evaluate.h).
bool is_x32s(uint32_t number) {
  return (number >= 512 && number <= 547) || number >= arch::info(Abi::kX32).first_number;
}

/// The clauses of the earlier policy for a call; empty where it says nothing of it.
std::span<const resolve::Clause> earlier_clauses(const CollectorOptions& options, Abi abi, uint32_t number) {
  const resolve::RuleSet* rules = options.earlier == nullptr ? nullptr : resolve::find_rules(*options.earlier, abi);
  return rules == nullptr ? std::span<const resolve::Clause>() : resolve::clauses_of(*rules, number);
}

bool allows(std::span<const resolve::Clause> clauses, const bpf::SystemCall& call) {
  const auto first =
      std::ranges::find_if(clauses, [&](const resolve::Clause& clause) { return resolve::matches(clause, call); });
  return first != clauses.end() && first->verdict.action == policy::Action::kAllow;
}

}  // namespace

/// What is looked at of a call beside its number.
struct Collector::Details {
  std::span<const resolve::Clause> earlier;  ///< Empty: the earlier policy says nothing of the call.
  std::vector<arch::NarrowedArgument> narrowed;
  uint64_t beyond = 0;
  bool too_many_values = false;
  std::map<Values, Count> values;

  void note(const bpf::SystemCall& call);
};

struct Collector::Slot {
  uint64_t count = 0;
  bool allowed = false;              ///< By the earlier policy, regardless of the arguments.
  std::unique_ptr<Details> details;  ///< None: counting is enough.
};

struct Collector::Table {
  const arch::AbiInfo* abi = nullptr;
  std::array<std::unique_ptr<Slot[]>, kTableSize / kPieceSize> pieces;  ///< By number, from the ABI's first on.
  std::map<uint32_t, Slot> others;                                      ///< Bounded.
};

Collector::~Collector() = default;

Collector::Collector(const CollectorOptions& options) : options_(options) {
  for (const Abi abi : options.abis) tables_.emplace_back().abi = &arch::info(abi);
}

std::unique_ptr<Collector::Slot[]> Collector::make_piece(const Table& table, size_t piece) const {
  auto slots = std::make_unique<Slot[]>(kPieceSize);
  if (options_.earlier == nullptr && !options_.arguments) return slots;  // Counting is enough.
  const auto first = table.abi->first_number + static_cast<uint32_t>(piece * kPieceSize);
  for (uint32_t i = 0; i < kPieceSize; ++i) slots[i] = make_slot(table.abi->abi, first + i, options_);
  return slots;
}

Collector::Slot Collector::make_slot(Abi abi, uint32_t number, const CollectorOptions& options) {
  Slot slot;
  std::span<const resolve::Clause> earlier = earlier_clauses(options, abi, number);
  const auto opens = [](const resolve::Clause& clause) { return clause.verdict.action == policy::Action::kAllow; };
  slot.allowed = !earlier.empty() && earlier.front().conditions.empty() && opens(earlier.front());
  if (slot.allowed) return slot;
  const bool conditional = std::ranges::any_of(earlier, opens);
  if (!conditional && !options.arguments) return slot;
  const auto name = arch::name_of(abi, number);
  auto details = std::make_unique<Details>();
  if (name) details->narrowed = arch::narrowed_arguments(abi, *name);
  if (conditional) details->earlier = earlier;
  if (conditional || !details->narrowed.empty()) slot.details = std::move(details);
  return slot;
}

/// The last of the tables of the arch whose numbers have begun: x32's numbers are behind x86_64's.
Collector::Table* Collector::table_of(uint32_t audit_arch, uint32_t number) {
  Table* found = nullptr;
  for (Table& table : tables_) {
    if (table.abi->audit_arch != audit_arch) continue;
    const bool nearer = found == nullptr || table.abi->first_number > found->abi->first_number;
    if (number >= table.abi->first_number && nearer) found = &table;
  }
  return found;
}

void Collector::note(const bpf::SystemCall& call) {
  ++seen_;
  Table* table = table_of(call.arch, call.number);
  if (table == nullptr || call.number - table->abi->first_number >= kTableSize) return note_odd(call, table);
  const uint32_t index = call.number - table->abi->first_number;
  std::unique_ptr<Slot[]>& piece = table->pieces[index / kPieceSize];
  if (!piece) piece = make_piece(*table, index / kPieceSize);
  Slot& slot = piece[index % kPieceSize];
  if (slot.count++ == 0) ++different_;
  if (slot.details) slot.details->note(call);
}

/// What programs do not do, or hardly: bounded in any case.
void Collector::note_odd(const bpf::SystemCall& call, Table* table) {
  if (call.number == kSkippedNumber) return;
  if (table == nullptr) {
    if (foreign_.size() < kMaxOddNumbers || foreign_.contains(call.arch)) {
      ++foreign_[call.arch];
    } else {
      ++uncounted_;
    }
    return;
  }
  const auto known = table->others.find(call.number);
  if (known != table->others.end()) {
    ++known->second.count;
  } else if (odd_numbers_ < kMaxOddNumbers) {
    ++odd_numbers_;
    ++different_;
    table->others[call.number].count = 1;
  } else {
    ++uncounted_;
  }
}

void Collector::Details::note(const bpf::SystemCall& call) {
  const bool is_beyond = earlier.empty() || !allows(earlier, call);
  beyond += is_beyond ? 1 : 0;
  if (narrowed.empty()) return;
  Values found = {0, 0};
  for (size_t i = 0; i < narrowed.size(); ++i) found[i] = call.args[narrowed[i].argument] & narrowed[i].mask;
  auto known = values.find(found);
  if (known == values.end()) {
    if (values.size() == kMaxValues) {
      // What is allowed already needs no room.
      too_many_values = too_many_values || is_beyond;
      return;
    }
    known = values.emplace(found, Count{}).first;
  }
  ++known->second.all;
  known->second.beyond += is_beyond ? 1 : 0;
}

Recording Collector::recording() const {
  Recording recording;
  recording.seen = seen_;
  recording.uncounted = uncounted_;
  for (const auto& [audit_arch, count] : foreign_) recording.foreign.push_back({audit_arch, count});
  for (const Table& table : tables_) {
    const auto add = [&](uint32_t number, const Slot& slot) {
      const bool unassigned = table.abi->abi == Abi::kX86_64 && is_x32s(number);
      if (slot.count == 0 || unassigned) return;
      RecordedCall call;
      call.abi = table.abi->abi;
      call.number = number;
      call.count = {slot.count, slot.allowed ? 0 : slot.count};
      if (slot.details) {
        call.count.beyond = slot.details->beyond;
        call.narrowed = !slot.details->narrowed.empty();
        call.too_many_values = slot.details->too_many_values;
        call.values = slot.details->values;
      }
      recording.calls.push_back(std::move(call));
    };
    for (uint32_t i = 0; i < kTableSize; ++i) {
      const std::unique_ptr<Slot[]>& piece = table.pieces[i / kPieceSize];
      if (piece) add(table.abi->first_number + i, piece[i % kPieceSize]);
    }
    for (const auto& [number, slot] : table.others) add(number, slot);
  }
  std::ranges::sort(recording.calls, [](const RecordedCall& a, const RecordedCall& b) {
    return std::pair(a.abi, a.number) < std::pair(b.abi, b.number);
  });
  return recording;
}

}  // namespace sandbox::record
