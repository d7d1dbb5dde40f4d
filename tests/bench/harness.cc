#include "harness.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <numeric>

namespace sandbox::bench {

void fail(const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, message.c_str());
  std::exit(EXIT_FAILURE);
}

Options parse_options(int argc, char** argv) {
  Options options;
  options.seed = std::random_device{}();
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    char* end = nullptr;
    const unsigned long long value = i + 1 < argc ? std::strtoull(argv[i + 1], &end, 10) : 0;
    if (end == nullptr || *end != '\0' || value == 0) fail("usage: [--rounds N] [--seed N]");
    if (name == "--rounds") {
      options.rounds = static_cast<unsigned>(value);
    } else if (name == "--seed") {
      options.seed = value;
    } else {
      fail("unknown option " + name);
    }
  }
  return options;
}

std::vector<std::vector<std::string>> read_columns(size_t at_least) {
  std::vector<std::vector<std::string>> columns;
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string>& fields = columns.emplace_back();
    size_t begin = 0;
    for (size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', begin)) {
      fields.push_back(line.substr(begin, tab - begin));
      begin = tab + 1;
    }
    fields.push_back(line.substr(begin));
    if (fields.size() < at_least) fail("not a column: " + line);
  }
  if (columns.empty()) fail("nothing to measure");
  return columns;
}

void pin_to_one_core() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("sched_getaffinity failed");
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &allowed)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity failed");
}

double now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

std::vector<size_t> shuffled(size_t count, std::mt19937_64& random) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

Summary summarize(std::vector<double>& samples) {
  if (samples.empty()) fail("no samples");
  std::sort(samples.begin(), samples.end());
  const auto quantile = [&](double part) {
    const double place = part * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] + (samples[above] - samples[below]) * (place - static_cast<double>(below));
  };
  return {quantile(0.5), samples.front(), quantile(0.25), quantile(0.75)};
}

void print_summary(const std::string& name, std::vector<double>& samples) {
  const Summary summary = summarize(samples);
  std::printf("%s\t%zu\t%.3f\t%.3f\t%.3f\t%.3f\n", name.c_str(), samples.size(), summary.median, summary.minimum,
              summary.quartile1, summary.quartile3);
}

}  // namespace sandbox::bench
