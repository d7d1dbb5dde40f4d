// Which code of a program can run: found from its entry points, instruction by instruction.
//
// A function is reached by a call or jump from reached code, or because reached code or data that reached code can get
// at holds its address. Nothing is assumed of what indirect calls are called with: each function whose address is taken
// counts as called. Paths inside a function are followed through branches and jump tables.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scan/data_objects.h"
#include "scan/image.h"
#include "scan/jump_tables.h"
#include "scan/x86_instruction.h"

namespace sandbox::scan {

/// Why something is reached.
enum class Reason : uint8_t {
  kEntry,  ///< The kernel or the loader starts there.
  kCall,
  kJump,        ///< Also a function that is left for another.
  kAddress,     ///< Code holds its address.
  kPointer,     ///< A pointer in data that code can get at; `site` is the instruction.
  kLibrary,     ///< A library that is loaded at run time has it.
  kLandingPad,  ///< The unwinder enters there.
};

/// How a function was first reached: breadth first, so that the chain is among the shortest.
struct ReachedFunction {
  uint64_t site = 0;    ///< The instruction; 0: none.
  uint64_t caller = 0;  ///< The function it stands in.
  Reason reason = Reason::kEntry;
  std::string_view what;  ///< kEntry, kLibrary: what it is; static.
  uint8_t round = 0;
};

/// A way into code that is not the instruction before it.
/// There are millions of them: two words each.
struct Edge {
  Edge(uint64_t target, uint64_t site, bool is_call)
      : to(target), from(site & (UINT64_MAX >> 1)), call(is_call ? 1U : 0U) {}

  uint64_t to;
  uint64_t from : 63;  ///< The instruction that jumps or calls.
  uint64_t call : 1;
};

/// A call to the kernel.
struct KernelCall {
  uint64_t address = 0;   ///< Of the instruction.
  uint64_t function = 0;  ///< The function it was first reached in.
  Flow flow = Flow::kSyscall;
};

/// Code that holds an address in the vsyscall page, where the kernel makes a call for it.
struct OldCall {
  uint64_t address = 0;
  uint64_t function = 0;
  uint64_t target = 0;
};

class Reachability {
 public:
  explicit Reachability(Image& image);

  /// Counts the function at an address as called. Nothing happens before run().
  void add_entry(uint64_t address, Reason reason, std::string_view what);
  /// The same for a function whose callers are all seen.
  void add_function(uint64_t address, Reason reason, std::string_view what) {
    reach_function(address, reason, 0, 0, what);
  }
  /// Calls of a function are held back: it counts as dead, until release().
  void hold_back(uint64_t function) { held_.insert(function); }
  /// The functions that were held back count like any other from now on. Whether one of them was called.
  bool release();
  /// Counts data as in use: the functions whose addresses it has are reached.
  void add_object(uint64_t address) { take_object(address, 0, 0); }
  /// All instructions of a stretch of code are reached, whether a path leads to them or not.
  void sweep(const Extent& extent, uint64_t function);
  /// Follows everything that can be reached from the entries. May be called again after more were added; what is found
  /// then is of a later round.
  void run();

  [[nodiscard]] const std::vector<KernelCall>& kernel_calls() const { return kernel_calls_; }
  [[nodiscard]] const std::unordered_map<uint64_t, ReachedFunction>& functions() const { return functions_; }
  [[nodiscard]] const Image& image() const { return image_; }

  // ---- For values: the ways into an instruction ----

  /// Sorts what was found, so that the questions below can be asked. After run().
  void index();
  /// Jumps and calls to an address.
  [[nodiscard]] std::span<const Edge> edges_to(uint64_t address) const;
  /// The beginnings of stretches of code from which control runs on to `address` without a jump.
  [[nodiscard]] std::vector<uint64_t> stretches_into(uint64_t address) const;
  [[nodiscard]] bool is_leader(uint64_t address) const;
  /// Whether it may be entered from places that no edge tells.
  [[nodiscard]] bool has_unknown_callers(uint64_t address) const { return open_.contains(address); }
  /// Whether it stands in a function with a jump of which not all targets were found: it may lead to any instruction.
  [[nodiscard]] bool is_swept(uint64_t address) const {
    const auto next = swept_.upper_bound(address);
    return next != swept_.begin() && address < std::prev(next)->second;
  }
  /// Whether a Go function begins there that may be a method, by its name: types lead to these by offsets, which no
  /// search sees, so that their callers are not known.
  [[nodiscard]] bool is_go_method(uint64_t address) const;
  /// Where control goes on behind an instruction; none if it does not.
  [[nodiscard]] bool goes_on(const Instruction& instruction) const;
  [[nodiscard]] std::optional<Instruction> instruction_at(uint64_t address) const;
  /// The reached instructions that store to a fixed address. None: something else may, too, because its address, or
  /// that of the object that it is in, is held by something. `exactly`: because its address is.
  [[nodiscard]] std::optional<std::vector<uint64_t>> stores_to(uint64_t address, bool exactly) const;
  /// What an indirect jump or call through memory at a fixed address, a slot of the linker's, leads to.
  [[nodiscard]] std::span<const Pointer> slot_targets(const Instruction& instruction) const;
  /// The instructions that call through registers or memory that no relocation names.
  [[nodiscard]] const std::vector<uint64_t>& indirect_calls() const { return indirect_calls_; }
  /// Whether reached code, or data that it can get at, holds the address of this data.
  [[nodiscard]] bool holds_address(uint64_t data) const { return addresses_taken_.contains(data); }
  /// Where the unwinder says that a function stands; empty where it says nothing.
  [[nodiscard]] Extent frame_at(uint64_t address) const;
  /// Jumps inside a function of which not all targets were found, and where nothing tells how far the function goes.
  [[nodiscard]] const std::vector<uint64_t>& unknown_jumps() const { return unknown_jumps_; }
  /// Reached places inside of functions that have no instruction which is known here.
  [[nodiscard]] const std::vector<uint64_t>& unknown_code() const { return unknown_code_; }
  [[nodiscard]] const std::vector<OldCall>& vsyscalls() const { return vsyscalls_; }
  [[nodiscard]] bool is_go_code(uint64_t address) const;
  /// Whether an indirect jump or call goes through a slot of the linker's, or through data that does not change.
  [[nodiscard]] bool is_linkers_slot(const Instruction& instruction) const;

 private:
  struct CodeMap {
    uint64_t begin = 0;
    uint64_t end = 0;
    std::vector<bool> visited;
    std::vector<bool> leader;
  };
  struct Work {
    uint64_t address = 0;
    uint64_t function = 0;
  };

  CodeMap* map_of(uint64_t address);
  [[nodiscard]] const CodeMap* map_of(uint64_t address) const;
  void reach_function(uint64_t address, Reason reason, uint64_t site, uint64_t caller, std::string_view what = {});
  void jump_to(uint64_t target, uint64_t site, uint64_t function);
  void follow(uint64_t function);
  void follow_stretch(uint64_t begin, uint64_t function);
  void remember(const Instruction& instruction);
  void take(const Instruction& instruction, uint64_t function);
  void take_flow(const Instruction& instruction, uint64_t function);
  void take_memory(const Instruction& instruction, uint64_t function);
  void take_address(uint64_t address, uint64_t site, uint64_t function);
  void take_object(uint64_t address, uint64_t site, uint64_t function);
  void take_copied(const Extent& extent, uint64_t site, uint64_t function);
  void take_pointers(const Extent& extent, uint64_t site, uint64_t function);
  bool take_called_slot(const Instruction& load, uint64_t function);
  std::optional<std::vector<Instruction>> only_calls(const Instruction& load) const;
  void take_plain(const Instruction& instruction, uint64_t function);
  void take_indexed(uint64_t address, uint64_t site, uint64_t function);
  void take_relative(const Instruction& instruction, uint64_t function);
  [[nodiscard]] bool is_indexed(const Instruction& made) const;
  void take_indirect_jump(const Instruction& instruction, uint64_t function);
  void add_landing_pads(const FrameEntry& frame, uint64_t file, uint64_t function);
  [[nodiscard]] const FrameEntry* frame_of(uint64_t address) const;
  [[nodiscard]] const GoFunction* go_entry_at(uint64_t address) const;
  [[nodiscard]] Extent symbol_at(uint64_t address) const;
  [[nodiscard]] bool is_function_start(uint64_t address) const;

  Image& image_;
  DataObjects objects_;
  FunctionFacts facts_;
  std::map<uint64_t, uint64_t> swept_;      ///< Functions all of whose instructions were taken: from, to.
  std::vector<std::vector<CodeMap>> maps_;  ///< Of each file.
  std::vector<std::unordered_set<uint64_t>> starts_;
  std::unordered_map<uint64_t, ReachedFunction> functions_;
  std::deque<uint64_t> queue_;
  std::vector<Work> inside_;  ///< Stretches of the function that is followed.
  std::vector<Instruction> recent_;
  std::vector<Edge> edges_;
  std::vector<KernelCall> kernel_calls_;
  std::vector<uint64_t> indirect_calls_;
  std::vector<uint64_t> unknown_jumps_;
  std::vector<uint64_t> unknown_code_;
  std::vector<OldCall> vsyscalls_;
  std::unordered_set<uint64_t> open_;  ///< Code that is entered from unknown places.
  std::unordered_set<uint64_t> objects_taken_;
  std::unordered_set<uint64_t> addresses_taken_;  ///< Of data.
  std::unordered_map<uint64_t, std::vector<uint64_t>> stores_;
  std::unordered_set<uint64_t> unwound_;  ///< Frames whose landing pads were added.
  std::vector<std::pair<uint64_t, uint64_t>> taken_extents_;
  struct HeldCall {
    uint64_t function = 0;
    uint64_t site = 0;
    uint64_t caller = 0;
    Reason reason = Reason::kCall;
  };
  std::unordered_set<uint64_t> held_;
  std::vector<HeldCall> held_calls_;
  uint8_t round_ = 0;
  size_t followed_ = 0;
};

}  // namespace sandbox::scan
