// What a recorded run has called: counted, and with the values of those arguments that a policy can tell apart.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "arch/abi.h"
#include "arch/narrowed_arguments.h"
#include "bpf/program.h"
#include "resolve/rule_set.h"

namespace sandbox::record {

/// A run shows each value: none of them is open.
using Values = arch::NarrowedValues;

struct Count {
  uint64_t all = 0;
  uint64_t beyond = 0;  ///< Of these, how many the earlier policy does not allow.
};

/// A call that was seen.
struct RecordedCall {
  arch::Abi abi = arch::Abi::kX86_64;
  uint32_t number = 0;
  Count count;
  bool narrowed = false;         ///< Whether values were collected.
  bool too_many_values = false;  ///< More than kMaxValues: those behind them were only counted.
  std::map<Values, Count> values;
};

/// Calls through an ABI that no table knows, by AUDIT_ARCH_*.
struct ForeignCall {
  uint32_t arch = 0;
  uint64_t count = 0;
};

struct Recording {
  std::vector<RecordedCall> calls;  ///< Sorted by ABI and number.
  std::vector<ForeignCall> foreign;
  uint64_t uncounted = 0;  ///< Calls with numbers that were too many to tell apart.
  uint64_t seen = 0;       ///< All calls.
};

/// How many different values of a call, and how many numbers that no table of ours has room for, are kept. A program
/// may make up as many as it likes.
inline constexpr size_t kMaxValues = 64;
inline constexpr size_t kMaxOddNumbers = 256;

struct CollectorOptions {
  std::vector<arch::Abi> abis;  ///< That are recorded; of ABIs that share an arch, all.
  bool arguments = false;       ///< Collect the values of arch::narrowed_arguments().
  /// What is allowed already. For a call that it allows under conditions, values are collected in any case, so that a
  /// condition is not given up for a single further value. Borrowed; may be null.
  const resolve::PolicyRules* earlier = nullptr;
};

/// Collects calls. `note` is as quick as it can be for a call whose arguments do not matter: a recorded program waits
/// for it.
class Collector {
 public:
  /// `options.earlier` must outlive it.
  explicit Collector(const CollectorOptions& options);
  ~Collector();

  void note(const bpf::SystemCall& call);

  /// What was noted until now. Numbers that belong to no call by a fixed rule are left out: -1, with which a tracer
  /// skips a call, and x32's own on x86_64.
  [[nodiscard]] Recording recording() const;

  [[nodiscard]] uint64_t seen() const { return seen_; }
  [[nodiscard]] size_t different() const { return different_; }  ///< Calls.

 private:
  struct Details;
  struct Slot;
  struct Table;

  Table* table_of(uint32_t audit_arch, uint32_t number);
  void note_odd(const bpf::SystemCall& call, Table* table);
  std::unique_ptr<Slot[]> make_piece(const Table& table, size_t piece) const;
  static Slot make_slot(arch::Abi abi, uint32_t number, const CollectorOptions& options);

  CollectorOptions options_;
  std::vector<Table> tables_;
  std::map<uint32_t, uint64_t> foreign_;
  uint64_t uncounted_ = 0;
  uint64_t seen_ = 0;
  size_t different_ = 0;
  size_t odd_numbers_ = 0;
};

}  // namespace sandbox::record
