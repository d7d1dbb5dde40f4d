// write_filter quick|best POLICY... >FILE: the filter that sandbox-run installs for these policies together, as
// struct sock_filter. Where an exec token belongs stand zeros, which take as long to compare as any others.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "stages.h"

int main(int argc, char** argv) {
  using sandbox::compile::Effort;
  const std::string effort = argc > 2 ? argv[1] : "";
  if (effort != "quick" && effort != "best") {
    std::fputs("usage: write_filter quick|best POLICY... >FILE\n", stderr);
    return EXIT_FAILURE;
  }
  std::vector<sandbox::resolve::PolicyRules> policies;
  for (int i = 2; i < argc; ++i) {
    policies.push_back(sandbox::bench::resolve(sandbox::bench::read(sandbox::bench::open_policy(argv[i]))));
  }
  const auto filter = sandbox::bench::compile(policies, effort == "best" ? Effort::kBest : Effort::kQuick);
  const sandbox::bpf::Program& program = filter.program.instructions();
  const bool written = std::fwrite(program.data(), sizeof program[0], program.size(), stdout) == program.size();
  return written && std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
