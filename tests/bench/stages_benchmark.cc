// What each stage from a policy's text to the installed filter takes, by Google Benchmark:
//
//   stages_benchmark NAME=POLICY... [--benchmark_...]
//
// read: checks the text and parses it. resolve: names to numbers. quick, best: the compiler with either effort.
// validate: the kernel's checks on the program, made in user space; quick and best contain it. load: seccomp(2), in a
// process forked for it.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "bpf/validate.h"
#include "raw_filter.h"
#include "stages.h"

namespace sandbox::bench {
namespace {

using compile::Effort;

void measure_read(benchmark::State& state, const Source& source) {
  for (auto _ : state) benchmark::DoNotOptimize(read(source));
}

void measure_resolve(benchmark::State& state, const Source& source) {
  const policy::Policy policy = read(source);
  for (auto _ : state) benchmark::DoNotOptimize(resolve(policy));
}

void measure_compile(benchmark::State& state, const Source& source, Effort effort) {
  const resolve::PolicyRules rules[] = {resolve(read(source))};
  for (auto _ : state) benchmark::DoNotOptimize(compile(rules, effort));
}

bpf::Program program_of(const Source& source) {
  const resolve::PolicyRules rules[] = {resolve(read(source))};
  return compile(rules, Effort::kBest).program.instructions();
}

void measure_validate(benchmark::State& state, const Source& source) {
  const bpf::Program program = program_of(source);
  for (auto _ : state) benchmark::DoNotOptimize(bpf::validate(program));
}

double seconds_of(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// In a child: how long seccomp(2) takes, in seconds; -1 if it fails.
double load(raw_filter& filter) {
  timespec start = {};
  timespec end = {};
  if (set_no_new_privs() != 0) return -1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (load_raw_filter(&filter) != 0) return -1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  return seconds_of(end) - seconds_of(start);
}

void measure_load(benchmark::State& state, const Source& source) {
  const bpf::Program program = program_of(source);
  raw_filter filter;
  filter.length = static_cast<unsigned short>(program.size());
  std::copy(program.begin(), program.end(), filter.instructions);
  void* page = mmap(nullptr, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::abort();
  volatile double* seconds = static_cast<double*>(page);
  for (auto _ : state) {
    *seconds = -1;
    const pid_t child = fork();
    if (child == 0) {
      *seconds = load(filter);
      _exit(0);  // Every policy that is measured allows it.
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || *seconds < 0) {
      state.SkipWithError("the filter cannot be loaded");
      break;
    }
    state.SetIterationTime(*seconds);
  }
  munmap(page, sizeof(double));
}

void add_stages(const std::string& name, const Source& source) {
  const auto add = [&](const char* stage, auto function, auto... more) {
    return benchmark::RegisterBenchmark((stage + ("/" + name)).c_str(), function, source, more...)
        ->Unit(benchmark::kMicrosecond);
  };
  add("read", measure_read);
  add("resolve", measure_resolve);
  add("quick", measure_compile, Effort::kQuick);
  add("best", measure_compile, Effort::kBest);
  add("validate", measure_validate);
  add("load", measure_load)->UseManualTime();
}

}  // namespace
}  // namespace sandbox::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      std::fputs("usage: stages_benchmark NAME=POLICY... [--benchmark_...]\n", stderr);
      return EXIT_FAILURE;
    }
    sandbox::bench::add_stages(argument.substr(0, equals), sandbox::bench::open_policy(argument.substr(equals + 1)));
  }
  benchmark::RunSpecifiedBenchmarks();
}
