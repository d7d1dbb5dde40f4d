// disasm: the filter, instruction by instruction.
#include <linux/seccomp.h>

#include "base/text.h"
#include "sandbox-policy/annotate.h"
#include "sandbox-policy/commands/commands.h"
#include "sandbox-policy/json.h"
#include "sandbox-policy/load.h"

namespace sandbox::tool {
namespace {

std::string abi_list(const std::vector<arch::Abi>& abis) {
  return join(abis, ", ", [](arch::Abi abi) { return arch::info(abi).name; });
}

void print_json(const Input& input, const compile::ReadyFilter& filter, const Listing& listing, Output& out) {
  const bpf::Program& program = filter.filter.program.instructions();
  Json json;
  json.open_object().member("file", std::string_view(input.name));
  json.key("instructions").open_array();
  for (size_t at = 0; at < program.size(); ++at) {
    json.open_object().member("index", uint64_t{at});
    json.member("code", uint64_t{program[at].code}).member("jt", uint64_t{program[at].jt});
    json.member("jf", uint64_t{program[at].jf}).member("k", uint64_t{program[at].k});
    json.member("text", std::string_view(listing.instructions[at]));
    if (!listing.notes[at].empty()) json.member("note", std::string_view(listing.notes[at]));
    json.close_object();
  }
  out.add(json.close_array().close_object().text());
}

}  // namespace

int disasm(const Options& options, const Log& log, Output& out) {
  const auto input = load(options.arguments.front(), options, log);
  if (!input) return kExitFailed;
  if (!input->enabled()) {
    log.error(input->name + ": " + std::string(input->why_no_filter()) + ", so there is no filter");
    return kExitFailed;
  }
  const auto filter = filter_of(*input, options, log);
  if (!filter) return kExitFailed;
  const Listing listing = annotate(*filter, *input, options.machine);
  if (options.json) {
    print_json(*input, *filter, listing, out);
    return kExitGood;
  }
  const bool raw = input->kind == Input::Kind::kRawBpf;
  out.line(out.paint(Colour::kBold, input->name) + ": " + plural(listing.instructions.size(), "instruction") +
           (raw ? ", raw BPF; names are those of " : " for ") + abi_list(input->abis(options.machine)) +
           (filter->filter.token_sites.empty() ? "" : "; with an exec token, zeros here"));
  std::vector<std::vector<Cell>> rows;
  for (size_t at = 0; at < listing.instructions.size(); ++at) {
    const std::string index = std::to_string(at);
    rows.push_back({{std::string(4 - std::min<size_t>(4, index.size()), ' ') + index, Colour::kDim},
                    listing.instructions[at],
                    {listing.notes[at], Colour::kCyan}});
  }
  out.table(rows, 0);
  return kExitGood;
}

}  // namespace sandbox::tool
