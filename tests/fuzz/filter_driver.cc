// The fuzzer of filters without libFuzzer.
//
//   filter_fuzzer --rounds ROUNDS: filter files and raw BPF that it makes itself, then ROUNDS random mutations of them
//   filter_fuzzer --seeds FOLDER: writes what it begins with, as seeds for libFuzzer
//   filter_fuzzer FILE_OR_FOLDER...: these inputs alone, to look at a failure again
//
// The input at which the program dies is left in the working directory as filter_fuzzer.input.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "compile/ready_filter.h"
#include "fuzzer.h"
#include "support/random_program.h"
#include "support/rules.h"

namespace sandbox {
namespace {

using testing::Random;

std::string current_input;

/// Only what may be done in a signal handler.
void keep_input(int signal) {
  const int fd = open("filter_fuzzer.input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd >= 0 && write(fd, current_input.data(), current_input.size()) >= 0) close(fd);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void try_input(std::string input) {
  current_input = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current_input.data()), current_input.size());
}

void try_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  try_input({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
}

/// Filter files of small policies for both launchers that the fuzzer tries.
void add_filter_files(std::vector<std::string>& seeds) {
  for (const arch::Abi abi : {arch::Abi::kX86_64, arch::Abi::kArm}) {
    const uint32_t execve = *arch::number_of(abi, "execve");
    const auto condition = testing::condition(policy::Operation::kEqual, 32, 17);
    const resolve::PolicyRules policies[] = {
        {{abi, testing::kAllow, {}}},
        {{abi, testing::kAllow, {testing::always(execve, testing::kPermission)}}},
        {{abi, testing::kKillProcess, {testing::always(execve, testing::kPermission)}}},
        {{abi, testing::kPermission, {{execve, {testing::clause(testing::kAllow, {condition})}}}},
         {arch::Abi::kAarch64, testing::kAllow, {}}}};
    const policy::Flags flags = {.log = true};
    for (const resolve::PolicyRules& policy : policies) {
      const auto ready = compile::compile_ready({&policy, 1}, {&flags, 1}, "p.yml", {.launcher = abi});
      const auto bytes = compile::write_filter(*ready, abi);
      if (!bytes) std::abort();
      seeds.push_back(*bytes);
    }
  }
}

void add_raw_bpf(std::vector<std::string>& seeds, Random& random) {
  testing::RandomPrograms programs(random, {{1, 59, 11, 231, 0xc000003e}, {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1}});
  for (int i = 0; i < 8; ++i) seeds.push_back(compile::write_raw_filter(programs.draw(40, i % 2 == 0)));
}

std::string mutated(Random& random, const std::vector<std::string>& seeds) {
  std::string bytes = random.any_of(seeds);
  for (size_t count = 1 + random.below(4); count > 0; --count) {
    const size_t at = random.below(bytes.size() + 1);
    switch (random.below(6)) {
      case 0:
        bytes.erase(at, 1 + random.below(random.one_in(4) ? 100 : 8));
        break;
      case 1:
        bytes.insert(at, 1 + random.below(8), static_cast<char>(random.bits()));
        break;
      case 2:  // A count, an offset or a constant.
        if (at + 2 > bytes.size()) break;
        bytes[at] = static_cast<char>(random.below(8));
        bytes[at + 1] = 0;
        break;
      case 3: {
        const std::string& other = random.any_of(seeds);
        const size_t from = random.below(other.size() / 4) * 4;
        bytes.replace(at / 4 * 4, 8, other.substr(from, 8));
        break;
      }
      default:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
    }
  }
  return bytes;
}

int write_seeds(const std::vector<std::string>& seeds, const std::string& folder) {
  for (size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream file(folder + "/" + std::to_string(i), std::ios::binary);
    if (!(file << seeds[i])) return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  if (mode != "--rounds" && mode != "--seeds") {
    for (int i = 1; i < argc; ++i) {
      if (!std::filesystem::is_directory(argv[i]))
        try_file(argv[i]);
      else
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) try_file(entry.path());
    }
    std::printf("%zu times a filter\n", fuzz::accepted);
    return fuzz::accepted > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  Random random(testing::test_seed());
  std::vector<std::string> seeds;
  add_filter_files(seeds);
  add_raw_bpf(seeds, random);
  if (mode == "--seeds") return write_seeds(seeds, argv[2]);

  for (const std::string& seed : seeds) try_input(seed);
  if (fuzz::accepted < seeds.size()) {
    std::fprintf(stderr, "filter_fuzzer: not every seed is a filter\n");
    return EXIT_FAILURE;
  }
  const size_t rounds = std::strtoul(argv[2], nullptr, 10);
  fuzz::accepted = 0;
  for (size_t round = 0; round < rounds; ++round) try_input(mutated(random, seeds));
  std::printf("%zu mutations, %zu times a filter\n", rounds, fuzz::accepted);
  if (fuzz::accepted >= rounds / 20) return EXIT_SUCCESS;
  std::fprintf(stderr, "filter_fuzzer: too few were accepted for the test to mean much\n");
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace sandbox

int main(int argc, char** argv) {
  std::signal(SIGABRT, sandbox::keep_input);
  std::signal(SIGSEGV, sandbox::keep_input);
  return sandbox::run(argc, argv);
}
