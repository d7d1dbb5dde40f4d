// diff: the calls that two policies or filters treat differently, each with an example.
#include "bpf/diff.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {
namespace {

constexpr size_t kMaxNames = 6;          // In a line; of more calls there is the count.
constexpr size_t kMaxNamesOfGroup = 80;  // The same of a group of lines.

/// Both sides, and what came out.
struct Compared {
  const Input& a;
  const Input& b;
  bpf::Comparison result;
};

bool holds_arch(const bpf::CallSet& calls, uint32_t audit_arch) {
  return std::any_of(calls.archs.begin(), calls.archs.end(),
                     [&](bpf::Interval i) { return i.first <= audit_arch && audit_arch <= i.last; });
}

/// The names of the ABI's calls among the numbers.
std::vector<std::string> names_in(bpf::Interval numbers, arch::Abi abi) {
  std::vector<std::pair<uint32_t, std::string>> calls;
  for (const std::string_view name : arch::names_on(abi)) {
    const uint32_t number = *arch::number_of(abi, name);
    if (numbers.first <= number && number <= numbers.last) calls.emplace_back(number, name);
  }
  std::sort(calls.begin(), calls.end());
  std::vector<std::string> names;
  names.reserve(calls.size());
  for (auto& [number, name] : calls) names.push_back(std::move(name));
  return names;
}

/// "openat"; "openat, close (257 to 258)"; "every call"; "12 calls from read (0) to brk (12)".
std::string calls_text(bpf::Interval numbers, std::optional<arch::Abi> abi) {
  if (numbers.first == 0 && numbers.last == UINT32_MAX) return "every call";
  const auto number = [](uint32_t n) { return n < 100000 ? std::to_string(n) : number_text(n); };
  const std::string range = number(numbers.first) + " to " + number(numbers.last);
  if (numbers.first == numbers.last) return call_text(abi.value_or(arch::native_abi()), numbers.first);
  if (!abi) return "numbers " + range;
  const std::vector<std::string> names = names_in(numbers, *abi);
  if (names.empty()) return "numbers " + range;
  if (names.size() > kMaxNames) {
    return std::to_string(names.size()) + " calls from " + names.front() + " to " + names.back() + " (" + range + ")";
  }
  return join(names, ", ") + (names.size() == uint64_t{numbers.last} - numbers.first + 1 ? "" : " (" + range + ")");
}

/// The ABIs of a set of calls by name; empty: they are no ABI's that is known, or too many.
std::vector<std::string> abis_of(const bpf::CallSet& calls, const std::vector<arch::Abi>& named) {
  std::vector<std::string> names;
  for (const arch::Abi abi : named) {
    const arch::AbiInfo& info = arch::info(abi);
    const bool own = arch::abi_of(info.audit_arch, calls.numbers.first) == abi;
    if (own && holds_arch(calls, info.audit_arch)) names.emplace_back(info.name);
  }
  return names;
}

// ---- As text ----

/// The ABIs that either side speaks about.
std::vector<arch::Abi> named_abis(const Input& a, const Input& b, arch::Abi machine) {
  std::vector<arch::Abi> abis = a.abis(machine);
  for (const arch::Abi abi : b.abis(machine)) abis.push_back(abi);
  // An x86_64 program has something to say to x32 numbers, too.
  if (std::find(abis.begin(), abis.end(), arch::Abi::kX86_64) != abis.end()) abis.push_back(arch::Abi::kX32);
  std::sort(abis.begin(), abis.end());
  abis.erase(std::unique(abis.begin(), abis.end()), abis.end());
  return abis;
}

std::string heading_of(const bpf::CallSet& calls, const std::vector<arch::Abi>& named) {
  const std::vector<std::string> names = abis_of(calls, named);
  return names.empty() ? "other ABIs" : join(names, ", ");
}

/// Calls that get the same two answers, whatever their arguments.
struct Group {
  std::string heading;
  Cell left;
  Cell right;
  std::vector<std::string> names;
  uint64_t nameless = 0;  ///< Numbers that no call has.
};

/// A call of which some arguments matter.
struct Line {
  std::string heading;
  std::vector<Cell> cells;
};

Cell verdict_cell(uint32_t value, arch::Abi abi) {
  return {return_text(value, abi), colour_of(resolve::verdict_of(value).action)};
}

std::string witness_text(const bpf::SystemCall& witness, arch::Abi abi) {
  std::string text = "e.g. " + call_with_arguments(witness, abi);
  if (witness.instruction_pointer != 0) text += " at " + number_text(witness.instruction_pointer);
  return text;
}

/// What there is to print, by the ABIs that it is about.
struct Lists {
  std::vector<std::string> headings;
  std::vector<Group> groups;
  std::vector<Line> lines;
};

void add_to_group(const bpf::Difference& difference, const std::string& heading, arch::Abi abi, Lists& lists) {
  const Cell left = verdict_cell(difference.left, abi);
  const Cell right = verdict_cell(difference.right, abi);
  auto group = std::find_if(lists.groups.begin(), lists.groups.end(), [&](const Group& g) {
    return g.heading == heading && g.left.text == left.text && g.right.text == right.text;
  });
  if (group == lists.groups.end()) {
    lists.groups.push_back({heading, left, right, {}, 0});
    group = std::prev(lists.groups.end());
  }
  const bpf::Interval numbers = difference.calls.numbers;
  const std::vector<std::string> names = names_in(numbers, abi);
  group->names.insert(group->names.end(), names.begin(), names.end());
  group->nameless += uint64_t{numbers.last} - numbers.first + 1 - names.size();
}

Lists lists_of(const Compared& compared, const std::vector<arch::Abi>& named, arch::Abi machine) {
  Lists lists;
  for (const bpf::Difference& difference : compared.result.differences) {
    const arch::Abi abi = arch::abi_of(difference.witness.arch, difference.calls.numbers.first).value_or(machine);
    const std::string heading = heading_of(difference.calls, named);
    if (std::find(lists.headings.begin(), lists.headings.end(), heading) == lists.headings.end()) {
      lists.headings.push_back(heading);
    }
    if (!difference.depends_on_arguments) {
      add_to_group(difference, heading, abi, lists);
      continue;
    }
    lists.lines.push_back({heading,
                           {calls_text(difference.calls.numbers, abi),
                            verdict_cell(difference.left, abi),
                            "/",
                            verdict_cell(difference.right, abi),
                            {witness_text(difference.witness, abi), Colour::kDim}}});
  }
  return lists;
}

void print_lists(const Lists& lists, Output& out) {
  for (const std::string& heading : lists.headings) {
    out.line("");
    out.line(out.paint(Colour::kBold, heading));
    for (const Group& group : lists.groups) {
      if (group.heading != heading) continue;
      out.line("  " + out.paint(group.left.colour, group.left.text) + " / " +
               out.paint(group.right.colour, group.right.text));
      std::vector<std::string> words = group.names;
      if (words.size() > kMaxNamesOfGroup) words = {std::to_string(words.size()), "calls"};  // JSON lists them.
      if (group.nameless > 0) {
        for (const char* word : {"numbers", "that", "no", "call", "has"}) words.emplace_back(word);
        if (!group.names.empty()) words.insert(words.end() - 5, "and");
      }
      out.words("", 6, words);
    }
    std::vector<std::vector<Cell>> rows;
    for (const Line& line : lists.lines) {
      if (line.heading == heading) rows.push_back(line.cells);
    }
    if (rows.empty()) continue;
    out.line("  for some arguments");
    out.table(rows, 6);
  }
}

std::string obstacle_text(const bpf::Obstacle& obstacle, const Compared& compared) {
  const Input& input = obstacle.side == bpf::Side::kLeft ? compared.a : compared.b;
  std::string text = input.name + ", instruction " + std::to_string(obstacle.instruction) + ": ";
  switch (obstacle.kind) {
    case bpf::Obstacle::Kind::kValue:
      return text + "computes a value that cannot be followed";
    case bpf::Obstacle::Kind::kPaths:
      return text + "too many ways lead on from here";
    case bpf::Obstacle::Kind::kOutOfReach:
      return text + "the work allowed was used up before";
  }
  return text;
}

void print_undecided(const Compared& compared, const std::vector<arch::Abi>& named, arch::Abi machine, Output& out) {
  if (!compared.result.undecided.empty()) {
    out.line("");
    out.line(out.paint(Colour::kYellow, "undecided"));
  }
  for (const bpf::Undecided& undecided : compared.result.undecided) {
    const uint32_t arch_value = undecided.calls.archs.front().first;
    const arch::Abi abi = arch::abi_of(arch_value, undecided.calls.numbers.first).value_or(machine);
    out.line("  " + heading_of(undecided.calls, named) + ", " + calls_text(undecided.calls.numbers, abi) + ": " +
             obstacle_text(undecided.obstacle, compared));
  }
  if (!compared.result.complete) out.line("and more, which are not listed");
}

void print_text(const Compared& compared, const Options& options, Output& out) {
  const arch::Abi machine = options.machine;
  const std::vector<arch::Abi> named = named_abis(compared.a, compared.b, machine);
  const std::string both = compared.a.name + " and " + compared.b.name;
  if (compared.result.equal()) {
    const std::string where = options.arch ? " through " + std::string(arch::info(*options.arch).name) : "";
    out.line(both + " are equal: every call" + where + " gets the same answer");
    return;
  }
  const Lists lists = lists_of(compared, named, machine);
  if (lists.headings.empty()) {
    out.line(both + ": no difference was found, but not everything could be compared");
  } else {
    out.line(both + " differ: what the first answers / what the second answers");
    print_lists(lists, out);
  }
  print_undecided(compared, named, machine, out);
}

// ---- As JSON ----

void json_calls(const bpf::CallSet& calls, const std::vector<arch::Abi>& named, std::optional<arch::Abi> abi,
                Json& json) {
  json.key("abis").open_array();
  for (const std::string& name : abis_of(calls, named)) json.value(std::string_view(name));
  json.close_array().key("archs").open_array();
  for (const bpf::Interval& archs : calls.archs) {
    json.open_object().key("first").hex(archs.first).key("last").hex(archs.last).close_object();
  }
  json.close_array().member("first", uint64_t{calls.numbers.first}).member("last", uint64_t{calls.numbers.last});
  json.key("calls").open_array();
  if (abi) {
    for (const std::string& name : names_in(calls.numbers, *abi)) json.value(std::string_view(name));
  }
  json.close_array();
}

void json_witness(const bpf::SystemCall& call, Json& json) {
  json.key("witness").open_object().key("arch").hex(call.arch).member("number", uint64_t{call.number});
  json.key("arguments").open_array();
  for (const uint64_t argument : call.args) json.hex(argument);
  json.close_array().key("instruction_pointer").hex(call.instruction_pointer).close_object();
}

void print_json(const Compared& compared, arch::Abi machine, Output& out) {
  const std::vector<arch::Abi> named = named_abis(compared.a, compared.b, machine);
  const bool equal = compared.result.equal();
  Json json;
  json.open_object().member("a", std::string_view(compared.a.name)).member("b", std::string_view(compared.b.name));
  json.member("result", equal ? "equal" : compared.result.differences.empty() ? "undecided" : "different");
  json.member("complete", compared.result.complete).key("differences").open_array();
  for (const bpf::Difference& difference : compared.result.differences) {
    const auto abi = arch::abi_of(difference.witness.arch, difference.calls.numbers.first);
    json.open_object();
    json_calls(difference.calls, named, abi, json);
    json.member("depends_on_arguments", difference.depends_on_arguments);
    json_witness(difference.witness, json);
    add_verdict(json.key("verdict_a"), resolve::verdict_of(difference.left), abi.value_or(machine)).key("value_a");
    json.hex(difference.left).key("verdict_b");
    add_verdict(json, resolve::verdict_of(difference.right), abi.value_or(machine)).key("value_b");
    json.hex(difference.right);
    json.close_object();
  }
  json.close_array().key("undecided").open_array();
  for (const bpf::Undecided& undecided : compared.result.undecided) {
    json.open_object();
    json_calls(undecided.calls, named, arch::abi_of(undecided.calls.archs.front().first, undecided.calls.numbers.first),
               json);
    json.member("text", std::string_view(obstacle_text(undecided.obstacle, compared))).close_object();
  }
  out.add(json.close_array().close_object().text());
}

// ---- The comparison ----

/// The archs in whose byte order witnesses are written, those that either side speaks about first.
std::vector<bpf::ArchEndian> archs_for(const Input& a, const Input& b, arch::Abi machine) {
  std::vector<bpf::ArchEndian> archs;
  for (const arch::Abi abi : named_abis(a, b, machine)) {
    archs.push_back({arch::info(abi).audit_arch, arch::info(abi).endian});
  }
  return archs;
}

/// Only what concerns one ABI.
void restrict_to(arch::Abi abi, bpf::Comparison& result) {
  const auto outside = [&](const bpf::CallSet& calls) {
    if (!holds_arch(calls, arch::info(abi).audit_arch)) return true;
    const uint32_t x32_first = arch::info(arch::Abi::kX32).first_number;
    if (abi == arch::Abi::kX32) return calls.numbers.last < x32_first;
    return abi == arch::Abi::kX86_64 && calls.numbers.first >= x32_first;
  };
  std::erase_if(result.differences, [&](const bpf::Difference& d) { return outside(d.calls); });
  std::erase_if(result.undecided, [&](const bpf::Undecided& u) { return outside(u.calls); });
}

/// Every example is tried: the filters themselves must give these answers. None that does not may be shown.
bool witnesses_hold(const bpf::Comparison& result, const bpf::ValidatedProgram& a, const bpf::ValidatedProgram& b) {
  return std::all_of(result.differences.begin(), result.differences.end(), [&](const bpf::Difference& difference) {
    const auto abi = arch::abi_of(difference.witness.arch, difference.witness.number);
    const bpf::Endian endian = abi ? arch::info(*abi).endian : bpf::Endian::kLittle;
    const auto says = [&](const bpf::ValidatedProgram& program, uint32_t value) {
      return bpf::as_the_kernel_reads(bpf::interpret(program, difference.witness, endian).value) == value;
    };
    return says(a, difference.left) && says(b, difference.right) && difference.left != difference.right;
  });
}

}  // namespace

int diff(const Options& options, const Log& log, Output& out) {
  const auto a = load(options.arguments[0], options, log);
  const auto b = load(options.arguments[1], options, log);
  if (!a || !b) return kExitFailed;
  const auto left = program_of(*a, options, log);
  const auto right = program_of(*b, options, log);
  if (!left || !right) return kExitFailed;
  const std::vector<bpf::ArchEndian> archs = archs_for(*a, *b, options.machine);
  bpf::DiffOptions how;
  how.archs = archs;
  Compared compared = {*a, *b, bpf::diff(*left, *right, how)};
  if (!witnesses_hold(compared.result, *left, *right)) {
    log.error("an example does not show the difference that it should: a fault in the comparison");
    return kExitFailed;
  }
  if (options.arch) restrict_to(*options.arch, compared.result);
  options.json ? print_json(compared, options.machine, out) : print_text(compared, options, out);
  if (!compared.result.differences.empty()) return kExitFound;
  return compared.result.equal() ? kExitGood : kExitUndecided;
}

}  // namespace sandbox::tool
