#include "sandbox-policy/commands/show_page.h"

#include <algorithm>
#include <utility>

#include "arch/syscalls.h"
#include "base/text.h"
#include "bpf/interpret.h"
#include "bpf/walk.h"
#include "resolve/verdict_text.h"

namespace sandbox::tool {
namespace {

constexpr size_t kMaxAnswers = 64;  // For one call of a filter; beyond that only the count.

}  // namespace

Page page_of(const Input& input, const compile::ReadyFilter* filter, const bpf::ValidatedProgram& answers,
             arch::Abi abi) {
  Page page;
  page.abi = abi;
  const uint32_t audit_arch = arch::info(abi).audit_arch;
  page.rules = resolve::find_rules(input.rules, abi);
  for (const std::string_view name : arch::names_on(abi)) {
    ListedCall listed;
    listed.name = name;
    listed.number = *arch::number_of(abi, name);
    listed.by_rules = page.rules != nullptr;
    if (listed.by_rules) listed.chain = chain_of(*page.rules, listed.number);
    const bpf::Walk walk = bpf::walk(answers.instructions(), audit_arch, listed.number);
    listed.computed = walk.computed;
    const size_t shown = std::min(walk.answers.size(), kMaxAnswers);
    listed.returns.assign(walk.answers.rbegin(), walk.answers.rbegin() + static_cast<ptrdiff_t>(shown));
    listed.more_returns = walk.answers.size() - shown;
    if (filter != nullptr) {
      listed.longest = bpf::walk(filter->filter.program.instructions(), audit_arch, listed.number).longest;
      const bpf::SystemCall call = {listed.number, audit_arch};
      listed.steps = bpf::interpret(filter->filter.program, call, arch::info(abi).endian).steps;
      listed.free = bpf::is_cached_allow(filter->filter.program, audit_arch, listed.number);
    }
    page.calls.push_back(std::move(listed));
  }
  std::sort(page.calls.begin(), page.calls.end(),
            [](const ListedCall& a, const ListedCall& b) { return a.number < b.number; });
  return page;
}

std::string verdict_of(const Page& page, const ListedCall& listed) {
  if (listed.by_rules) return resolve::verdict_text(listed.chain.otherwise, page.abi);
  return return_text(listed.returns.front(), page.abi);
}

std::string answers_text(const ListedCall& listed, arch::Abi abi) {
  std::vector<std::string> verdicts;
  for (const uint32_t value : listed.returns) verdicts.push_back(return_text(value, abi));
  if (listed.more_returns > 0) verdicts.push_back("one of " + std::to_string(listed.more_returns) + " more");
  if (listed.computed) verdicts.emplace_back("what it computes");
  return join(verdicts, " or ");
}

}  // namespace sandbox::tool
