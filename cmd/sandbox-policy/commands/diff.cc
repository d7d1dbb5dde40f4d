// diff: the calls that two policies or filters treat differently, each with an example.
#include "bpf/diff.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <set>

#include "arch/abi.h"
#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "resolve/verdict_text.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/commands/diff_section.h"
#include "sandbox-policy/commands/difference_lists.h"
#include "sandbox-policy/commands/show_html.h"
#include "sandbox-policy/describe.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {
namespace {

constexpr size_t kMaxNamesOfGroup = 80;  // For more calls with the same answers only the count is printed.

/// Policies that apply together, or one filter.
struct CompareSide {
  std::vector<Input> inputs;
  std::string name;  ///< "a.yml + profile default".

  [[nodiscard]] std::vector<arch::Abi> abis(arch::Abi machine) const;
};

/// Both sides, and what came out.
struct Compared {
  const CompareSide& a;
  const CompareSide& b;
  bpf::Comparison result;
  std::vector<AccessDifference> accesses;
  bool sections = false;  ///< Either side has a landlock section.

  [[nodiscard]] bool equal() const { return result.equal() && accesses.empty(); }
};

// ---- As text ----

std::vector<arch::Abi> CompareSide::abis(arch::Abi machine) const {
  std::vector<arch::Abi> all;
  for (const Input& input : inputs) {
    for (const arch::Abi abi : input.abis(machine)) all.push_back(abi);
  }
  return all;
}

/// The ABIs that either side speaks about, the machine's own first.
std::vector<arch::Abi> named_abis(const CompareSide& a, const CompareSide& b, arch::Abi machine) {
  std::vector<arch::Abi> abis = a.abis(machine);
  for (const arch::Abi abi : b.abis(machine)) abis.push_back(abi);
  // An x86_64 program has something to say to x32 numbers, too.
  if (std::find(abis.begin(), abis.end(), arch::Abi::kX86_64) != abis.end()) abis.push_back(arch::Abi::kX32);
  std::sort(abis.begin(), abis.end());
  abis.erase(std::unique(abis.begin(), abis.end()), abis.end());
  std::ranges::stable_partition(abis, [&](arch::Abi abi) { return abi == machine; });
  return abis;
}

void print_lists(const DifferenceLists& lists, Output& out) {
  for (const std::string& heading : lists.headings) {
    out.line("");
    out.line(out.paint(Colour::kBold, heading));
    for (const AnswerGroup& group : lists.groups) {
      if (group.heading != heading) continue;
      out.line("  " + out.paint(group.left.colour, group.left.text) + " / " +
               out.paint(group.right.colour, group.right.text) + ": " + std::string(word_of(group.direction)));
      std::vector<std::string> words = group.names;
      if (words.size() > kMaxNamesOfGroup) words = {std::to_string(words.size()), "calls"};  // JSON lists them.
      if (group.nameless > 0) {
        for (const char* word : {"numbers", "that", "no", "call", "has"}) words.emplace_back(word);
        if (!group.names.empty()) words.insert(words.end() - 5, "and");
      }
      out.words("", 6, words);
    }
    std::vector<std::vector<Cell>> rows;
    for (const ConditionalDifference& line : lists.conditional) {
      if (line.heading == heading) rows.push_back(line.cells);
    }
    if (rows.empty()) continue;
    out.line("  for some arguments");
    out.table(rows, 6);
  }
}

std::string obstacle_text(const bpf::Obstacle& obstacle, const Compared& compared) {
  const CompareSide& side = obstacle.side == bpf::Side::kLeft ? compared.a : compared.b;
  std::string text = side.name + ", instruction " + std::to_string(obstacle.instruction) + ": ";
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

/// For container profiles: what decides about the calls that they were written too early to know.
void print_largest_named(const Compared& compared, Output& out) {
  for (const CompareSide* side : {&compared.a, &compared.b}) {
    for (const Input& input : side->inputs) {
      for (const resolve::RuleSet& rules : input.rules) {
        if (!rules.largest_named) continue;
        out.line("");
        out.line(input.name + ", " + std::string(arch::info(rules.abi).name) + ": errno ENOSYS above " +
                 resolve::largest_named_text(rules));
      }
    }
  }
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
  const std::string where = options.arch ? " through " + std::string(arch::info(*options.arch).name) : "";
  const std::string same_calls = "every call" + where + " gets the same answer";
  if (compared.equal()) {
    out.line(both + " are equal: " + same_calls +
             (compared.sections ? ", and every file and port has the same access" : ""));
    return;
  }
  if (compared.result.equal()) {
    out.line(both + " differ in files and ports alone: " + same_calls);
    return;
  }
  const DifferenceLists lists = lists_of(compared.result.differences, named, machine);
  if (lists.headings.empty()) {
    out.line(both + ": no difference was found, but not everything could be compared");
  } else {
    out.line(both +
             " differ: what the first answers / what the second answers: whether the second is looser or stricter");
    print_lists(lists, out);
    print_largest_named(compared, out);
  }
  print_undecided(compared, named, machine, out);
}

void print_html(const Compared& compared, const Options& options, Output& out) {
  const std::vector<arch::Abi> named = named_abis(compared.a, compared.b, options.machine);
  const bool whole = compared.result.undecided.empty() && compared.result.complete;
  std::string verdict = compared.equal()
                            ? "They are equal: every call gets the same answer, every file and port the same access."
                            : "They differ: what each of them answers, and how the second is beside the first.";
  if (!whole) verdict += " Not everything could be decided; 'sandbox-policy diff' without --html lists what.";
  if (options.arch) verdict += " Compared are the calls of " + std::string(arch::info(*options.arch).name) + " alone.";
  const DifferenceLists lists = lists_of(compared.result.differences, named, options.machine);
  out.add(html_of(compared.a.name, compared.b.name, verdict, lists, compared.accesses));
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
  const bool equal = compared.equal();
  Json json;
  json.open_object().member("a", std::string_view(compared.a.name)).member("b", std::string_view(compared.b.name));
  json.member("result", equal                                                              ? "equal"
                        : compared.result.differences.empty() && compared.accesses.empty() ? "undecided"
                                                                                           : "different");
  json.member("complete", compared.result.complete).key("differences").open_array();
  for (const bpf::Difference& difference : compared.result.differences) {
    const auto abi = arch::abi_of(difference.witness.arch, difference.calls.numbers.first);
    json.open_object();
    json_calls(difference.calls, named, abi, json);
    json.member("depends_on_arguments", difference.depends_on_arguments);
    json.member("direction", word_of(direction_of(difference)));
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
  json.close_array();
  if (compared.sections) json_section_differences(compared.accesses, json);
  out.add(json.close_object().text());
}

// ---- The comparison ----

/// The archs in whose byte order witnesses are written, those that either side speaks about first.
std::vector<bpf::ArchEndian> archs_for(const CompareSide& a, const CompareSide& b, arch::Abi machine) {
  std::vector<bpf::ArchEndian> archs;
  for (const arch::Abi abi : named_abis(a, b, machine)) {
    archs.push_back({arch::info(abi).audit_arch, arch::info(abi).endian});
  }
  return archs;
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

Step<CompareSide> load_side(std::span<const std::string> names, const Options& options, const Log& log) {
  CompareSide side;
  bool good = true;
  for (const std::string& name : names) {
    auto input = names.size() == 1
                     ? load(name, options, log)
                     : load_policy(name, "which cannot be compared together with other policies", options, log);
    good = good && input.ok();
    if (input) side.inputs.push_back(std::move(*input));
  }
  if (!good) return Unusable{};
  side.name = join(side.inputs, " + ", &Input::name);
  return side;
}

/// The differences about the machine's own ABI first.
void put_machine_first(arch::Abi machine, bpf::Comparison& result) {
  std::ranges::stable_partition(result.differences, [&](const bpf::Difference& difference) {
    return arch::abi_of(difference.witness.arch, difference.calls.numbers.first) == machine;
  });
}

bool fails(const Compared& compared, FailOn which) {
  const auto counts = [&](Direction direction) {
    switch (which) {
      case FailOn::kLooser:
        return direction == Direction::kLooser;
      case FailOn::kStricter:
        return direction == Direction::kStricter;
      case FailOn::kAny:
        break;
    }
    return true;
  };
  return std::ranges::any_of(compared.result.differences,
                             [&](const bpf::Difference& difference) { return counts(direction_of(difference)); }) ||
         std::ranges::any_of(compared.accesses, [&](const AccessDifference& difference) {
           // What is looser in one right and stricter in another is both.
           return !difference.equal && (difference.direction == Direction::kOther || counts(difference.direction));
         });
}

}  // namespace

int diff(const Options& options, const Log& log, Output& out) {
  const std::span<const std::string> names = options.arguments;
  const bool pair = options.others.empty();
  const auto a = load_side(pair ? names.first(1) : names, options, log);
  const auto b = load_side(pair ? names.subspan(1) : std::span<const std::string>(options.others), options, log);
  if (!a || !b) return kExitFailed;
  const auto left = program_of(a->inputs, options, log);
  const auto right = program_of(b->inputs, options, log);
  if (!left || !right) return kExitFailed;
  const std::vector<bpf::ArchEndian> archs = archs_for(*a, *b, options.machine);
  bpf::DiffOptions how;
  how.archs = archs;
  const auto tree = std::make_shared<kernel::FileTree>();
  auto left_section = SectionLayers::place(a->inputs, tree, log);
  auto right_section = SectionLayers::place(b->inputs, tree, log);
  if (!left_section || !right_section) return kExitFailed;
  Compared compared = {*a, *b, bpf::diff(*left, *right, how), compare_sections(*left_section, *right_section),
                       !left_section->empty() || !right_section->empty()};
  if (!witnesses_hold(compared.result, *left, *right)) {
    log.error("an example does not show the difference that it should: a fault in the comparison");
    return kExitFailed;
  }
  if (options.arch) restrict_to(*options.arch, compared.result);
  put_machine_first(options.machine, compared.result);
  if (options.json) {
    print_json(compared, options.machine, out);
  } else if (options.html) {
    print_html(compared, options, out);
  } else {
    print_text(compared, options, out);
    print_section_differences(compared.accesses, out);
  }
  if (fails(compared, options.fail_on)) return kExitFound;
  return compared.result.undecided.empty() && compared.result.complete ? kExitGood : kExitUndecided;
}

}  // namespace sandbox::tool
