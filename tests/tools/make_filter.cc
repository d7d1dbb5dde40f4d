// make_filter POLICY OUT [--raw] [--launcher ABI]: compiles a policy to a filter file, or to raw BPF without the exec
// token. The launcher is the one that was built with this program unless another is named.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "compile/ready_filter.h"
#include "policy/reader.h"
#include "resolve/resolve.h"

namespace sandbox {
namespace {

struct Request {
  std::string policy;
  std::string out;
  bool raw = false;
  arch::Abi launcher = arch::native_abi();
};

/// The file's bytes; none when something is wrong, which has been said.
std::optional<std::string> make(const Request& request) {
  std::ifstream file(request.policy, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto source = std::make_shared<const SourceText>(request.policy, std::move(text));
  Diagnostics diagnostics(source);
  policy::Environment environment;
  environment.native = request.launcher;
  const auto policy = policy::read_policy(source, environment, diagnostics);
  resolve::PolicyRules rules;
  if (policy) rules = resolve::resolve(*policy, request.launcher, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    std::fprintf(stderr, "%s\n", format_diagnostic(*source, diagnostic).c_str());
  }
  if (!policy || diagnostics.has_errors()) return std::nullopt;

  compile::CompileOptions options = {.launcher = request.launcher, .effort = compile::Effort::kBest};
  if (request.raw) options.launcher.reset();
  const auto ready = compile::compile_ready({&rules, 1}, {&policy->flags, 1}, request.policy, options);
  if (!ready) {
    std::fprintf(stderr, "%s: needs %zu instructions\n", request.policy.c_str(), ready.error().instructions);
    return std::nullopt;
  }
  if (request.raw) return compile::write_raw_filter(ready->filter.program);
  auto bytes = compile::write_filter(*ready, request.launcher);
  if (bytes) return std::move(*bytes);
  std::fprintf(stderr, "%s: %s\n", request.policy.c_str(), bytes.error().message.c_str());
  return std::nullopt;
}

int run(int argc, char** argv) {
  Request request;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--raw") {
      request.raw = true;
    } else if (argument == "--launcher" && i + 1 < argc && arch::find_abi(argv[i + 1])) {
      request.launcher = *arch::find_abi(argv[++i]);
    } else if (request.policy.empty()) {
      request.policy = argument;
    } else {
      request.out = argument;
    }
  }
  if (request.out.empty()) {
    std::fprintf(stderr, "usage: make_filter POLICY OUT [--raw] [--launcher ABI]\n");
    return 2;
  }
  const auto bytes = make(request);
  if (!bytes) return 1;
  std::ofstream out(request.out, std::ios::binary);
  out << *bytes;
  out.close();
  if (out) return 0;
  std::fprintf(stderr, "%s: cannot be written\n", request.out.c_str());
  return 1;
}

}  // namespace
}  // namespace sandbox

int main(int argc, char** argv) {
  return sandbox::run(argc, argv);
}
